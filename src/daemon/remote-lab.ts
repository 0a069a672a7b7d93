import type { Duplex } from 'node:stream';
import { Agent } from 'undici';
import type { Identity } from '../support/certificate.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { Lines } from '../support/lines.ts';
import { connectPinned, type PinnedPeer } from '../support/pinned-tls.ts';
import type { ApiError, DaemonStatus, LabStatus, OperationAnswer, PowerRequest } from './api.ts';
import type { WatchMessage } from './api-watch.ts';
import type { HandedLab } from './handed-lab.ts';
import { behalfHeaders } from './on-behalf.ts';

/** How long the service may take to connect, and to answer. Milliseconds. */
const connectTimeout = 15_000;
const answerTimeout = 11 * 60_000;
/** How long it may take to say how it is, and be silent to who watches: twice 15 s when nothing happens. Milliseconds. */
const soon = 30_000;
const silentTime = 45_000;

/** A lab whose nodes another daemon serves: the one in the lab's service instance. */
export class RemoteLab implements AsyncDisposable {
  readonly #name: string;
  readonly #peer: () => Promise<PinnedPeer>;
  readonly #identity: () => Promise<Identity>;
  readonly #agent: Agent;

  /**
   * @param peer - where the service is and how it is known
   * @param identity - by which the service knows us
   */
  constructor(name: string, peer: () => Promise<PinnedPeer>, identity: () => Promise<Identity>) {
    this.#name = name;
    this.#peer = peer;
    this.#identity = identity;
    this.#agent = new Agent({
      connections: 16,
      headersTimeout: answerTimeout,
      bodyTimeout: answerTimeout,
      connect: (_options, callback) => {
        this.#connect().then(
          socket => callback(null, socket),
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
        );
      },
    });
  }

  /** Hands the lab over, or tells what has changed of it. */
  async push(lab: HandedLab, signal: AbortSignal): Promise<LabStatus> {
    return (await this.#call('PUT', this.#path('/record'), signal, lab)) as LabStatus;
  }

  /** Takes the lab back: the service stops serving it and forgets what it was told. */
  async leave(signal: AbortSignal): Promise<void> {
    await this.#call('DELETE', this.#path('/record'), signal);
  }

  /** The lab as the service has it. */
  async status(signal: AbortSignal): Promise<LabStatus> {
    return (await this.#call('GET', this.#path(), signal)) as LabStatus;
  }

  /** When its daemon began: milliseconds since the epoch, by its own clock. */
  async startedAt(signal: AbortSignal): Promise<number> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(soon)]);
    return ((await this.#call('GET', '/v1/daemon', limit)) as DaemonStatus).startedAt;
  }

  /**
   * What happens there, as it does.
   * @param after - the newest timeline entry that is known already
   * @throws QuintupleoError `SERVICE_UNREACHABLE`, also when it has been silent for too long
   */
  async *watch(after: number, signal: AbortSignal): AsyncGenerator<WatchMessage, void> {
    const answer = await this.#reaching(
      this.#agent.request({
        origin: 'https://service',
        method: 'GET',
        path: `/v1/watch?after=${after}`,
        headersTimeout: soon,
        bodyTimeout: silentTime,
        signal,
      }),
    );
    if (answer.statusCode !== 200) {
      throw refusal(await this.#reaching(answer.body.text()), answer.statusCode);
    }
    const lines = new Lines();
    const chunks: AsyncIterator<Uint8Array> = answer.body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#reaching(chunks.next());
        if (done) return;
        for (const line of lines.take(value)) yield JSON.parse(line) as WatchMessage;
      }
    } finally {
      await chunks.return?.();
    }
  }

  async power(node: string, request: PowerRequest, signal: AbortSignal): Promise<OperationAnswer> {
    const path = this.#path(`/nodes/${encodeURIComponent(node)}/power`);
    return (await this.#call('POST', path, signal, request)) as OperationAnswer;
  }

  /** Passes a request on, and its answer back. */
  async forward(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'GET' ? null : await request.text();
    const answer = await this.#reaching(
      this.#agent.request({
        origin: 'https://service',
        method: request.method as 'GET',
        path: `${pathname}${search}`,
        headers: {
          ...behalfHeaders(),
          ...(body !== null && { 'content-type': request.headers.get('content-type') ?? '' }),
        },
        body,
        signal: request.signal,
      }),
    );
    const content = await this.#reaching(answer.body.arrayBuffer());
    const type = answer.headers['content-type'];
    return new Response(answer.statusCode === 204 ? null : content, {
      status: answer.statusCode,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
    });
  }

  /** Passes a connection on that asks for a console: the service's own answer is the first that comes back. */
  async tunnel(path: string, client: Duplex, head: Buffer): Promise<void> {
    const service = await this.#reaching(this.#connect());
    const end = () => {
      service.destroy();
      client.destroy();
    };
    // Who asked may have left meanwhile.
    if (client.destroyed) return end();
    for (const one of [service, client]) one.on('error', end).on('close', end);
    service.write(`GET ${path} HTTP/1.1\r\nHost: service\r\nConnection: upgrade\r\nUpgrade: console\r\n\r\n`);
    service.write(head);
    client.pipe(service).pipe(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  #path(rest = ''): string {
    return `/v1/labs/${encodeURIComponent(this.#name)}${rest}`;
  }

  async #connect() {
    return connectPinned(await this.#peer(), await this.#identity(), connectTimeout);
  }

  async #call(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<unknown> {
    const answer = await this.#reaching(
      this.#agent.request({
        origin: 'https://service',
        method,
        path,
        headers: { ...behalfHeaders(), ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal,
      }),
    );
    const text = await this.#reaching(answer.body.text());
    if (answer.statusCode === 204) return undefined;
    if (answer.statusCode < 400) return JSON.parse(text) as unknown;
    throw refusal(text, answer.statusCode);
  }

  async #reaching<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (error instanceof QuintupleoError) throw error;
      throw new QuintupleoError(`the service of lab ${this.#name} does not answer: ${messageOf(error)}`, {
        family: 'platform',
        code: 'SERVICE_UNREACHABLE',
        remedy: 'See that this machine reaches its address; its console log in the cloud says what it does.',
        cause: error,
      });
    }
  }
}

function refusal(text: string, status: number): QuintupleoError {
  try {
    const { message, code, family = 'platform', remedy } = JSON.parse(text) as ApiError;
    return new QuintupleoError(`its service says: ${message}`, {
      family,
      code,
      ...(remedy === undefined ? {} : { remedy }),
    });
  } catch {
    return new QuintupleoError(`the service answered ${status}: ${text.slice(0, 200)}`, {
      family: 'platform',
      code: `HTTP_${status}`,
    });
  }
}
