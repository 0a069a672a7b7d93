import type { PowerState } from '../node/power.ts';
import type { Clock } from '../support/clock.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { inParallel } from '../support/parallel.ts';
import { within } from '../support/wait.ts';
import type { NodeStatus, OperationAnswer, PowerRequest, Progress } from './api.ts';
import type { StoppedLab } from './lab-record.ts';

/** What the machines of a lab are switched by, all together. */
export interface LabSwitch {
  readonly clock: Clock;
  /** What was on when the lab was stopped; `undefined` for a lab that is not. */
  readonly stopped: StoppedLab | undefined;
  nodes(): Promise<readonly NodeStatus[]>;
  power(node: string, request: PowerRequest, signal: AbortSignal): Promise<OperationAnswer>;
  /** Machines of the lab that are no nodes, by name. */
  hosts(): Promise<ReadonlyMap<string, PowerState>>;
  switchHost(name: string, on: boolean, signal: AbortSignal): Promise<void>;
  /** Resolves when it is on disk. */
  keep(stopped: StoppedLab | undefined): Promise<void>;
}

type Tell = (progress: Progress) => void;

/** How long a machine may take to do what nobody is asked about. Milliseconds. */
const switchLimit = 5 * 60_000;

/** How many machines are switched at a time. */
const concurrency = 16;

/**
 * Powers all machines of a lab off, those that are no nodes first: what runs on them may power nodes on again. Which ones
 * were on is kept before anything is done, and what an interrupted stop has kept is added to.
 * @param grace - milliseconds that the nodes' guests are given; 0 asks none
 * @throws QuintupleoError `POWER_UNKNOWN`, `NOT_STOPPED`
 */
export async function stopLab(lab: LabSwitch, grace: number, tell: Tell, signal: AbortSignal): Promise<void> {
  const nodes = await lab.nodes();
  const hosts = await lab.hosts();
  const unknown = nodes.filter(({ power }) => power === 'unknown').map(({ name }) => name);
  if (unknown.length > 0) throw powerUnknown(unknown);
  const nodesOn = nodes.filter(({ power }) => power === 'on').map(({ name }) => name);
  const hostsOn = [...hosts].filter(([, power]) => power !== 'off').map(([name]) => name);
  await lab.keep({
    nodes: union(lab.stopped?.nodes, nodesOn),
    hosts: union(lab.stopped?.hosts, hostsOn),
  });
  await forEach(hostsOn, 'NOT_STOPPED', signal, async name => {
    await bounded(lab, lab.switchHost(name, false, signal), `host ${name}`);
    tell({ type: 'note', message: `host ${name} is off` });
  });
  // One that is being powered on by now is seen as off.
  const toStop = nodes.filter(({ power, operation }) => power === 'on' || operation).map(({ name }) => name);
  await forEach(toStop, 'NOT_STOPPED', signal, name => stopNode(lab, name, grace, tell, signal));
}

/**
 * Powers on what was on when the lab was stopped, nodes first.
 * @throws QuintupleoError `NOT_STARTED`
 */
export async function startLab(lab: LabSwitch, tell: Tell, signal: AbortSignal): Promise<void> {
  const { stopped } = lab;
  if (!stopped) {
    tell({ type: 'note', message: 'it was not stopped: nothing to do' });
    return;
  }
  const nodes = new Set((await lab.nodes()).map(({ name }) => name));
  const hosts = await lab.hosts();
  await forEach(
    stopped.nodes.filter(name => nodes.has(name)),
    'NOT_STARTED',
    signal,
    async name => {
      mustBe('on', await lab.power(name, { action: 'on', wait: switchLimit }, signal));
      tell({ type: 'note', message: `${name} is on` });
    },
  );
  await forEach(
    stopped.hosts.filter(name => hosts.has(name)),
    'NOT_STARTED',
    signal,
    async name => {
      await bounded(lab, lab.switchHost(name, true, signal), `host ${name}`);
      tell({ type: 'note', message: `host ${name} is on` });
    },
  );
  await lab.keep(undefined);
}

async function stopNode(
  lab: LabSwitch,
  name: string,
  grace: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const isOff = grace > 0 && (await goesBySelf(lab, name, grace, signal));
  if (!isOff) {
    if (grace > 0)
      tell({ type: 'note', message: `${name}: its guest did not power off, so it is powered off hard` });
    mustBe('off', await lab.power(name, { action: 'off', wait: switchLimit }, signal));
  }
  tell({ type: 'note', message: `${name} is off` });
}

/** Whether the guest powers itself off when it is asked. */
async function goesBySelf(
  lab: LabSwitch,
  name: string,
  grace: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { node } = await lab.power(name, { action: 'soft-off', wait: grace }, signal);
    return node.power === 'off' && node.operation === undefined;
  } catch (error) {
    if (error instanceof QuintupleoError && error.code === 'UNSUPPORTED') return false;
    throw error;
  }
}

function mustBe(power: 'on' | 'off', { node, result }: OperationAnswer): void {
  if (node.power === power) return;
  const why = result?.message || `it is ${node.power}`;
  throw new Error(`${node.name} did not power ${power}: ${why}`);
}

/** Does it for all, though it may fail for some. */
async function forEach(
  names: readonly string[],
  code: string,
  signal: AbortSignal,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  await inParallel(names, concurrency, async name => {
    signal.throwIfAborted();
    await work(name).catch((error: unknown) => failures.push(messageOf(error)));
  });
  signal.throwIfAborted();
  if (failures.length === 0) return;
  throw new QuintupleoError(failures.join('; '), {
    family: 'platform',
    code,
    remedy: 'See what keeps it from that, and run the same command again.',
  });
}

function bounded(lab: LabSwitch, promise: Promise<void>, what: string): Promise<void> {
  return within(
    lab.clock,
    switchLimit,
    promise,
    () => new Error(`${what} takes more than ${switchLimit / 60_000} minutes`),
  );
}

function union(one: readonly string[] = [], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])];
}

function powerUnknown(names: readonly string[]): QuintupleoError {
  return new QuintupleoError(`it is not known whether ${names.join(', ')} is on`, {
    family: 'platform',
    code: 'POWER_UNKNOWN',
    remedy: 'See with "quintupleo why NODE" what is wrong, and try again.',
  });
}
