import type { Duplex } from 'node:stream';
import { Agent } from 'undici';
import type { Identity } from '../support/certificate.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { connectPinned, type PinnedPeer } from '../support/pinned-tls.ts';
import type { ApiError, LabStatus, OperationAnswer, PowerRequest } from './api.ts';
import type { HandedLab } from './handed-lab.ts';

/** How long the service may take to connect, and to answer. Milliseconds. */
const connectTimeout = 15_000;
const answerTimeout = 11 * 60_000;

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
    return (await this.#call('PUT', '/record', signal, lab)) as LabStatus;
  }

  /** Takes the lab back: the service stops serving it and forgets what it was told. */
  async leave(signal: AbortSignal): Promise<void> {
    await this.#call('DELETE', '/record', signal);
  }

  /** The lab as the service has it. */
  async status(signal: AbortSignal): Promise<LabStatus> {
    return (await this.#call('GET', '', signal)) as LabStatus;
  }

  async power(node: string, request: PowerRequest, signal: AbortSignal): Promise<OperationAnswer> {
    const path = `/nodes/${encodeURIComponent(node)}/power`;
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
        headers: body === null ? {} : { 'content-type': request.headers.get('content-type') ?? '' },
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
        path: `/v1/labs/${encodeURIComponent(this.#name)}${path}`,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
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
