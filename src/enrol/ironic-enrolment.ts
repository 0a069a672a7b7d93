import type { ExportOptions } from '../lab/exports.ts';
import type { Clock } from '../support/clock.ts';
import { inParallel } from '../support/parallel.ts';
import { poll } from '../support/wait.ts';
import type { EnrolledNode, Enrolment } from './enrolment.ts';
import { ironicNode, ironicPorts } from './ironic.ts';
import { type IronicClient, IronicError, type IronicNodeState } from './ironic-client.ts';

/** How far nodes are brought. */
export interface EnrolmentGoal {
  /** `enroll`: they are known; `manageable`: their BMCs were reached; `available`: they may be deployed. */
  readonly state: 'enroll' | 'manageable' | 'available';
  /** Milliseconds that a node may take for each step. */
  readonly timeout: number;
}

/** How a node's enrolment ended. */
export type EnrolmentOutcome =
  | {
      readonly node: string;
      readonly ok: true;
      /** Whether it was new to Ironic. */
      readonly created: boolean;
      /** How many ports were. */
      readonly ports: number;
      readonly state: string;
    }
  | { readonly node: string; readonly ok: false; readonly message: string };

/** What enrolment works with. */
export interface EnrolmentSurroundings {
  readonly client: IronicClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const nodesAtOnce = 8;
/** Milliseconds. */
const lookEvery = 2000;
const lockTimeout = 60_000;

/**
 * Makes Ironic know a lab's nodes and their ports, and brings them as far as wanted. May be repeated: what Ironic knows
 * of a node's BMC and properties is made right, and what is there already stays.
 * @returns how it ended for each node; a failure of one does not keep the others
 */
export async function enrolInIronic(
  enrolment: Enrolment,
  options: ExportOptions,
  goal: EnrolmentGoal,
  around: EnrolmentSurroundings,
): Promise<readonly EnrolmentOutcome[]> {
  const outcomes = new Map<string, EnrolmentOutcome>();
  await inParallel(enrolment.nodes, nodesAtOnce, async node => {
    try {
      outcomes.set(node.name, await enrolNode(node, enrolment, options, goal, around));
    } catch (error) {
      if (!(error instanceof IronicError)) throw error;
      const { message, remedy } = error;
      const text = remedy === undefined ? message : `${message}. ${remedy}`;
      outcomes.set(node.name, { node: node.name, ok: false, message: text });
    }
  });
  return enrolment.nodes.flatMap(({ name }) => outcomes.get(name) ?? []);
}

async function enrolNode(
  node: EnrolledNode,
  enrolment: Enrolment,
  options: ExportOptions,
  goal: EnrolmentGoal,
  around: EnrolmentSurroundings,
): Promise<EnrolmentOutcome> {
  const { client } = around;
  const { uuid } = node;
  const wanted = ironicNode(node, enrolment, options);
  const known = await client.findNode(uuid);
  if (known) {
    const {
      name: _name,
      uuid: _uuid,
      resource_class: _class,
      driver,
      driver_info,
      properties,
      ...interfaces
    } = wanted;
    const values = {
      ...(driver !== known.driver && { '/driver': driver }),
      ...entries('/driver_info', driver_info),
      ...entries('/properties', properties),
      ...entries('', interfaces),
    };
    await unlocked(around, () => client.changeNode(uuid, values));
  }
  let state = known ?? (await client.createNode(wanted));

  const present = await client.portsOf(uuid);
  const missing = ironicPorts(node).filter(({ address }) => !present.includes(address));
  for (const port of missing) await unlocked(around, () => client.createPort(uuid, port));

  if (goal.state !== 'enroll' && state.provision_state === 'enroll') {
    state = await bring(uuid, 'manage', goal, around);
  }
  if (goal.state === 'available' && state.provision_state === 'manageable') {
    state = await bring(uuid, 'provide', goal, around);
  }
  return {
    node: node.name,
    ok: true,
    created: known === undefined,
    ports: missing.length,
    state: state.provision_state,
  };
}

const ways = {
  manage: { through: ['verifying'], to: 'manageable' },
  provide: { through: ['cleaning', 'clean wait'], to: 'available' },
} as const;

/** Has Ironic bring a node to its next state, and waits until it is there. */
async function bring(
  uuid: string,
  target: keyof typeof ways,
  { timeout }: EnrolmentGoal,
  around: EnrolmentSurroundings,
): Promise<IronicNodeState> {
  const { client, clock, signal } = around;
  const { through, to } = ways[target];
  await unlocked(around, () => client.provision(uuid, target));
  const reached = await poll(clock, { every: lookEvery, within: timeout, signal }, async () => {
    const now = await client.findNode(uuid);
    return now && (through as readonly string[]).includes(now.provision_state) ? undefined : (now ?? 'gone');
  });
  if (reached === undefined) throw new IronicError(`${uuid} is not ${to} in time`, 0);
  if (reached === 'gone') throw new IronicError('somebody has deleted it meanwhile', 404);
  if (reached.provision_state === to) return reached;
  const why = reached.last_error ?? 'Ironic does not say why';
  throw new IronicError(`it is ${reached.provision_state}, not ${to}: ${why}`, 409);
}

/** Asks again while a conductor has the node locked. */
async function unlocked({ clock, signal }: EnrolmentSurroundings, call: () => Promise<void>): Promise<void> {
  let locked: unknown;
  const done = await poll(clock, { every: lookEvery, within: lockTimeout, signal }, async () => {
    try {
      await call();
      return true;
    } catch (error) {
      const { status, message } = error instanceof IronicError ? error : { status: 0, message: '' };
      if (status !== 409 || !/is locked/.test(message)) throw error;
      locked = error;
      return undefined;
    }
  });
  if (!done) throw locked;
}

function entries(path: string, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${path}/${key}`, value]));
}
