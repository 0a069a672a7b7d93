import type { Clock } from '../../../support/clock.ts';
import { delay } from '../../../support/delay.ts';
import type { Logger } from '../../../support/log.ts';
import { OpenStackError } from './api-error.ts';

// Milliseconds: how long a call is tried again, and the first and the longest wait in between.
const patience = 30_000;
const firstWait = 500;
const longestWait = 8_000;

/** What retries need from outside. */
export interface RetrySurroundings {
  readonly clock: Clock;
  /** From 0 (included) to 1 (not included). */
  readonly random: () => number;
  readonly log: Logger;
  readonly signal: AbortSignal | undefined;
}

/**
 * Tries until it succeeds, fails for good, or about 30 seconds are over. Waits grow exponentially with jitter, and are as
 * long as the cloud asks for where it does.
 * @param mayRepeat - whether an error allows another try
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  mayRepeat: (error: OpenStackError) => boolean,
  around: RetrySurroundings,
): Promise<T> {
  const end = around.clock.now() + patience;
  for (let tries = 0; ; tries++) {
    around.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OpenStackError) || !error.passing || !mayRepeat(error)) throw error;
      const wait = Math.max(error.retryAfter ?? 0, waitBefore(tries, around.random));
      if (around.clock.now() + wait > end) throw error;
      around.log.debug({ fault: error.describe(), wait }, 'a call to the cloud is tried again');
      await delay(around.clock, wait, around.signal);
    }
  }
}

/** Between half of it and the whole, so that many clients do not come back at the same moment. */
function waitBefore(tries: number, random: () => number): number {
  return Math.min(firstWait * 2 ** tries, longestWait) * (0.5 + random() / 2);
}
