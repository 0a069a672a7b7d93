import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '../support/errors.ts';

/** How long a daemon may take to end, and how often it is looked whether it has, in milliseconds. */
const exitTimeout = 15_000;
const exitInterval = 20;

/**
 * Waits until the daemon's process has ended.
 * @returns whether it has
 */
export async function awaitExit(pid: number, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + exitTimeout;
  while (runs(pid)) {
    if (performance.now() >= deadline) return false;
    await delay(exitInterval, undefined, { signal });
  }
  return true;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: the daemon of root, asked by sudo's user.
    return systemCodeOf(error) === 'EPERM';
  }
}
