import type { ProcessIdentity } from '../../host/processes.ts';
import type { Observation } from '../../node/driver.ts';
import { BootOrderControl } from './boot-order-control.ts';
import { lastWords } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import { asRecord, type QmpClient, type QmpEvent } from './qmp.ts';
import type { LastBoot, RunRecord } from './run-record.ts';

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
  /** A boot whose firmware hangs: it is told of when that gets on. */
  held: LastBoot | undefined;
  endedByUs: boolean;
  /** Whether another QEMU takes its place, so that its end is not the machine's. */
  replaced: boolean;
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
    held: undefined,
    endedByUs: false,
    replaced: false,
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

/** QEMU's run state: `running`, `prelaunch`, `internal-error` … */
export async function statusOf(qmp: QmpClient): Promise<unknown> {
  return asRecord(await qmp.execute('query-status'))?.status;
}
