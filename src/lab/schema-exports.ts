import * as z from 'zod';
import { exportFormats } from './exports.ts';
import { label, truth, words } from './schema-parts.ts';

const file = () =>
  words('the path of a file').meta({
    description:
      'File that `up` writes, relative to the lab file; `{lab}` stands for the name of the lab. It holds passwords and only its owner may read it.',
  });

const values = (what: string) => z.record(z.string(), words(what));

const exported = z
  .strictObject({
    file: file(),
    driver: z.enum(['ipmi', 'redfish']).optional().meta({
      description: 'How the tool reaches the BMCs. Default: `ipmi`, and `redfish` for virtual media.',
    }),
    virtualMedia: truth()
      .optional()
      .meta({ description: 'Whether the tool boots nodes from virtual media rather than from the network.' }),
    verifyCa: z
      .union([truth(), words('true, false or the path of a file')])
      .optional()
      .meta({
        description:
          "Whether the tool verifies Redfish's certificate, or the file in which Ironic finds it. Default: yes, but for a certificate that signed itself.",
      }),
    namespace: label(63).optional().meta({ description: 'Namespace of Kubernetes resources.' }),
    resourceClass: words('a resource class')
      .optional()
      .meta({ description: "Resource class of Ironic's nodes. Default: `baremetal`." }),
    interfaces: values('the name of an interface')
      .optional()
      .meta({ description: "Ironic's hardware interfaces, such as `deploy: ramdisk`." }),
    driverInfo: values('text').optional().meta({
      description: "Further entries of Ironic's `driver_info`, such as `deploy_kernel: URL`.",
    }),
  })
  .meta({ title: 'export', description: 'A file for a tool, with how it reaches the nodes.' });

/** The exports of a lab file. */
export const exportsSchema = z.partialRecord(z.enum(exportFormats), z.union([file(), exported])).meta({
  description: `Files that \`up\` writes for the tools that adopt the nodes, by format: ${exportFormats
    .map(format => `\`${format}\``)
    .join(', ')}.`,
});

/** What the exports of a lab file read. */
export type ExportsContent = z.output<typeof exportsSchema>;
