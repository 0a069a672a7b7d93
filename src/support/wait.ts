import type { Clock } from './clock.ts';
import { delay } from './delay.ts';

/**
 * The promise's own end, unless the time is up or the signal aborts first.
 * @param onTimeout - makes the error to reject with
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  onTimeout: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const end = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  try {
    return await Promise.race([
      promise,
      delay(clock, ms, end).then(() => {
        throw onTimeout();
      }),
    ]);
  } finally {
    over.abort();
  }
}

/**
 * Looks again and again until `look` finds something.
 * @returns what was found; `undefined` when the time is up
 */
export async function poll<T>(
  clock: Clock,
  { every, within: limit, signal }: { every: number; within: number; signal?: AbortSignal | undefined },
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = clock.now() + limit;
  for (;;) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined || clock.now() >= end) return found;
    await delay(clock, every, signal);
  }
}

/** Runs one piece of work at a time, in the order asked. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();

  /** The work's own end, after all that was asked before. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
