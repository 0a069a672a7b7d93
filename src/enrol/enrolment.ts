import * as z from 'zod';

/**
 * What a tool needs to know to adopt a lab's nodes. Every format of this room is made of it, and the format `json` is
 * it. Its shape is stable: keys may be added, and `version` grows when one changes its meaning.
 */

const mac = () => z.string().meta({ description: 'Lower case, colons.' });
const bytes = (what: string) => z.int().meta({ description: `${what}, in bytes.` });

const nic = z.strictObject({
  mac: mac(),
  network: z.string().meta({ description: 'Name of the network that it is on.' }),
  addresses: z.array(z.string()).meta({ description: 'Fixed IP addresses; empty where there are none.' }),
  netboot: z.boolean().meta({ description: 'Whether it is the one that netboots.' }),
});

const disk = z.strictObject({
  name: z.string(),
  size: bytes('Its size'),
  serial: z.string().nullable().meta({ description: 'As the system reads it; null: not known.' }),
});

const ipmi = z.strictObject({
  address: z.string(),
  port: z.int().meta({ description: 'UDP.' }),
  username: z.string(),
  password: z.string(),
  privilege: z.string().meta({ description: '`administrator`, `operator`, `user` or `callback`.' }),
  kg: z
    .string()
    .nullable()
    .meta({ description: 'BMC key of two-key logins, hexadecimal; null: there is none.' }),
});

const redfish = z.strictObject({
  url: z.string().meta({ description: 'Of the service: scheme, address and port.' }),
  systemPath: z.string().meta({ description: "The node's system there." }),
  username: z.string(),
  password: z.string(),
});

const node = z.strictObject({
  name: z.string(),
  index: z.int().meta({ description: 'Position in the lab, from 0.' }),
  uuid: z.string(),
  role: z.string().nullable(),
  architecture: z.literal('x86_64'),
  cpus: z.int(),
  memory: bytes('Its memory'),
  firmware: z.enum(['bios', 'uefi']),
  secureBoot: z.boolean(),
  disks: z.array(disk).meta({ description: 'The first one is the root disk.' }),
  nics: z.array(nic),
  ipmi,
  redfish: redfish.nullable().meta({ description: 'null: the node has no Redfish service.' }),
});

const certificate = z.strictObject({
  pem: z.string(),
  fingerprint: z.string().meta({ description: 'SHA-256.' }),
  selfSigned: z.boolean(),
});

const network = z.strictObject({
  name: z.string(),
  cidr: z.string().meta({ description: 'IPv4 network in CIDR notation.' }),
  dhcp: z.boolean().meta({ description: 'Whether the lab itself serves DHCP there.' }),
});

/** A lab, for whoever adopts its nodes. */
export const enrolmentSchema = z
  .strictObject({
    version: z.literal(1),
    lab: z.string(),
    networks: z.array(network),
    certificate: certificate
      .nullable()
      .meta({ description: "Of the lab's Redfish services; null: they are without TLS, or there are none." }),
    nodes: z.array(node),
  })
  .meta({ title: 'QuintupleO enrolment', description: 'A lab, for whoever adopts its nodes.' });

/** A lab, for whoever adopts its nodes. Holds passwords. */
export type Enrolment = z.output<typeof enrolmentSchema>;
/** One of its nodes. */
export type EnrolledNode = Enrolment['nodes'][number];
/** Where a node is found by Redfish. */
export type RedfishAccess = NonNullable<EnrolledNode['redfish']>;

/** The JSON Schema of an enrolment, for programs. */
export function enrolmentJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(enrolmentSchema, { target: 'draft-7' }) as Record<string, unknown>;
}

/** What stands in a password's place where it is not to be seen. */
export const hiddenPassword = '********';

/** The same enrolment without its passwords. */
export function withoutPasswords(enrolment: Enrolment): Enrolment {
  const nodes = enrolment.nodes.map(one => ({
    ...one,
    ipmi: { ...one.ipmi, password: hiddenPassword, kg: one.ipmi.kg && hiddenPassword },
    redfish: one.redfish && { ...one.redfish, password: hiddenPassword },
  }));
  return { ...enrolment, nodes };
}
