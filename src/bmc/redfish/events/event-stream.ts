import type { Clock, Timer } from '../../../support/clock.ts';
import { EventQueue } from './event-queue.ts';
import { type EventRecord, eventBody } from './event-record.ts';
import type { StreamSubscription, Subscriber } from './subscriptions.ts';

/** How long a stream may be silent, so that those on the way do not take it for dead. Milliseconds. */
const heartbeat = 25_000;

/** Somebody who wants to listen. */
export interface StreamRequest {
  /** The client's end of the connection: `192.0.2.7:40123`, `[2001:db8::7]:40123`. */
  readonly remote: string;
  /** Who listens: slot of the account. */
  readonly account: number | undefined;
  readonly userName: string | undefined;
  readonly wants: (record: EventRecord) => boolean;
  /** ID of the latest event that the client has: it is told of those after it that are still remembered. */
  readonly after: string | undefined;
  /** Whether the client may still listen; asked before it is told anything. */
  readonly isAllowed: () => boolean;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** Tells one client of events, as server-sent events. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class EventStream implements Subscriber {
  readonly subscription: StreamSubscription;
  readonly #clock: Clock;
  readonly #request: StreamRequest;
  readonly #queue = new EventQueue();
  readonly #ended: () => void;
  #wake: (() => void) | undefined;
  #closed = false;

  /** @param ended - called once, when the stream has come to its end */
  constructor(id: string, request: StreamRequest, clock: Clock, ended: () => void) {
    const { remote, account, userName } = request;
    this.subscription = { kind: 'stream', id, destination: `redfish-sse://${remote}`, account, userName };
    this.#clock = clock;
    this.#request = request;
    this.#ended = ended;
    request.signal.addEventListener('abort', () => this.close(), { once: true });
  }

  offer(record: EventRecord): void {
    if (this.#closed || !this.#request.wants(record)) return;
    this.#queue.add(record);
    this.#wake?.();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended();
    this.#wake?.();
  }

  /** What the client is sent; to be read once. */
  async *text(): AsyncGenerator<string> {
    try {
      // Something to read at once: proxies and clients wait for the first byte.
      yield ': events follow\n\n';
      for (;;) {
        if (this.#queue.isEmpty) await this.#something();
        if (this.#closed || !this.#request.isAllowed()) return;
        const records = this.#queue.next();
        yield records.length > 0 ? sse(records) : ':\n\n';
        this.#queue.told(records);
      }
    } finally {
      this.close();
    }
  }

  /** Resolves when there is something to tell, or nothing has been told for long, or the stream ends. */
  #something(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise(resolve => {
      const timer: Timer = this.#clock.after(heartbeat, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        timer.cancel();
        resolve();
      };
    });
  }
}

/** Events as a message of the stream. */
function sse(records: readonly EventRecord[]): string {
  return `id: ${records.at(-1)?.id}\ndata: ${JSON.stringify(eventBody(records, undefined))}\n\n`;
}
