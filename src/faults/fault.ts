import * as z from 'zod';
import type { DisturbanceKind } from '../node/disturbance.ts';
import { sensors, sensorUnits } from '../node/sensors.ts';
import { QuintupleoError } from '../support/errors.ts';
import { milliseconds, rate, signedMilliseconds, whole } from './parts.ts';

/** What can be made wrong on purpose, as data. */

/** HTTP status of an answer that stands for a failure. */
const errorStatus = () =>
  whole(400, 599).default(503).meta({ description: 'HTTP status of the answers. Default: `503`.' });

const delay = () => milliseconds().meta({ description: 'How long.', examples: ['2s'] });

/** A kind of fault with its settings. */
function kind<Kind extends string, Keys extends z.ZodRawShape>(name: Kind, description: string, keys: Keys) {
  const literal = z.literal(name).meta({ description: 'The kind of fault.' });
  return z.strictObject({ kind: literal, ...keys }).meta({ title: name, description });
}

const bmcFaults = [
  kind('bmc-unreachable', 'Nothing that is sent to the BMC arrives, by IPMI or Redfish.', {}),
  kind('bmc-slow', 'Each request to the BMC is taken late.', {
    delay: delay(),
    jitter: milliseconds()
      .default(0)
      .meta({ description: 'How much longer by chance, at most. Default: none.' }),
  }),
  kind('bmc-lossy', 'IPMI datagrams, to the BMC and from it, get lost, come twice or overtake each other.', {
    loss: rate().default(0).meta({ description: 'Share of the datagrams that get lost.' }),
    duplicate: rate().default(0).meta({ description: 'Share that comes twice.' }),
    reorder: rate().default(0).meta({ description: 'Share that comes after those sent later.' }),
  }),
  kind('wrong-password', "The BMC's passwords are not those that clients know. Open sessions go on.", {}),
  kind('sessions-exhausted', 'The BMC opens no further session. Open ones go on.', {}),
  kind('bmc-resets', 'The BMC restarts again and again: sessions end, and for seconds there is no answer.', {
    every: milliseconds(3_000).meta({ description: 'How often.', examples: ['30s'] }),
  }),
  kind('clock-skew', "The BMC's clock is wrong.", {
    by: signedMilliseconds(10 * 365 * 24 * 3_600_000).meta({
      description: 'How far it is ahead; negative: behind.',
      examples: ['1h', '-5min'],
    }),
  }),
] as const;

const powerActs = ['on', 'off', 'soft-off', 'reset', 'nmi'] as const;

const commandFaults = [
  kind('command-ignored', 'Power commands are accepted and not carried out.', {
    actions: z.array(z.enum(powerActs)).min(1).optional().meta({ description: 'Which ones. Default: all.' }),
  }),
  kind('power-stuck', 'The machine stays on, or off, whatever it is told.', {
    at: z.enum(['on', 'off']).meta({ description: 'As what.' }),
  }),
  kind('wrong-power-state', "The machine's power is seen wrong.", {
    shows: z.enum(['on', 'off', 'unknown']).meta({ description: 'As what it is seen.' }),
  }),
  kind('flapping-power-state', "The machine's power is seen to go on and off, while it does not.", {
    every: milliseconds(1_000).meta({ description: 'How long each lasts.', examples: ['5s'] }),
  }),
  kind('boot-device-forgotten', 'Boots go by the usual boot order, whatever override is set.', {}),
  kind('driver-errors', 'Calls to the platform for a machine fail by chance.', {
    rate: rate().default(1).meta({ description: 'Share of the calls. Default: `1`.' }),
    error: z.enum(['conflict', 'transient', 'refused']).default('transient').meta({
      description: 'How: `conflict` and `transient` are tried again, `refused` is not. Default: `transient`.',
    }),
  }),
  kind('driver-slow', 'Calls to the platform for a machine take longer.', { delay: delay() }),
] as const;

const nic = () => whole(0, 63).default(0).meta({ description: 'Which card, counted from 0. Default: `0`.' });
const disk = () => whole(0, 63).default(0).meta({ description: 'Which disk, counted from 0. Default: `0`.' });

const machineFaults = [
  kind('nic-unplugged', 'A network card has no link.', { nic: nic() }),
  kind('disk-fails', 'Each read and each write of a disk fails.', { disk: disk() }),
  kind('disk-full', 'Each write to a disk fails for want of space.', { disk: disk() }),
  kind('disk-read-only', 'Each write to a disk fails as if it were write-protected.', { disk: disk() }),
  kind('firmware-hangs', 'The machine is on, and its firmware does not get on.', {}),
  kind('dhcp-lost', "The lab's DHCP server does not answer the machine.", {}),
  kind('tftp-lost', "The lab's TFTP server does not answer the machine.", {}),
] as const;

const bootFaults = [
  kind('http-lost', 'The boot director does not answer the machine.', {}),
  kind('http-slow', 'The boot director answers the machine late.', { delay: delay() }),
  kind('http-errors', 'The boot director answers the machine with errors, by chance.', {
    rate: rate().default(1).meta({ description: 'Share of the requests. Default: `1`.' }),
    status: errorStatus(),
  }),
] as const;

const sensorNames = sensors.map(({ name }) => name);

const sensorFaults = [
  kind('sensor-over-threshold', 'A sensor reads what it should not, and the event log tells of it.', {
    sensor: z
      .enum(sensorNames, { error: `must be the name of a sensor: ${sensorNames.join(', ')}.` })
      .meta({ description: 'Which one.' }),
    value: z.number({ error: 'must be a number.' }).optional().meta({
      description:
        "The reading, in the sensor's unit and within its range. Default: just beyond its critical limit.",
    }),
  }).superRefine(({ sensor, value }, context) => {
    const message = value !== undefined && unreadable(sensor, value);
    if (message) context.addIssue({ code: 'custom', path: ['value'], message });
  }),
] as const;

/** Why a sensor cannot read that: its byte of IPMI has no more room. */
function unreadable(name: string, value: number): string | undefined {
  const sensor = sensors.find(one => one.name === name);
  if (!sensor || (value >= sensor.minimum && value <= sensor.maximum)) return undefined;
  const { minimum, maximum, unit } = sensor;
  return `must be from ${minimum} to ${maximum} ${sensorUnits[unit]}, the range of ${name}.`;
}

const cloudFaults = [
  kind('cloud-errors', "Calls of the cloud's APIs fail by chance.", {
    rate: rate().default(1).meta({ description: 'Share of the calls. Default: `1`.' }),
    status: errorStatus(),
  }),
  kind('cloud-slow', "Calls of the cloud's APIs take longer.", { delay: delay() }),
  kind('cloud-rate-limited', "Calls of the cloud's APIs are refused as too many.", {
    retryAfter: milliseconds(1_000)
      .default(5_000)
      .meta({ description: 'After what time the cloud wants to be asked again. Default: `5s`.' }),
  }),
] as const;

/** A fault as files and requests have it: durations are text with a unit. */
export const faultSchema = z
  .discriminatedUnion(
    'kind',
    [...bmcFaults, ...commandFaults, ...machineFaults, ...bootFaults, ...sensorFaults, ...cloudFaults],
    { error: 'is no kind of fault.' },
  )
  .meta({ title: 'fault', description: 'What is made wrong on purpose.' });

/** A fault. Times are in milliseconds. */
export type Fault = z.output<typeof faultSchema>;

/** A fault as files and requests have it. */
export type FaultContent = z.input<typeof faultSchema>;

/** Names of faults. */
export type FaultKind = Fault['kind'];

/** A fault of some kinds. */
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/** What goes wrong by a kind of fault. */
export type FaultGroup = 'bmc' | 'command' | 'machine' | 'boot' | 'sensor' | 'cloud';

/** A kind of fault, for those who choose one. */
export interface KindInfo {
  readonly kind: FaultKind;
  readonly group: FaultGroup;
  /** For people, a sentence. */
  readonly description: string;
  readonly settings: readonly KindSetting[];
}

/** A setting of a kind of fault. */
export interface KindSetting {
  readonly name: string;
  readonly description: string;
  readonly optional: boolean;
}

interface KindSchema {
  readonly shape: { readonly kind: z.ZodLiteral<FaultKind> } & Readonly<Record<string, z.ZodType>>;
  meta(): z.GlobalMeta | undefined;
}

/** Every kind of fault. */
export const faultKinds: readonly KindInfo[] = [
  ...kindsOf('bmc', bmcFaults),
  ...kindsOf('command', commandFaults),
  ...kindsOf('machine', machineFaults),
  ...kindsOf('boot', bootFaults),
  ...kindsOf('sensor', sensorFaults),
  ...kindsOf('cloud', cloudFaults),
];

/** Whether a fault is of a whole lab rather than of nodes. */
export function isOfLab(kind: FaultKind): boolean {
  return kind.startsWith('cloud-');
}

/** Whether only a machine's driver can make the fault. */
export function isDisturbance(fault: Fault): fault is FaultOf<DisturbanceKind> {
  return (disturbances as readonly string[]).includes(fault.kind);
}

const disturbances = [
  'nic-unplugged',
  'disk-fails',
  'disk-full',
  'disk-read-only',
  'firmware-hangs',
  'dhcp-lost',
  'tftp-lost',
] as const satisfies readonly DisturbanceKind[];

/**
 * Reads a fault from a file's or a request's content.
 * @throws QuintupleoError `FAULT_INVALID`
 */
export function parseFault(content: unknown): Fault {
  const result = faultSchema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') || 'fault';
  throw new QuintupleoError(`${where}: ${issue?.message ?? 'is no fault'}`, {
    family: 'config',
    code: 'FAULT_INVALID',
    remedy: remedyFor(issue?.path[0], content),
  });
}

function remedyFor(key: unknown, content: unknown): string {
  const kind = z.looseObject({ kind: z.string() }).safeParse(content).data?.kind;
  const info = faultKinds.find(one => one.kind === kind);
  if (key === 'kind' || !info) return `Kinds are ${faultKinds.map(one => one.kind).join(', ')}.`;
  const settings = info.settings.map(({ name, description }) => `${name}: ${description}`);
  return settings.length > 0 ? `Its settings are ${settings.join(' ')}` : 'It has no settings.';
}

/** A fault as files and requests have it. */
export function contentOf(fault: Fault): FaultContent {
  return z.encode(faultSchema, fault);
}

function kindsOf(group: FaultGroup, schemas: readonly KindSchema[]): KindInfo[] {
  return schemas.map(schema => {
    const { kind: name, ...settings } = schema.shape;
    return {
      kind: name.value,
      group,
      description: schema.meta()?.description ?? '',
      settings: Object.entries(settings).map(([key, setting]) => ({
        name: key,
        description: setting.meta()?.description ?? '',
        optional: setting.safeParse(undefined).success,
      })),
    };
  });
}
