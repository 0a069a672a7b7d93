import * as z from 'zod';
import { bmcDefaults, cipherSuites, ipmiPort, limits } from './limits.ts';
import { labelPattern, namePattern } from './names.ts';
import { durationPattern, sizePattern } from './quantity.ts';

/**
 * What a lab file may say. Shapes only: what one part means for another is checked where the file is resolved.
 * Messages complete the sentence that begins with the key: `memory "512" ` + `is not a size. Write …`.
 */

const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });

const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

const label = (longest: number) => {
  const error =
    'is not a usable name. ' +
    `Use up to ${longest} lower-case letters, digits and hyphens, with a letter or digit at both ends.`;
  return text(labelPattern, error).max(longest, { error });
};

const size = () =>
  text(sizePattern, 'is not a size. Write a number and its unit, such as 512MiB or 2GiB.').meta({
    title: 'size',
  });

const duration = () =>
  text(durationPattern, 'is not a duration. Write a number and its unit: 200ms, 60s, 5min.').meta({
    title: 'duration',
  });

const truth = () => z.boolean({ error: 'must be true or false.' });

const privileges = ['callback', 'user', 'operator', 'administrator'] as const;

const secretError =
  'must be text, {file: PATH} or {env: NAME}. Quote text that YAML takes for something else.';
const secret = () =>
  z.union(
    [
      z.string({ error: secretError }),
      z.strictObject({
        file: z.string().min(1).meta({
          description: 'File to read it from, relative to the lab file; a newline at its end is dropped.',
        }),
      }),
      z.strictObject({
        env: z.string().min(1).meta({ description: 'Environment variable to read it from.' }),
      }),
    ],
    { error: secretError },
  );

const qemu = z
  .strictObject({
    name: z.literal('qemu').meta({ description: 'This driver.' }),
    accel: z.enum(['auto', 'kvm', 'tcg']).default('auto').meta({
      description:
        'How machines run: `kvm`, `tcg` (software emulation), or `auto`: KVM where a machine runs under it.',
    }),
    networking: z
      .enum(['auto', 'bridge', 'user'])
      .default('auto')
      .meta({
        description:
          "How networks are made: `bridge` (Linux bridges; needs root), `user` (QEMU's user networking), or `auto`: " +
          'bridges where they may be made.',
      }),
  })
  .meta({ title: 'qemu', description: 'QEMU machines on this host.' });

const simulated = z
  .strictObject({
    name: z.literal('simulated').meta({ description: 'This driver.' }),
    latency: duration().default('200ms').meta({ description: 'How long a power transition takes.' }),
    faultRate: z
      .number({ error: 'must be a number from 0 to 1.' })
      .min(0, { error: 'must be a number from 0 to 1.' })
      .max(1, { error: 'must be a number from 0 to 1.' })
      .default(0)
      .meta({ description: 'Share of driver calls that fail with a passing error, 0 to 1.' }),
    seed: whole(0, 2 ** 31 - 1)
      .default(1)
      .meta({ description: 'Seed of the faults, so that a run can be had again.' }),
  })
  .meta({ title: 'simulated', description: 'Nodes with no machine behind them, for tests at scale.' });

const driver = z
  .union([
    z.enum(['qemu', 'simulated']),
    z.discriminatedUnion('name', [qemu, simulated], { error: 'must be one of: qemu, simulated.' }),
  ])
  .meta({
    description: 'Where the machines come from: the name of a driver, or its name and options.',
  });

const network = z
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
    })
    .meta({ title: 'disk', description: 'A disk with a name of its own.' }),
]);

const networkName = z.string({ error: 'must be the name of a network.' });

const nic = z.union([
  networkName,
  z
    .strictObject({
      network: networkName.meta({ description: 'Name of a network of this lab.' }),
      mac: text(
        /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i,
        'is not a MAC address. Write six pairs of hexadecimal digits, such as "52:54:00:12:34:56".',
      )
        .optional()
        .meta({
          description:
            'MAC address; only for a group of one node. Default: derived from the names of lab and node.',
        }),
    })
    .meta({ title: 'nic', description: 'A network card with settings of its own.' }),
]);

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

const suiteError = `must be one of the cipher suites ${cipherSuites.join(', ')}.`;

const ipmi = z
  .strictObject({
    address: text(
      /^\d+\.\d+\.\d+\.\d+(-\d+\.\d+\.\d+\.\d+)?$/,
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

const bmc = z
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
  })
  .meta({ title: 'bmc', description: 'How the BMCs are reached. A node group may override any part of it.' });

const group = z
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
        description: 'Disks of each node: a size, or name and size. They take only the space that is used.',
      }),
    nics: z
      .array(nic)
      .max(limits.nics, { error: `must be at most ${limits.nics} network cards.` })
      .optional()
      .meta({
        description:
          'Network cards: the name of a network, or network and MAC address. The first one netboots. ' +
          "Default: one, on the lab's first network.",
      }),
    firmware: z.enum(['bios', 'uefi']).default('bios').meta({ description: 'How the nodes start.' }),
    bmc: bmc.optional(),
  })
  .meta({ title: 'node group', description: 'Nodes that are alike.' });

/** A lab file. */
export const labFileSchema = z
  .strictObject({
    lab: label(limits.labName).meta({ description: 'Name of the lab, unique on this host.' }),
    driver: driver.default('qemu'),
    networks: z
      .record(label(limits.labName), network)
      .default({})
      .meta({ description: 'Networks of the lab, by name.' }),
    nodes: z
      .array(group)
      .min(1, { error: 'has no node. Add a group: - name: node-{index}.' })
      .meta({ description: 'Groups of nodes.' }),
    bmc: bmc.optional(),
  })
  .meta({ title: 'QuintupleO lab file', description: 'A lab of virtual bare-metal nodes.' });

export {
  bmc as bmcSchema,
  driver as driverSchema,
  group as groupSchema,
  label as labelSchema,
  network as networkSchema,
};

export type DriverContent = z.output<typeof driver>;
export type NetworkContent = z.output<typeof network>;
export type GroupContent = z.output<typeof group>;
export type BmcContent = z.output<typeof bmc>;
export type SecretContent = string | { readonly file: string } | { readonly env: string };

/** The lab file's JSON Schema, for editors. */
export function labFileJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(labFileSchema, { io: 'input', target: 'draft-7' }) as Record<string, unknown>;
}
