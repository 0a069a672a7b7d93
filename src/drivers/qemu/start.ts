import { killProcess } from '../../host/processes.ts';
import { DriverError } from '../../node/driver.ts';
import type { MediaState } from '../../node/media.ts';
import type { Clock } from '../../support/clock.ts';
import type { Accelerator } from './accelerator.ts';
import { buildCommandLine } from './command-line.ts';
import { ensureVariables } from './firmware.ts';
import { clearRunFiles, lastWords, launch } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import { type QmpClient, QmpError } from './qmp.ts';
import { newRun, type Run } from './run.ts';
import { firmwareOf, orderOf, type RunRecord } from './run-record.ts';

/** A machine's QEMU that is to be started. */
export interface Start {
  readonly lab: string;
  readonly record: RunRecord;
  readonly paths: MachinePaths;
  readonly accelerator: Accelerator;
  readonly media: MediaState;
  /** Whether the machine's console begins anew, or goes on as across a reset. */
  readonly console: 'anew' | 'goes-on';
  readonly clock: Clock;
  /** Keeps the record: whoever finds the process must know what it is. */
  readonly keep: (record: RunRecord) => Promise<void>;
  readonly connect: (run: Run) => Promise<QmpClient>;
}

/**
 * Starts a QEMU whose machine does not run yet.
 * @throws DriverError `refused` with what QEMU says when it does not start
 */
export async function startQemu(start: Start): Promise<{ run: Run; qmp: QmpClient }> {
  const { lab, record, paths, accelerator, media } = start;
  const firmware = firmwareOf(record);
  const args = buildCommandLine({
    ...{ lab, paths, firmware, media },
    spec: record.spec,
    accelerator: accelerator.name,
    backends: record.backends,
    bootOrder: orderOf(record),
  });
  await ensureVariables(firmware, paths);
  await clearRunFiles(paths, start.console);
  await start.keep(record);
  const process = await launch(args, paths);
  const run = newRun(process, record);
  try {
    const qmp = await start.connect(run);
    run.qmp = qmp;
    return { run, qmp };
  } catch (error) {
    await killProcess(process, start.clock);
    const words = await lastWords(paths);
    throw error instanceof QmpError && words !== undefined
      ? new DriverError('refused', `QEMU did not start: ${words}`, error)
      : error;
  }
}
