import * as z from 'zod';
import { bmcDefaults, cipherSuites, httpsPort, ipmiPort, limits } from './limits.ts';
import { duration, secret, text, truth, whole } from './schema-parts.ts';

/** The lab file's `bmc` section. */

const privileges = ['callback', 'user', 'operator', 'administrator'] as const;

const userNameError = `must be text of 1 to ${limits.userName} bytes.`;
const userName = () => z.string({ error: userNameError }).min(1, { error: userNameError });

const user = z
  .strictObject({
    name: userName().meta({ description: `Name, at most ${limits.userName} bytes.` }),
    password: secret()
      .optional()
      .meta({ description: `Password, at most ${limits.password} bytes. Default: generated.` }),
    privilege: z
      .enum(privileges)
      .optional()
      .meta({ default: bmcDefaults.userPrivilege, description: 'The most that it may do.' }),
  })
  .meta({ title: 'user', description: 'A further user of a BMC.' });

const addressPattern = /^\d+\.\d+\.\d+\.\d+(-\d+\.\d+\.\d+\.\d+)?$/;

const suiteError = `must be one of the cipher suites ${cipherSuites.join(', ')}.`;

const ipmi = z
  .strictObject({
    address: text(
      addressPattern,
      'is not an IPv4 address or range. Write an address, or a first and a last one: 127.1.0.10-127.1.0.29.',
    )
      .optional()
      .meta({
        default: bmcDefaults.address,
        description:
          'Where the BMCs listen. One address: they share it and differ in their ports. ' +
          `A range \`FIRST-LAST\`: each takes the next address, all on the same port (${ipmiPort} unless \`port\` is given).`,
        examples: ['127.0.0.1', '127.1.0.10-127.1.0.29'],
      }),
    port: whole(1, 65535)
      .optional()
      .meta({
        description:
          'UDP port of the first BMC; each further one takes the next port. With a range of addresses: the port of all. ' +
          'Default with one address: free ports, which are then kept.',
      }),
    cipherSuites: z
      .array(
        z.int({ error: suiteError }).refine(suite => suite === 0 || cipherSuites.includes(suite), {
          error: suiteError,
        }),
      )
      .min(1, { error: 'must name at least one cipher suite. Leave the key away for the default.' })
      .optional()
      .meta({
        default: bmcDefaults.cipherSuites,
        description:
          'Cipher suites that clients may use. 0, which lets anybody in without a password, is refused.',
      }),
    ipmi15: truth().optional().meta({
      default: bmcDefaults.ipmi15,
      description: 'Whether IPMI 1.5 sessions (MD5) are allowed as well.',
    }),
    kg: secret().optional().meta({
      description: 'BMC key for two-key logins: up to 40 hexadecimal digits, quoted. Default: none.',
    }),
    sessionTimeout: duration().optional().meta({
      default: bmcDefaults.sessionTimeout,
      description: 'Silence after which a session has ended, 5s to 1h.',
    }),
    maximumSessions: whole(1, 63).optional().meta({
      default: bmcDefaults.maximumSessions,
      description: 'How many sessions a BMC has open at once.',
    }),
    channelPrivilege: z.enum(privileges).optional().meta({
      default: bmcDefaults.channelPrivilege,
      description: 'The most that any session over the network may do.',
    }),
  })
  .meta({ title: 'ipmi', description: 'The IPMI face of the BMCs.' });

const redfish = z.union(
  [
    truth(),
    z
      .strictObject({
        address: text(
          addressPattern,
          'is not an IPv4 address or range. Write an address, or a first and a last one: 127.1.0.10-127.1.0.29.',
        )
          .optional()
          .meta({
            description:
              'Where the services listen, as with `bmc.ipmi.address`. Default: where the IPMI face listens.',
          }),
        port: whole(1, 65535)
          .optional()
          .meta({
            description:
              'TCP port, as with `bmc.ipmi.port`. ' +
              `Default: ${httpsPort} where each BMC has an address of its own and IPMI has its usual port, else free ports, which are then kept.`,
          }),
      })
      .meta({ title: 'redfish', description: 'Where each BMC has a Redfish service of its own.' }),
  ],
  { error: 'must be true, false, or a mapping with address and port.' },
);

/** How BMCs are reached. */
export const bmcSchema = z
  .strictObject({
    username: userName()
      .optional()
      .meta({
        default: bmcDefaults.username,
        description: `The administrator's name, at most ${limits.userName} bytes.`,
      }),
    password: secret()
      .optional()
      .meta({
        description:
          `The administrator's password, at most ${limits.password} bytes: text, or where to read it. ` +
          'Default: generated for each node; `quintupleo credentials` shows it.',
      }),
    users: z
      .array(user)
      .max(limits.users - 1, {
        error: `must be at most ${limits.users - 1} users, which is what a BMC has room for.`,
      })
      .optional()
      .meta({ default: [], description: 'Further users.' }),
    ipmi: ipmi.optional(),
    redfish: redfish.optional().meta({
      default: true,
      description:
        "A Redfish service for each node, which shows that node alone, as a real BMC does. Its users are the BMC's. " +
        'What all services have in common is said under `redfish`.',
    }),
  })
  .meta({ title: 'bmc', description: 'How the BMCs are reached. A node group may override any part of it.' });

/** What {@link bmcSchema} reads. */
export type BmcContent = z.output<typeof bmcSchema>;
