import { setTimeout as delay } from 'node:timers/promises';

/** The cloud's APIs as the tests call them: independent of the client under test. */

const identity = 'http://127.0.0.1:5000/v3';

/** What the tests call. */
export type Service = 'compute' | 'network' | 'image' | 'volume' | 'identity';

/** Microversions, for what the tests read and do. */
const headers: Readonly<Record<Service, Readonly<Record<string, string>>>> = {
  compute: { 'OpenStack-API-Version': 'compute 2.90' },
  volume: { 'OpenStack-API-Version': 'volume 3.70' },
  network: {},
  image: {},
  identity: {},
};

/** JSON, as an API answered it. */
export type Json = Readonly<Record<string, unknown>>;

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Users of the tests' cloud, each with a project of the same name. */
export type User = 'quintupleo' | 'quintupleo-other' | 'admin';

/** One user of one project, who authenticates again when the token was revoked. */
export class Api {
  /** ID. */
  readonly project: string;
  /** ID. */
  readonly user: string;
  readonly #name: User;
  #token: string;

  private constructor(name: User, project: string, user: string, token: string) {
    this.#name = name;
    this.project = project;
    this.user = user;
    this.#token = token;
  }

  static async connect(name: User): Promise<Api> {
    const { token, secret } = await authenticate(name);
    return new Api(name, token.project.id, token.user.id, secret);
  }

  /** @returns the answer's JSON, empty where there is none. @throws {@link ApiError} */
  async call(service: Service, method: string, path: string, body?: Json): Promise<Json> {
    const text = await (await this.#request(service, method, path, body)).text();
    return text === '' ? {} : (JSON.parse(text) as Json);
  }

  /** The token of now. */
  get token(): string {
    return this.#token;
  }

  /** Gives an image its content. */
  async upload(image: string, content: Buffer): Promise<void> {
    const type = { 'Content-Type': 'application/octet-stream' };
    const answer = await fetch(`${this.#root('image')}/images/${image}/file`, {
      method: 'PUT',
      headers: { 'X-Auth-Token': this.#token, ...type },
      body: new Uint8Array(content),
      signal: AbortSignal.timeout(120_000),
    });
    if (!answer.ok) throw new ApiError(answer.status, `upload: ${answer.status} ${await answer.text()}`);
  }

  get(service: Service, path: string): Promise<Json> {
    return this.call(service, 'GET', path);
  }

  /** Every item of a collection: those of the next pages, too. */
  async list(service: Service, path: string, key: string): Promise<readonly Json[]> {
    const items: Json[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const page: Json = await this.get(service, next);
      items.push(...((page[key] as readonly Json[] | undefined) ?? []));
      next = this.#nextPage(service, page, key);
    }
    return items;
  }

  /** The path of the page after this one, in each service's own way to say so. */
  #nextPage(service: Service, page: Json, key: string): string | undefined {
    const links = page[`${key}_links`] as readonly { rel: string; href: string }[] | undefined;
    const link = links?.find(({ rel }) => rel === 'next')?.href ?? page.next;
    if (typeof link !== 'string') return undefined;
    const { pathname, search } = new URL(link, this.#root(service));
    return pathname.replace(new URL(this.#root(service)).pathname, '') + search;
  }

  async #request(service: Service, method: string, path: string, body?: Json): Promise<Response> {
    const url = `${this.#root(service)}${path}`;
    const send = () => request(method, url, body, { 'X-Auth-Token': this.#token, ...headers[service] });
    for (let tries = 0; ; tries++) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401 || tries === 3) throw error;
      }
      // Keystone counts in seconds: with the tokens that it revokes go those that it issues in the same second.
      if (tries > 0) await delay(1_000);
      this.#token = (await authenticate(this.#name)).secret;
    }
  }

  #root(service: Service): string {
    switch (service) {
      case 'compute':
        return 'http://127.0.0.1:8774/v2.1';
      case 'network':
        return 'http://127.0.0.1:9696/v2.0';
      case 'image':
        return 'http://127.0.0.1:9292/v2';
      case 'volume':
        return `http://127.0.0.1:8776/v3/${this.project}`;
      case 'identity':
        return identity;
    }
  }
}

async function authenticate(name: User) {
  const domain = { name: 'Default' };
  const auth = {
    identity: { methods: ['password'], password: { user: { name, password: 'secret', domain } } },
    scope: { project: { name, domain } },
  };
  const answer = await request('POST', `${identity}/auth/tokens`, { auth }, {});
  const { token } = (await answer.json()) as { token: { user: { id: string }; project: { id: string } } };
  return { token, secret: answer.headers.get('X-Subject-Token') ?? '' };
}

async function request(
  method: string,
  url: string,
  body: Json | undefined,
  extra: Readonly<Record<string, string>>,
): Promise<Response> {
  const answer = await fetch(url, {
    method,
    headers: { ...extra, ...(body && { 'Content-Type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  if (answer.ok) return answer;
  throw new ApiError(answer.status, `${method} ${url}: ${answer.status} ${await answer.text()}`);
}
