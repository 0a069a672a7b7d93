import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { CloudConfig } from '../../../../src/drivers/openstack/client/cloud-config.ts';

/** A request as the cloud got it. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

/** What a behaviour does with a request. */
export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  /** The connection is cut without an answer. */
  | 'reset'
  /** No answer ever comes. */
  | 'silence';

/** One trait of the cloud; `undefined` leaves the request to the next one. */
export type Behaviour = (request: SeenRequest) => Reply | undefined;

/** Answers requests with this method and path (without query), every time. */
export function on(
  method: string,
  path: string,
  reply: Reply | ((request: SeenRequest) => Reply),
): Behaviour {
  return request => {
    if (request.method !== method || request.path.split('?')[0] !== path) return undefined;
    return typeof reply === 'function' ? reply(request) : reply;
  };
}

/** A behaviour that shows `times` times and then no more. */
export function times(count: number, behaviour: Behaviour): Behaviour {
  let left = count;
  return request => {
    const reply = left > 0 ? behaviour(request) : undefined;
    if (reply !== undefined) left--;
    return reply;
  };
}

export const project = 'c0ffee00';
export const user = 'beef0000';

/** Services on one loopback port: Keystone under /identity, Nova under /compute and so on. */
export class FakeCloud implements AsyncDisposable {
  readonly url: string;
  /** Everything that came, in order. */
  readonly requests: SeenRequest[] = [];
  /** Asked from the first to the last; put faults at the front. */
  readonly behaviours: Behaviour[];
  /** Seconds that tokens live. */
  tokenLife = 3600;
  readonly #server: Server;
  #tokens = 0;

  private constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server;
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.behaviours = [
      on('POST', '/identity/v3/auth/tokens', () => this.token()),
      on('GET', '/compute/v2.1/', {
        status: 200,
        body: { version: { id: 'v2.1', version: '2.93', min_version: '2.1', status: 'CURRENT' } },
      }),
    ];
  }

  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<FakeCloud> {
    const server = tls ? createTlsServer(tls) : createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const cloud = new FakeCloud(server as Server, tls ? 'https' : 'http');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      cloud.#serve(request, response).catch(() => response.destroy());
    });
    return cloud;
  }

  /** A configuration that leads here. */
  config(changes: Partial<CloudConfig> = {}): CloudConfig {
    return {
      name: 'fake',
      source: 'clouds.yaml',
      authUrl: `${this.url}/identity/v3`,
      auth: { type: 'password', user: { name: 'quint', domain: { id: 'default' } }, password: 'sesame' },
      project: { name: 'lab', domain: { id: 'default' } },
      region: 'RegionOne',
      interface: 'public',
      endpointOverrides: {},
      verify: true,
      caFile: undefined,
      certFile: undefined,
      keyFile: undefined,
      ...changes,
    };
  }

  /** Keystone's answer to who authenticates: `token-1`, `token-2` … */
  token(changes: object = {}, catalog: readonly object[] = this.catalog()): Reply {
    this.#tokens++;
    const expires = new Date(Date.now() + this.tokenLife * 1000).toISOString();
    const token = {
      expires_at: expires,
      user: { id: user, name: 'quint' },
      project: { id: project, name: 'lab' },
      roles: [{ id: '1', name: 'member' }],
      catalog,
      ...changes,
    };
    return { status: 201, headers: { 'x-subject-token': `token-${this.#tokens}` }, body: { token } };
  }

  catalog(): object[] {
    return [
      this.service('identity', '/identity'),
      this.service('compute', '/compute/v2.1'),
      this.service('network', '/network/v2.0'),
      this.service('image', '/image/v2'),
      this.service('volumev3', `/volume/v3/${project}`),
    ];
  }

  /** One service of the catalog, with endpoints of several interfaces and regions that lead nowhere. */
  service(type: string, path: string): object {
    const endpoint = (iface: string, region: string, url: string) => ({
      interface: iface,
      region,
      region_id: region,
      url,
    });
    return {
      type,
      name: type,
      endpoints: [
        endpoint('internal', 'RegionOne', 'http://127.0.0.1:1/internal'),
        endpoint('public', 'RegionTwo', 'http://127.0.0.1:1/elsewhere'),
        endpoint('public', 'RegionOne', `${this.url}${path}`),
      ],
    };
  }

  /** Requests other than those that authenticate and discover, in short: `GET /compute/v2.1/servers/detail`. */
  get calls(): string[] {
    return this.requests
      .map(({ method, path }) => `${method} ${path}`)
      .filter(call => !call.endsWith('/auth/tokens') && !call.endsWith('/compute/v2.1/'));
  }

  /** The last request. */
  get last(): SeenRequest {
    const last = this.requests.at(-1);
    if (!last) throw new Error('the cloud was not asked');
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: parsed(text),
    };
    this.requests.push(seen);
    const reply = this.#reply(seen);
    if (reply === 'silence') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  }

  #reply(request: SeenRequest): Reply {
    for (const behaviour of this.behaviours) {
      const reply = behaviour(request);
      if (reply !== undefined) return reply;
    }
    return { status: 404, body: { itemNotFound: { code: 404, message: `nothing at ${request.path}` } } };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
