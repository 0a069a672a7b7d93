import type { BoundedQueue } from './bounded-queue.ts';
import type { Clock } from './clock.ts';
import { delay } from './delay.ts';
import { onBehalfOf } from './request-scope.ts';

/** What an {@link Outbox} works with. */
export interface OutboxParts<T extends { readonly at: number }> {
  readonly clock: Clock;
  readonly queue: BoundedQueue<T>;
  /** Resolves when they have arrived; rejects when they have not, or the signal aborts. */
  readonly send: (items: readonly T[], signal: AbortSignal) => Promise<void>;
  /** Hears why something has not arrived. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds until it is tried again after so many failures in a row; `undefined`: no more. */
  readonly pause: (failures: number) => number | undefined;
  /** Says what to do when it is tried no more: leave it out and go on, or send nothing until {@link Outbox.start}. */
  readonly giveUp: () => 'skip' | 'stop';
}

/** Sends things to somebody, one after the other, and again when that fails. */
export class Outbox<T extends { readonly at: number }> {
  readonly #parts: OutboxParts<T>;
  #abort = new AbortController();
  #running = false;
  #stopped = false;

  constructor(parts: OutboxParts<T>) {
    this.#parts = parts;
  }

  offer(item: T): void {
    this.#parts.queue.add(item);
    this.#run();
  }

  /** Sends nothing until told to start; what is offered meanwhile waits. */
  stop(): void {
    this.#stopped = true;
    this.#abort.abort();
  }

  start(): void {
    this.#stopped = false;
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#stopped) return;
    this.#abort = new AbortController();
    // Nobody's request: what others offer meanwhile is sent as well.
    void onBehalfOf(undefined, () => this.#sendAll(this.#abort.signal));
  }

  /** Never rejects. Ends when nothing is left, or nothing shall be sent. */
  async #sendAll(signal: AbortSignal): Promise<void> {
    const { clock, queue, pause, giveUp } = this.#parts;
    this.#running = true;
    let failures = 0;
    while (!signal.aborted) {
      const items = queue.next();
      if (items.length === 0) break;
      if (await this.#send(items, signal)) {
        queue.told(items);
        failures = 0;
        continue;
      }
      failures++;
      if (signal.aborted) break;
      const ms = pause(failures);
      if (ms !== undefined) {
        await delay(clock, ms, signal).catch(() => undefined);
        continue;
      }
      if (giveUp() === 'stop') {
        this.#running = false;
        return;
      }
      queue.told(items);
      failures = 0;
    }
    this.#running = false;
    // It may have been started again while the last attempt came to its end.
    if (signal.aborted) this.#run();
  }

  async #send(items: readonly T[], signal: AbortSignal): Promise<boolean> {
    try {
      await this.#parts.send(items, signal);
      return true;
    } catch (error) {
      if (!signal.aborted) this.#parts.onFailure(error);
      return false;
    }
  }
}
