import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../src/support/clock.ts';
import { delay } from '../../../../src/support/delay.ts';
import { type FaultResponse, Faults } from './faults.ts';
import { Recorder } from './recorder.ts';
import {
  type Answer,
  ApiFault,
  matchPath,
  type Route,
  type Scope,
  type Service,
  webFault,
} from './service.ts';

/** Who a token speaks for, and whether it may make this request. */
export type Authorize = (request: {
  readonly token: string | undefined;
  readonly service: Service;
  readonly method: string;
  readonly path: string;
}) => Scope | undefined;

interface Found {
  readonly service: Service;
  /** Within the service. */
  readonly path: string;
}

const nobody: Scope = { userId: '', userName: '', projectId: '', projectName: '' };

/** The HTTP side of the cloud: one server on loopback, one path prefix a service. */
export class Front {
  readonly faults = new Faults();
  readonly recorder = new Recorder();
  readonly #clock: Clock;
  readonly #services: readonly Service[];
  readonly #authorize: Authorize;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** Takes over connections that ask to become websockets. */
  onUpgrade: ((request: IncomingMessage, socket: Duplex) => void) | undefined;

  constructor(clock: Clock, services: readonly Service[], authorize: Authorize) {
    this.#clock = clock;
    this.#services = services;
    this.#authorize = authorize;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens; the second time on the port of the first time. */
  async start(): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(error => response.destroy(error));
    });
    server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket) => {
      if (this.onUpgrade) this.onUpgrade(request, socket);
      else socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Stops listening and drops every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise(resolve => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readAll(request);
    const url = new URL(request.url ?? '/', this.url);
    const method = request.method ?? 'GET';
    const found = this.#find(url.pathname);
    if (!found) return send(response, this.#clock.now(), { status: 404, body: 'Not Found' });
    const { service, path } = found;
    const recorded = this.recorder.add({
      service: service.name,
      method,
      path,
      query: url.search.slice(1),
      headers: request.headers,
      body: readBody(request, raw),
      at: this.#clock.now(),
    });
    const fault = this.faults.take({ service: service.name, method, path });
    if (fault?.type === 'reset' && fault.when === 'before') return reset(request);
    if (fault?.type === 'silence') return;
    const requestId = `req-${randomUUID()}`;
    let answer =
      fault?.type === 'status' && !fault.carriedOut
        ? faultAnswer(fault)
        : await this.#carryOut(found, request, url, raw, requestId);
    if (fault?.type === 'reset') return reset(request);
    if (fault?.type === 'status') answer = faultAnswer(fault);
    if (fault?.type === 'delay') await delay(this.#clock, fault.ms);
    recorded.status = answer.status;
    const headers = {
      'X-Openstack-Request-Id': requestId,
      ...(service.name === 'compute' ? { 'X-Compute-Request-Id': requestId } : {}),
      ...service.answerHeaders?.(request.headers),
      ...answer.headers,
    };
    send(response, this.#clock.now(), { ...answer, headers });
  }

  #find(pathname: string): Found | undefined {
    for (const service of this.#services) {
      if (pathname !== service.prefix && !pathname.startsWith(`${service.prefix}/`)) continue;
      return { service, path: pathname.slice(service.prefix.length) };
    }
    return undefined;
  }

  async #carryOut(
    found: Found,
    request: IncomingMessage,
    url: URL,
    raw: Buffer,
    requestId: string,
  ): Promise<Answer> {
    const { service, path } = found;
    const method = request.method ?? 'GET';
    try {
      const header = request.headers['x-auth-token'];
      const token = typeof header === 'string' ? header : undefined;
      const matching = service.routes.flatMap(route => {
        const params = matchPath(route.path, path);
        return params ? [{ route, params }] : [];
      });
      const hit = matching.find(({ route }) => route.method === method);
      let scope: Scope | undefined;
      if (!hit?.route.open) {
        scope = this.#authorize({ token, service, method, path });
        if (!scope) return service.renderFault(unauthorized(), request.headers);
      }
      const refused = service.before?.(request.headers);
      if (refused) return refused;
      if (!hit) {
        const fault = notRouted(matching.map(({ route }) => route));
        return service.name === 'compute' && fault.status === 404
          ? webFault(fault, request.headers)
          : service.renderFault(fault, request.headers);
      }
      return await hit.route.handle({
        method,
        params: hit.params,
        query: url.searchParams,
        headers: request.headers,
        body: readBody(request, raw),
        raw,
        scope: scope ?? nobody,
        base: `${this.url}${service.prefix}`,
        url: `${this.url}${service.prefix}${path}`,
        requestId,
      });
    } catch (error) {
      if (error instanceof ApiFault) return service.renderFault(error, request.headers);
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return service.renderFault(new ApiFault(500, `the stand-in cloud failed: ${message}`), request.headers);
    }
  }
}

const unauthorized = () =>
  new ApiFault(401, 'The request you have made requires authentication.', 'Unauthorized');

function notRouted(samePath: readonly Route[]): ApiFault {
  return samePath.length > 0
    ? new ApiFault(405, 'The method specified is not allowed for this resource.', 'HTTPMethodNotAllowed')
    : new ApiFault(404, 'The resource could not be found.', 'HTTPNotFound');
}

function faultAnswer(fault: Extract<FaultResponse, { type: 'status' }>): Answer {
  const body = fault.body ?? { error: { code: fault.status, message: 'Injected by a test.' } };
  return fault.retryAfter === undefined
    ? { status: fault.status, body }
    : { status: fault.status, body, headers: { 'Retry-After': String(fault.retryAfter) } };
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function readBody(request: IncomingMessage, raw: Buffer): unknown {
  const type = request.headers['content-type'] ?? '';
  if (raw.length === 0 || !type.includes('json')) return undefined;
  try {
    return JSON.parse(raw.toString());
  } catch {
    return undefined;
  }
}

function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function send(response: ServerResponse, now: number, answer: Answer): void {
  response.statusCode = answer.status;
  // The cloud lives by its own clock.
  response.setHeader('Date', new Date(now).toUTCString());
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.body === undefined) {
    response.end();
    return;
  }
  if (Buffer.isBuffer(answer.body)) {
    response.end(answer.body);
    return;
  }
  if (typeof answer.body === 'string') {
    if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.end(answer.body);
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(answer.body));
}
