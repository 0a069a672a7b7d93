import * as z from 'zod';
import { limits } from './limits.ts';
import { namePattern } from './names.ts';
import { bmcSchema } from './schema-bmc.ts';
import { driverSchema } from './schema-drivers.ts';
import { exportsSchema } from './schema-exports.ts';
import { faultsSchema } from './schema-faults.ts';
import { notifySchema } from './schema-notify.ts';
import { diskKeys, groupKeys, labKeys, networkKeys, nicKeys } from './schema-openstack.ts';
import { label, macAddress, networkName, size, text, truth, whole } from './schema-parts.ts';
import { redfishSchema } from './schema-redfish.ts';

/** What a lab file may say. Shapes only: what one part means for another is checked where the file is resolved. */

/** A network. */
export const networkSchema = z
  .strictObject({
    cidr: text(
      /^\d+\.\d+\.\d+\.\d+\/\d+$/,
      'is not an IPv4 network. Write an address and a prefix length, such as 192.168.123.0/24.',
    ).meta({
      description: 'IPv4 network in CIDR notation; must not overlap another network of the lab.',
      examples: ['192.168.123.0/24'],
    }),
    dhcp: truth().default(false).meta({
      description:
        'Whether the lab itself serves DHCP and network boot here. `false` leaves that to the tool under test.',
    }),
    ...networkKeys,
  })
  .meta({ title: 'network', description: 'A network of the lab.' });

const disk = z.union([
  size(),
  z
    .strictObject({
      name: label(limits.label)
        .optional()
        .meta({ description: 'Default: `disk-0`, `disk-1` …, by position.' }),
      size: size().meta({ description: 'Its size, such as `2GiB`.' }),
      ...diskKeys,
    })
    .meta({ title: 'disk', description: 'A disk with settings of its own.' }),
]);

const nic = z.union([
  networkName(),
  z
    .strictObject({
      network: networkName().meta({ description: 'Name of a network of this lab.' }),
      mac: macAddress().optional().meta({
        description:
          'MAC address; only for a group of one node. Default: derived from the names of lab and node.',
      }),
      ...nicKeys,
    })
    .meta({ title: 'nic', description: 'A network card with settings of its own.' }),
]);

/** A node group. */
export const groupSchema = z
  .strictObject({
    name: text(
      namePattern,
      'is not a usable name. Use lower-case letters, digits and hyphens, and {index} or {index:02} for the number.',
    ).meta({
      description:
        'Name of the nodes. `{index}` stands for the number of the node, `{index:02}` pads it to two digits.',
      examples: ['node-{index}'],
    }),
    count: whole(1, limits.nodes).default(1).meta({ description: 'How many nodes.' }),
    firstIndex: whole(0, 1_000_000).default(0).meta({ description: 'Number of the first node.' }),
    cpus: whole(1, limits.cpus).default(1).meta({ description: 'Processors of each node.' }),
    memory: size().default('1GiB').meta({ description: 'Memory of each node.' }),
    disks: z
      .array(disk)
      .max(limits.disks, { error: `must be at most ${limits.disks} disks.` })
      .default(['10GiB'])
      .meta({
        description: 'Disks of each node: a size, or a mapping. They take only the space that is used.',
      }),
    nics: z
      .array(nic)
      .max(limits.nics, { error: `must be at most ${limits.nics} network cards.` })
      .optional()
      .meta({
        description:
          'Network cards: the name of a network, or a mapping. The first one netboots; two on one network are a bond. ' +
          "Default: one, on the lab's first network.",
      }),
    firmware: z.enum(['bios', 'uefi']).default('bios').meta({ description: 'How the nodes start.' }),
    ...groupKeys,
    bmc: bmcSchema.optional(),
  })
  .meta({ title: 'node group', description: 'Nodes that are alike.' });

/** The keys of a lab file, each with what may stand there. */
export const labFileParts = {
  lab: label(limits.labName).meta({ description: 'Name of the lab, unique on this host.' }),
  driver: driverSchema.default('qemu'),
  networks: z
    .record(label(limits.labName), networkSchema)
    .default({})
    .meta({ description: 'Networks of the lab, by name.' }),
  nodes: z
    .array(groupSchema)
    .min(1, { error: 'has no node. Add a group: - name: node-{index}.' })
    .meta({ description: 'Groups of nodes.' }),
  ...labKeys,
  bmc: bmcSchema.optional(),
  redfish: redfishSchema.optional().meta({
    default: true,
    description: 'The Redfish service that shows all nodes of the lab; `false`: there is none.',
  }),
  notify: notifySchema.optional(),
  export: exportsSchema.optional(),
  faults: faultsSchema.optional(),
};

/** A lab file. */
export const labFileSchema = z
  .strictObject(labFileParts)
  .meta({ title: 'QuintupleO lab file', description: 'A lab of virtual bare-metal nodes.' });

/** What a network reads. */
export type NetworkContent = z.output<typeof networkSchema>;
/** What a node group reads. */
export type GroupContent = z.output<typeof groupSchema>;

let jsonSchema: Readonly<Record<string, unknown>> | undefined;

/** The lab file's JSON Schema, for editors. */
export function labFileJsonSchema(): Readonly<Record<string, unknown>> {
  // Made once: it takes longer than reading a file.
  jsonSchema ??= z.toJSONSchema(labFileSchema, { io: 'input', target: 'draft-7' }) as Record<string, unknown>;
  return jsonSchema;
}
