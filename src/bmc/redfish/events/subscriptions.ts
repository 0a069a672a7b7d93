import { withoutCredentials } from '../../../support/credentials.ts';
import type { Document } from '../../../support/document.ts';
import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { Delivery, type DeliveryParts } from './event-delivery.ts';
import { type EventFilter, wants } from './event-filter.ts';
import type { EventRecord } from './event-record.ts';

/** What to do about a subscriber that cannot be reached. @see schema EventDestination */
export type RetryPolicy =
  | 'TerminateAfterRetries'
  | 'SuspendRetries'
  | 'RetryForever'
  | 'RetryForeverWithBackoff';

/** Somebody to whom events are posted. */
export interface PostSubscription {
  readonly kind: 'post';
  readonly id: string;
  /** http or https. */
  readonly destination: string;
  /** The client's own words, which go with every event. */
  readonly context: string | null;
  readonly filter: EventFilter;
  /** Go with every event; often a secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly retryPolicy: RetryPolicy;
  readonly verifyCertificate: boolean;
  readonly suspended: boolean;
  /** Whose it is: slot of the account, and its name, since a slot may come to be another user's. */
  readonly account: number | undefined;
  readonly userName: string | undefined;
}

/** Somebody who listens to server-sent events. */
export interface StreamSubscription {
  readonly kind: 'stream';
  readonly id: string;
  readonly destination: string;
  readonly account: number | undefined;
  readonly userName: string | undefined;
}

export type Subscription = PostSubscription | StreamSubscription;

/** Whoever is told of events. */
export interface Subscriber {
  readonly subscription: Subscription;
  /** Takes an event, to pass it on when it can. */
  offer(record: EventRecord): void;
  close(): void;
}

/** What a client asks for. */
export type NewSubscription = Omit<PostSubscription, 'kind' | 'id' | 'suspended'>;

/** What may be changed of a subscription. */
export type SubscriptionChange = Partial<
  Pick<PostSubscription, 'context' | 'headers' | 'retryPolicy' | 'verifyCertificate' | 'suspended'>
>;

/** What is kept of the subscriptions. */
export interface KeptSubscriptions {
  readonly nextId: number;
  readonly subscriptions: readonly PostSubscription[];
}

/** Who is told of events. */
export interface Subscriptions {
  readonly all: readonly Subscription[];
  get(id: string): Subscription | undefined;
  /**
   * Resolves when the subscription is on disk.
   * @throws RedfishProblem 400 when nothing may be sent to the destination, 503 when there are too many
   */
  create(wanted: NewSubscription): Promise<PostSubscription>;
  /** Changes one to whom events are posted. */
  change(id: string, change: SubscriptionChange): Promise<void>;
  /** Resumes one that is suspended. @param maxAge - milliseconds; of what has waited, older events are forgotten */
  resume(id: string, maxAge: number | undefined): Promise<void>;
  remove(id: string): Promise<void>;
}

/** URI of a subscription. */
export function subscriptionPath(id: string): string {
  return `/redfish/v1/EventService/Subscriptions/${id}`;
}

/** How many subscribers events are posted to, and how many may listen at a time. */
const mostPosts = 64;
const mostStreams = 32;

/** How many clients of one account may listen at a time: others find room, too. */
const mostStreamsOfAccount = 16;

/** The subscribers of a service. Those to whom events are posted are kept, with their secrets. */
export class SubscriptionTable implements Subscriptions, Disposable {
  readonly #document: Document<KeptSubscriptions>;
  readonly #parts: DeliveryParts;
  readonly #ended: (id: string) => void;
  readonly #subscribers = new Map<string, Subscriber>();
  #nextId: number;

  private constructor(
    document: Document<KeptSubscriptions>,
    parts: DeliveryParts,
    ended: (id: string) => void,
    kept: KeptSubscriptions | undefined,
  ) {
    this.#document = document;
    this.#parts = parts;
    this.#ended = ended;
    this.#nextId = kept?.nextId ?? 1;
    for (const subscription of kept?.subscriptions ?? []) this.#add(subscription);
  }

  /** @param ended - called when one has ended because its subscriber could not be reached */
  static async open(
    document: Document<KeptSubscriptions>,
    parts: DeliveryParts,
    ended: (id: string) => void,
  ): Promise<SubscriptionTable> {
    return new SubscriptionTable(document, parts, ended, await document.read());
  }

  get all(): readonly Subscription[] {
    return [...this.#subscribers.values()].map(({ subscription }) => subscription);
  }

  get(id: string): Subscription | undefined {
    return this.#subscribers.get(id)?.subscription;
  }

  /** Passes an event to all who want it; waits for nobody. */
  offer(record: EventRecord): void {
    for (const subscriber of this.#subscribers.values()) {
      const { subscription } = subscriber;
      // Nobody needs to be told that it has subscribed.
      if (record.origin === subscriptionPath(subscription.id)) continue;
      if (subscription.kind === 'stream' || wants(subscription.filter, record)) subscriber.offer(record);
    }
  }

  async create(wanted: NewSubscription): Promise<PostSubscription> {
    // A destination is shown to all who may read; headers are not.
    const refusal =
      withoutCredentials(wanted.destination) === wanted.destination
        ? this.#parts.poster.refusal(wanted.destination)
        : 'a name and a password belong into HttpHeaders';
    if (refusal !== undefined) throw refused(refusal);
    this.#checkRoom('post', mostPosts);
    const subscription: PostSubscription = {
      ...wanted,
      kind: 'post',
      id: String(this.#nextId++),
      suspended: false,
    };
    const delivery = this.#add(subscription);
    await this.#keep(() => {
      this.#subscribers.delete(subscription.id);
      delivery.close();
    });
    return subscription;
  }

  /** Takes in somebody who listens. @throws RedfishProblem 503 when too many listen already */
  attach<S extends Subscriber>(account: number | undefined, make: (id: string) => S): S {
    this.#checkRoom('stream', mostStreams);
    const own = this.all.filter(one => one.kind === 'stream' && one.account === account);
    if (own.length >= mostStreamsOfAccount) throw full();
    const subscriber = make(`SSE-${this.#nextId++}`);
    this.#subscribers.set(subscriber.subscription.id, subscriber);
    return subscriber;
  }

  /** The stream of that ID has come to its end. */
  detach(id: string): void {
    this.#subscribers.delete(id);
  }

  async change(id: string, change: SubscriptionChange): Promise<void> {
    const delivery = this.#delivery(id);
    if (!delivery) return;
    const before = delivery.subscription;
    delivery.subscription = { ...before, ...change };
    await this.#keep(() => {
      delivery.subscription = before;
    });
  }

  async resume(id: string, maxAge: number | undefined): Promise<void> {
    const delivery = this.#delivery(id);
    if (delivery && maxAge !== undefined) delivery.dropOlderThan(this.#parts.clock.now() - maxAge);
    await this.change(id, { suspended: false });
  }

  async remove(id: string): Promise<void> {
    const subscriber = this.#subscribers.get(id);
    if (!subscriber) return;
    this.#subscribers.delete(id);
    if (subscriber.subscription.kind === 'post') {
      await this.#keep(() => this.#subscribers.set(id, subscriber));
    }
    subscriber.close();
  }

  [Symbol.dispose](): void {
    for (const subscriber of this.#subscribers.values()) subscriber.close();
  }

  #add(subscription: PostSubscription): Delivery {
    const { id } = subscription;
    const delivery: Delivery = new Delivery(subscription, this.#parts, () => this.#giveUp(delivery));
    this.#subscribers.set(id, delivery);
    return delivery;
  }

  #delivery(id: string): Delivery | undefined {
    const subscriber = this.#subscribers.get(id);
    return subscriber instanceof Delivery ? subscriber : undefined;
  }

  #giveUp({ subscription: { id, retryPolicy } }: Delivery): void {
    const suspend = retryPolicy === 'SuspendRetries';
    const done = suspend ? this.change(id, { suspended: true }) : this.remove(id);
    done.catch((error: unknown) => {
      this.#parts.log.error({ subscription: id, error }, 'subscriptions could not be kept');
    });
    if (!suspend) this.#ended(id);
  }

  #checkRoom(kind: Subscription['kind'], most: number): void {
    if (this.all.filter(subscription => subscription.kind === kind).length < most) return;
    throw full();
  }

  /** @param undo - takes back what cannot be kept */
  async #keep(undo: () => void): Promise<void> {
    const posts = this.all.filter(subscription => subscription.kind === 'post');
    try {
      await this.#document.write({ nextId: this.#nextId, subscriptions: posts });
    } catch (error) {
      undo();
      throw error;
    }
  }
}

function full(): RedfishProblem {
  return new RedfishProblem(503, message('Base.EventSubscriptionLimitExceeded'), { 'Retry-After': '60' });
}

function refused(reason: string): RedfishProblem {
  const told = message('Base.PropertyValueError', ['Destination'], ['/Destination']);
  return new RedfishProblem(400, withReason(told, `No event can be sent there: ${reason}.`));
}
