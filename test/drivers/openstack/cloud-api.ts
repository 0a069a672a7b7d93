import type { CloudAuth, CloudConfig, InDomain } from '../../../src/drivers/openstack/client/cloud-config.ts';

/** Any JSON; tests say what they expect of it. */
export interface Json {
  readonly [field: string]: unknown;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** JSON as an object, anything else as `{ text }`. */
  readonly body: Json;
}

export type ApiService = 'identity' | 'compute' | 'network' | 'image' | 'volume';

const typesOf: Readonly<Record<ApiService, readonly string[]>> = {
  identity: ['identity'],
  compute: ['compute'],
  network: ['network'],
  image: ['image'],
  volume: ['block-storage', 'volumev3'],
};

/** Speaks to a cloud as plainly as can be, so that what is asserted is the cloud's and not a client's. */
export class CloudApi {
  readonly #token: string;
  readonly #endpoints: ReadonlyMap<ApiService, string>;
  readonly token: Json;
  readonly microversion: string;

  private constructor(token: string, body: Json, microversion: string) {
    this.#token = token;
    this.token = body;
    this.microversion = microversion;
    this.#endpoints = new Map(
      Object.entries(typesOf).flatMap(([service, types]) => {
        const url = endpointOf(body, types);
        return url === undefined ? [] : [[service as ApiService, url]];
      }),
    );
  }

  /** Authenticates as the configuration says. */
  static async connect(config: CloudConfig): Promise<CloudApi> {
    const reply = await authenticate(config, config.auth);
    const token = reply.headers.get('x-subject-token');
    if (reply.status !== 201 || token === null) throw new Error(`authentication: ${JSON.stringify(reply)}`);
    return new CloudApi(token, object(reply.body.token), '2.79');
  }

  get tokenId(): string {
    return this.#token;
  }

  get projectId(): string {
    return String(object(this.token.project).id);
  }

  get userId(): string {
    return String(object(this.token.user).id);
  }

  has(service: ApiService): boolean {
    return this.#endpoints.has(service);
  }

  /** URL of a service, without a slash at the end. */
  endpoint(service: ApiService): string {
    const url = this.#endpoints.get(service);
    if (url === undefined) throw new Error(`the cloud has no ${service} service`);
    return url;
  }

  async call(
    method: string,
    service: ApiService,
    path: string,
    body?: unknown,
    options: { readonly microversion?: string; readonly token?: string; readonly contentType?: string } = {},
  ): Promise<Reply> {
    const headers: Record<string, string> = { 'x-auth-token': options.token ?? this.#token };
    const microversion = options.microversion ?? (service === 'compute' ? this.microversion : undefined);
    if (microversion !== undefined) headers['openstack-api-version'] = `${service} ${microversion}`;
    if (body !== undefined) headers['content-type'] = options.contentType ?? 'application/json';
    const reply = await fetch(/^http/.test(path) ? path : `${this.endpoint(service)}${path}`, {
      method,
      headers,
      body: body === undefined ? null : body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
      redirect: 'manual',
    });
    return read(reply);
  }

  get(service: ApiService, path: string, microversion?: string): Promise<Reply> {
    return this.call('GET', service, path, undefined, microversion === undefined ? {} : { microversion });
  }

  post(service: ApiService, path: string, body: unknown, microversion?: string): Promise<Reply> {
    return this.call('POST', service, path, body, microversion === undefined ? {} : { microversion });
  }

  put(service: ApiService, path: string, body?: unknown): Promise<Reply> {
    return this.call('PUT', service, path, body);
  }

  delete(service: ApiService, path: string): Promise<Reply> {
    return this.call('DELETE', service, path);
  }
}

/** Asks Keystone for a token. */
export async function authenticate(config: CloudConfig, auth: CloudAuth): Promise<Reply> {
  const scope =
    auth.type === 'application-credential' || !config.project
      ? {}
      : { scope: { project: named(config.project) } };
  const reply = await fetch(`${keystone(config)}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: identityOf(auth), ...scope } }),
  });
  return read(reply);
}

/** URL of Keystone's version 3. */
export const keystone = (config: CloudConfig): string => {
  const url = config.authUrl.replace(/\/+$/, '');
  return url.endsWith('/v3') ? url : `${url}/v3`;
};

export const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};

export const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(object) : []);

async function read(reply: Response): Promise<Reply> {
  const text = await reply.text();
  let body: Json = { text };
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Json;
  } catch {
    // Not everything that a cloud says is JSON.
  }
  return { status: reply.status, headers: reply.headers, body };
}

function identityOf(auth: CloudAuth): Json {
  switch (auth.type) {
    case 'password':
      return { methods: ['password'], password: { user: { ...named(auth.user), password: auth.password } } };
    case 'application-credential': {
      const { credential, secret } = auth;
      const who = 'id' in credential ? credential : { name: credential.name, user: named(credential.user) };
      return { methods: ['application_credential'], application_credential: { ...who, secret } };
    }
    case 'token':
      return { methods: ['token'], token: { id: auth.token } };
  }
}

const named = (thing: InDomain): Json =>
  'id' in thing ? { id: thing.id } : { name: thing.name, domain: thing.domain };

function endpointOf(token: Json, types: readonly string[]): string | undefined {
  const service = list(token.catalog).find(({ type }) => types.includes(String(type)));
  const endpoint = list(service?.endpoints).find(entry => entry.interface === 'public');
  return endpoint === undefined ? undefined : String(endpoint.url).replace(/\/+$/, '');
}
