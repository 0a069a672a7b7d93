import type { Clock } from '../../../support/clock.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Kept } from '../../../support/kept-value.ts';
import type { Logger } from '../../../support/log.ts';
import { Outbox } from '../../../support/outbox.ts';
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
  readonly #queue = new EventQueue();
  readonly #outbox: Outbox<EventRecord>;
  #subscription: PostSubscription;

  /** @param gaveUp - called when the subscriber could not be reached as often as its policy allows */
  constructor(subscription: PostSubscription, parts: DeliveryParts, gaveUp: () => void) {
    this.#subscription = subscription;
    this.#parts = parts;
    this.#outbox = new Outbox({
      clock: parts.clock,
      queue: this.#queue,
      send: (records, signal) => this.#post(records, signal),
      onFailure: error =>
        parts.log.info(
          { subscription: subscription.id, error: messageOf(error) },
          'an event was not delivered',
        ),
      pause: failures => (this.#isEnough(failures) ? undefined : this.#pause(failures)),
      giveUp: () => {
        gaveUp();
        return 'stop';
      },
    });
    if (subscription.suspended) this.#outbox.stop();
  }

  get subscription(): PostSubscription {
    return this.#subscription;
  }

  set subscription(changed: PostSubscription) {
    this.#subscription = changed;
    if (changed.suspended) this.#outbox.stop();
    else this.#outbox.start();
  }

  offer(record: EventRecord): void {
    this.#outbox.offer(record);
  }

  /** Forgets events that are older. @param at - milliseconds since the epoch */
  dropOlderThan(at: number): void {
    this.#queue.dropOlderThan(at);
  }

  close(): void {
    this.#outbox.stop();
  }

  #post(records: readonly EventRecord[], signal: AbortSignal): Promise<void> {
    const { destination, headers, context, verifyCertificate } = this.#subscription;
    const body = eventBody(records, context ?? undefined);
    return this.#parts.poster.post({ url: destination, headers, verifyCertificate, body }, signal);
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
