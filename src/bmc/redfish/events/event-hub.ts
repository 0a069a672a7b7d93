import type { Document } from '../../../support/document.ts';
import { message } from '../messages/message.ts';
import type { Events, RedfishEvent } from '../model.ts';
import type { DeliveryParts } from './event-delivery.ts';
import { type EventRecord, recordOf, type TestEvent, testRecord } from './event-record.ts';
import { EventStream, type StreamRequest } from './event-stream.ts';
import { type KeptSubscriptions, SubscriptionTable, subscriptionPath } from './subscriptions.ts';

/** How many events are remembered for clients that come back to a stream. */
const mostRemembered = 512;

/** Tells subscribers what happens. Whoever is slow is told later, and keeps nobody else waiting. */
export class EventHub implements Events, Disposable {
  readonly subscriptions: SubscriptionTable;
  readonly #parts: DeliveryParts;
  /** Newest last. */
  readonly #recent: EventRecord[] = [];
  /** Tells this run's events from those of earlier ones. */
  readonly #run: string;
  #count = 0;

  private constructor(parts: DeliveryParts, subscriptions: SubscriptionTable) {
    this.#parts = parts;
    this.#run = parts.clock.now().toString(36);
    this.subscriptions = subscriptions;
  }

  /** @param document - where subscriptions are kept, with the secrets that clients gave */
  static async open(document: Document<KeptSubscriptions>, parts: DeliveryParts): Promise<EventHub> {
    const subscriptions = await SubscriptionTable.open(document, parts, id =>
      hub.publish({
        message: message('Base.SubscriptionTerminated'),
        origin: subscriptionPath(id),
        at: parts.clock.now(),
      }),
    );
    const hub: EventHub = new EventHub(parts, subscriptions);
    return hub;
  }

  publish(event: RedfishEvent): void {
    this.#tell(recordOf(event, this.#newId(), this.#parts.clock.now()));
  }

  test(event: TestEvent): void {
    this.#tell(testRecord(event, this.#newId(), this.#parts.clock.now()));
  }

  listen(request: StreamRequest): EventStream {
    const stream = this.subscriptions.attach(
      request.account,
      id => new EventStream(id, request, this.#parts.clock, () => this.subscriptions.detach(id)),
    );
    if (request.signal.aborted) stream.close();
    const place = this.#recent.findIndex(({ id }) => id === request.after);
    if (place >= 0) for (const record of this.#recent.slice(place + 1)) stream.offer(record);
    return stream;
  }

  /** Ends all streams and deliveries. */
  [Symbol.dispose](): void {
    this.subscriptions[Symbol.dispose]();
  }

  #newId(): string {
    return `${this.#run}-${++this.#count}`;
  }

  #tell(record: EventRecord): void {
    this.#recent.push(record);
    if (this.#recent.length > mostRemembered) this.#recent.shift();
    this.subscriptions.offer(record);
  }
}
