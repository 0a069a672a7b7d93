import { type Dispatcher, request } from 'undici';
import type { Clock } from './clock.ts';
import type { Destinations } from './destinations.ts';

/** How long a receiver may take to connect and to answer. Milliseconds. */
const patience = 10_000;

/** What is posted, and where to. */
export interface HttpPost {
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly verifyCertificate: boolean;
  /** JSON. */
  readonly body: string;
}

/** Posts JSON over HTTP, to where that is allowed. */
export class HttpPoster implements AsyncDisposable {
  readonly #destinations: Pick<Destinations, 'agent' | 'refusal'>;
  readonly #clock: Clock;
  readonly #agents = new Map<boolean, Dispatcher>();

  constructor(destinations: Pick<Destinations, 'agent' | 'refusal'>, clock: Clock) {
    this.#destinations = destinations;
    this.#clock = clock;
  }

  /** Why nothing may be posted to a URL; `undefined` when it may. */
  refusal(url: string): string | undefined {
    return this.#destinations.refusal(url);
  }

  /** Resolves when the receiver has it; rejects when it has not, or the signal aborts. */
  async post({ url, headers, verifyCertificate, body }: HttpPost, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const timer = this.#clock.after(patience, () => late.abort(new Error('no answer in time')));
    try {
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.#agent(verifyCertificate),
        headers: { 'content-type': 'application/json;charset=utf-8', 'user-agent': 'quintupleo', ...headers },
        body,
        signal: AbortSignal.any([signal, late.signal]),
      });
      await answer.body.dump();
      if (answer.statusCode >= 300) throw new Error(`answered with status ${answer.statusCode}`);
    } finally {
      timer.cancel();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#agents.values()].map(agent => agent.destroy()));
  }

  #agent(verifyCertificate: boolean): Dispatcher {
    const agent =
      this.#agents.get(verifyCertificate) ??
      this.#destinations.agent({ verifyCertificate, timeout: patience });
    this.#agents.set(verifyCertificate, agent);
    return agent;
  }
}
