import type { Clock, Timer } from '../../../../src/support/clock.ts';

// Waits between tries are shorter than this, bounds of requests are not. Milliseconds.
const shortestBound = 40_000;

/**
 * Time for a client that talks to a real server: waits are over at once and move time on, bounds of requests only run
 * out when a test says so.
 */
export class ImpatientClock implements Clock {
  /** Length of every wait, in milliseconds. */
  readonly waits: number[] = [];
  readonly #bounds = new Set<() => void>();
  #now = Date.now();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    if (ms >= shortestBound) {
      this.#bounds.add(callback);
      return { cancel: () => this.#bounds.delete(callback) };
    }
    const immediate = setImmediate(() => {
      this.waits.push(ms);
      this.#now += ms;
      callback();
    });
    return { cancel: () => clearImmediate(immediate) };
  }

  /** Lets time pass without anything being due. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Runs out the bounds of all requests that are under way. */
  runOut(): void {
    for (const callback of [...this.#bounds]) callback();
  }
}
