import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../support/clock.ts';
import { systemCodeOf } from '../support/errors.ts';
import { poll } from '../support/wait.ts';

/**
 * A process, named so that it cannot be mistaken: a process ID is used again once its owner has gone, but never
 * with the same start time.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the host's boot. */
  readonly startTime: number;
}

/** What the kernel says of a process. */
export interface ProcessStatus {
  readonly startTime: number;
  /** Processor time used so far, user and system, in clock ticks. */
  readonly ticks: number;
}

/** Clock ticks a second: USER_HZ, which Linux fixes at 100 for programs. */
export const ticksPerSecond = 100;

/**
 * Reads the text of `/proc/PID/stat`.
 * @returns `undefined` for a process that has ended and only waits to be collected
 * @see proc(5)
 */
export function parseProcessStatus(text: string): ProcessStatus | undefined {
  // The name is in parentheses and may hold anything, spaces and parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  return { ticks: Number(fields[11]) + Number(fields[12]), startTime: Number(fields[19]) };
}

/** The status of a process; `undefined` when it is gone. */
export async function processStatus(pid: number): Promise<ProcessStatus | undefined> {
  const text = await readProc(`${pid}/stat`);
  return text === undefined ? undefined : parseProcessStatus(text);
}

/** Whether that very process still runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await processStatus(identity.pid))?.startTime === identity.startTime;
}

/**
 * Finds processes by an argument that only they have, such as the path of their pidfile.
 * @param mark - picks the mark out of a command line; `undefined` for a stranger
 * @returns processes by mark
 */
export async function findProcesses(
  mark: (argv: readonly string[]) => string | undefined,
): Promise<Map<string, ProcessIdentity>> {
  const found = new Map<string, ProcessIdentity>();
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async pid => {
      const commandLine = await readProc(`${pid}/cmdline`);
      const key = commandLine ? mark(commandLine.split('\0')) : undefined;
      const status = key === undefined ? undefined : await processStatus(pid);
      if (key !== undefined && status) found.set(key, { pid, startTime: status.startTime });
    }),
  );
  return found;
}

/**
 * Ends a process at once.
 * @returns whether it is gone; `false` when it still runs after `limit` milliseconds
 */
export async function killProcess(identity: ProcessIdentity, clock: Clock, limit = 5_000): Promise<boolean> {
  if (!(await isRunning(identity))) return true;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
  return waitForExit(identity, clock, limit);
}

/** Whether a process has ended within `limit` milliseconds. */
export async function waitForExit(
  identity: ProcessIdentity,
  clock: Clock,
  limit: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const gone = await poll(clock, { every: 20, within: limit, signal }, async () =>
    (await isRunning(identity)) ? undefined : true,
  );
  return gone ?? false;
}

async function readProc(name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${name}`, 'utf8');
  } catch (error) {
    // ESRCH: it ended between the opening and the reading.
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}
