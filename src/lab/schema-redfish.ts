import * as z from 'zod';
import { limits, redfishDefaults } from './limits.ts';
import { documentText, duration, secret, size, text, truth, whole, words } from './schema-parts.ts';

/** The lab file's `redfish` section. */

/** A lab's Redfish services. */
export const redfishSchema = z.union(
  [
    truth(),
    z
      .strictObject({
        address: text(
          /^\d+\.\d+\.\d+\.\d+$/,
          'is not an IPv4 address. Write an address of this host, such as 127.0.0.1.',
        )
          .optional()
          .meta({
            default: redfishDefaults.address,
            description:
              'Where the service listens that shows all nodes. With a service instance: the instance’s own address.',
          }),
        port: whole(1, 65535).optional().meta({
          description: 'Its TCP port. Default: a free one, which is then kept; with a service instance: 443.',
        }),
        tls: truth().optional().meta({
          default: redfishDefaults.tls,
          description:
            "Whether clients must use TLS. `false`: plain HTTP, the nodes' own services included, with passwords for everybody on the way to read.",
        }),
        certificate: documentText().optional().meta({
          description:
            'Certificate of all services, PEM, its chain after it: text or `{file: PATH}`; needs `key`. Default: one that is made for the lab.',
        }),
        key: secret().optional().meta({
          description: 'Private key of `certificate`: PEM, without a password.',
        }),
        sessionTimeout: duration().optional().meta({
          default: redfishDefaults.sessionTimeout,
          description: 'Silence after which a session has ended, 30s to 24h. Clients may change it.',
        }),
        destinations: z
          .array(words('an address, a network, a host name, *.example.org, or any'))
          .max(limits.destinations, { error: `must be at most ${limits.destinations} destinations.` })
          .optional()
          .meta({
            description:
              'Where clients may have images fetched from and events sent to: addresses, networks, host names, `*.example.org`, or `any`. ' +
              'Default: everywhere but this host itself and link-local addresses.',
            examples: [['192.0.2.0/24', 'files.example.org']],
          }),
        mediaLimit: size().optional().meta({
          default: redfishDefaults.mediaLimit,
          description: 'The largest image that virtual media may have.',
        }),
      })
      .meta({
        title: 'Redfish services',
        description:
          'The Redfish service that shows all nodes of the lab, and what it has in common with the nodes’ own.',
      }),
  ],
  { error: 'must be true, false, or a mapping with address, port and the like.' },
);

/** What {@link redfishSchema} reads. */
export type RedfishContent = z.output<typeof redfishSchema>;
