import type { Clock } from '../../../support/clock.ts';
import { delay } from '../../../support/delay.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Kept } from '../../../support/kept-value.ts';
import type { Logger } from '../../../support/log.ts';
import type { ServiceSettings } from '../settings.ts';
import type { EventPoster } from './event-post.ts';
import { EventQueue } from './event-queue.ts';
import { type EventRecord, eventBody } from './event-record.ts';
import type { PostSubscription, Subscriber } from './subscriptions.ts';

/** Longest pause between two attempts. Milliseconds. */
const longestPause = 3_600_000;

/** What deliveries work with. */
export interface DeliveryParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly poster: EventPoster;
  readonly settings: Pick<Kept<Pick<ServiceSettings, 'eventRetryAttempts' | 'eventRetryInterval'>>, 'value'>;
}

/** Posts events to one subscriber, one after the other, and again when that fails. */
export class Delivery implements Subscriber {
  readonly #parts: DeliveryParts;
  readonly #gaveUp: () => void;
  readonly #queue = new EventQueue();
  #subscription: PostSubscription;
  #abort = new AbortController();
  #running = false;
  #closed = false;

  /** @param gaveUp - called when the subscriber could not be reached as often as its policy allows */
  constructor(subscription: PostSubscription, parts: DeliveryParts, gaveUp: () => void) {
    this.#subscription = subscription;
    this.#parts = parts;
    this.#gaveUp = gaveUp;
  }

  get subscription(): PostSubscription {
    return this.#subscription;
  }

  set subscription(changed: PostSubscription) {
    this.#subscription = changed;
    if (changed.suspended) this.#abort.abort();
    else this.#start();
  }

  offer(record: EventRecord): void {
    this.#queue.add(record);
    this.#start();
  }

  /** Forgets events that are older. @param at - milliseconds since the epoch */
  dropOlderThan(at: number): void {
    this.#queue.dropOlderThan(at);
  }

  close(): void {
    this.#closed = true;
    this.#abort.abort();
  }

  #start(): void {
    if (this.#running || this.#closed || this.#subscription.suspended) return;
    this.#abort = new AbortController();
    void this.#run(this.#abort.signal);
  }

  /** Never rejects. Ends when there is nothing to tell, or nobody is to be told. */
  async #run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    let failures = 0;
    while (!signal.aborted) {
      const records = this.#queue.next();
      if (records.length === 0) break;
      if (await this.#post(records, signal)) {
        this.#queue.told(records);
        failures = 0;
        continue;
      }
      failures++;
      if (signal.aborted) break;
      if (this.#isEnough(failures)) {
        this.#running = false;
        this.#gaveUp();
        return;
      }
      await delay(this.#parts.clock, this.#pause(failures), signal).catch(() => undefined);
    }
    this.#running = false;
    // It may have been resumed while the last attempt came to its end.
    if (signal.aborted) this.#start();
  }

  async #post(records: readonly EventRecord[], signal: AbortSignal): Promise<boolean> {
    const { id, destination, headers, context, verifyCertificate } = this.#subscription;
    const body = eventBody(records, context ?? undefined);
    try {
      await this.#parts.poster.post({ url: destination, headers, verifyCertificate, body }, signal);
      return true;
    } catch (error) {
      if (!signal.aborted) {
        this.#parts.log.info({ subscription: id, error: messageOf(error) }, 'an event was not delivered');
      }
      return false;
    }
  }

  #isEnough(failures: number): boolean {
    const { retryPolicy } = this.#subscription;
    const forever = retryPolicy === 'RetryForever' || retryPolicy === 'RetryForeverWithBackoff';
    return !forever && failures > this.#parts.settings.value.eventRetryAttempts;
  }

  #pause(failures: number): number {
    const pause = this.#parts.settings.value.eventRetryInterval * 1000;
    if (this.#subscription.retryPolicy !== 'RetryForeverWithBackoff') return pause;
    return Math.min(pause * 2 ** Math.min(failures - 1, 20), Math.max(pause, longestPause));
  }
}
