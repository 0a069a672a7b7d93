import type { ProcessIdentity } from '../../host/processes.ts';
import type { NextBoot } from '../../node/boot.ts';
import { DriverError, type Observation } from '../../node/driver.ts';
import type { NodeSpec } from '../../node/spec.ts';
import { bootOrder } from './boot-order.ts';
import { BootOrderControl } from './boot-order-control.ts';
import type { NicBackend } from './command-line.ts';
import { lastWords } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import { asRecord, type QmpClient, type QmpEvent } from './qmp.ts';

/** What is kept of a power-on, for a driver that finds the machine running. */
export interface RunRecord {
  /** As it was when the machine was powered on: changes come with the next power-on. */
  readonly spec: NodeSpec;
  readonly backends: readonly NicBackend[];
  /** What the machine boots from when it next boots. */
  readonly next: NextBoot;
  readonly lastBoot: { readonly revision: number; readonly cause: 'power-on' | 'reset' | 'guest' };
  /** How many resets have been seen, counted as QEMU notes them. */
  readonly resets: number;
}

/** A running machine. */
export interface Run {
  readonly process: ProcessIdentity;
  readonly order: BootOrderControl;
  /** Resolves when QEMU has ended and that has been told. */
  readonly ended: Promise<void>;
  readonly atEnd: () => void;
  qmp: QmpClient | undefined;
  record: RunRecord;
  /** What QEMU said of its end before it came. */
  shutdown: QmpEvent['data'] | undefined;
  load: { readonly at: number; readonly ticks: number } | undefined;
  onReset: (() => void) | undefined;
  /** When the firmware has read its boot order for certain. */
  settledAt: number;
  endedByUs: boolean;
}

/** A run that begins, or that is found. */
export function newRun(process: ProcessIdentity, record: RunRecord): Run {
  let atEnd = () => {};
  const ended = new Promise<void>(resolve => {
    atEnd = resolve;
  });
  return {
    process,
    record,
    ended,
    atEnd,
    order: new BootOrderControl(),
    qmp: undefined,
    shutdown: undefined,
    load: undefined,
    onReset: undefined,
    settledAt: 0,
    endedByUs: false,
  };
}

/** Why a run has ended, for the observation that tells of it. */
export async function describeEnd(
  run: Run,
  paths: MachinePaths,
): Promise<Pick<Extract<Observation, { type: 'power' }>, 'cause' | 'detail'>> {
  if (run.endedByUs) return {};
  if (run.shutdown?.guest === true) return { cause: 'guest', detail: 'shut down by its guest' };
  if (run.shutdown) return { cause: 'platform', detail: `QEMU was ended (${run.shutdown.reason})` };
  const words = await lastWords(paths);
  return { cause: 'platform', detail: `QEMU ended unexpectedly${words === undefined ? '' : `: ${words}`}` };
}

/**
 * The order of a machine's boot devices.
 * @throws DriverError `unsupported`
 */
export function orderFor(boot: NextBoot, spec: NodeSpec): readonly string[] {
  const order = bootOrder(boot.target, { disks: spec.disks.length, nics: spec.nics.length });
  if (!order)
    throw new DriverError('unsupported', `a QEMU machine cannot be told to boot from ${boot.target}`);
  return order;
}

/** QEMU's run state: `running`, `prelaunch`, `internal-error` … */
export async function statusOf(qmp: QmpClient): Promise<unknown> {
  return asRecord(await qmp.execute('query-status'))?.status;
}
