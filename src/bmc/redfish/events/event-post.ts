import { HttpPoster } from '../../../support/http-poster.ts';
import type { JsonObject } from '../json.ts';

/** What is posted, and where to. */
export interface EventPost {
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly verifyCertificate: boolean;
  readonly body: JsonObject;
}

/** Posts to subscribers. */
export interface EventPoster {
  /** Why nothing may be posted to a URL; `undefined` when it may. */
  refusal(url: string): string | undefined;
  /** Resolves when the subscriber has it; rejects when it has not, or the signal aborts. */
  post(post: EventPost, signal: AbortSignal): Promise<void>;
}

/** Posts over HTTP, to where the lab file allows. */
export class HttpEventPoster implements EventPoster, AsyncDisposable {
  readonly #http: HttpPoster;

  constructor(...parts: ConstructorParameters<typeof HttpPoster>) {
    this.#http = new HttpPoster(...parts);
  }

  refusal(url: string): string | undefined {
    return this.#http.refusal(url);
  }

  post(post: EventPost, signal: AbortSignal): Promise<void> {
    return this.#http.post({ ...post, body: JSON.stringify(post.body) }, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#http[Symbol.asyncDispose]();
  }
}
