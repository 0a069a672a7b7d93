import { Agent, type Dispatcher, request } from 'undici';

/** What a service has answered. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: T;
}

/** Where a service is, and who asks it. */
export interface ClientOptions {
  /** Origin of the service. */
  readonly origin: string;
  /** The certificate that it must show: PEM. */
  readonly certificate: string;
  readonly user: string;
  readonly password: string;
}

/** A client that trusts one certificate, and shows a password with every request. */
export class RedfishClient implements AsyncDisposable {
  readonly #options: ClientOptions;
  readonly #agent: Agent;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#agent = new Agent({ connect: { ca: options.certificate } });
  }

  /** What a resource is. */
  async get<T = Readonly<Record<string, unknown>>>(path: string): Promise<T> {
    const { status, body } = await this.ask<T>('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Asks for something that must be granted. */
  async done(method: Dispatcher.HttpMethod, path: string, content?: unknown): Promise<void> {
    const { status, body } = await this.ask(method, path, content);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
  }

  async ask<T = unknown>(
    method: Dispatcher.HttpMethod,
    path: string,
    content?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> {
    const { origin, user, password } = this.#options;
    const answer = await request(new URL(path, origin), {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}
