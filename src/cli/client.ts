import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type {
  ApiError,
  BootRequest,
  CredentialsAnswer,
  DaemonStatus,
  EventEntry,
  LabDefinition,
  LabStatus,
  NodeStatus,
  OperationAnswer,
  PlanAnswer,
  PowerRequest,
  Progress,
  Report,
  StopRequest,
} from '../daemon/api.ts';
import { apiVersion } from '../daemon/api.ts';
import type { FaultRequest, FaultStatus } from '../daemon/api-faults.ts';
import type { NodeSummary, TimelineEntry, WatchMessage, WebAccess } from '../daemon/api-watch.ts';
import { type ErrorFamily, messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import type { Finding } from '../support/finding.ts';
import { Lines } from '../support/lines.ts';

// How long the daemon may be silent, in milliseconds: for an answer, and within one that is a stream.
const answerTimeout = 60_000;
const streamTimeout = 15 * 60_000;

/** Speaks the daemon's control API. Every call throws QuintupleoError: the daemon's own, or `DAEMON_UNREACHABLE`. */
export class ControlClient implements AsyncDisposable {
  readonly #socketPath: string;
  readonly #agent: Agent;
  readonly #signal: AbortSignal;

  /**
   * @param socketPath - the daemon's control socket
   * @param signal - ends every call
   */
  constructor(socketPath: string, signal: AbortSignal) {
    this.#socketPath = socketPath;
    this.#signal = signal;
    this.#agent = new Agent({ connect: { socketPath }, connections: 32 });
  }

  daemon(): Promise<DaemonStatus> {
    return this.#json('GET', 'daemon');
  }

  /** What the daemon has done, for Prometheus. */
  metrics(eachNode: boolean): Promise<string> {
    return this.#text('GET', eachNode ? 'metrics?nodes=1' : 'metrics');
  }

  async quit(): Promise<void> {
    await this.#text('POST', 'daemon/stop');
  }

  labs(): Promise<LabStatus[]> {
    return this.#json('GET', 'labs');
  }

  lab(lab: string): Promise<LabStatus> {
    return this.#json('GET', `labs/${encodeURIComponent(lab)}`);
  }

  plan(definition: LabDefinition): Promise<PlanAnswer> {
    return this.#json('POST', 'labs/plan', definition);
  }

  apply(definition: LabDefinition): AsyncIterable<Progress> {
    return this.#progress('POST', 'labs/apply', definition);
  }

  remove(lab: string): AsyncIterable<Progress> {
    return this.#progress('DELETE', `labs/${encodeURIComponent(lab)}`);
  }

  /** @param grace - milliseconds that guests are given to shut down */
  stopLab(lab: string, grace: number): AsyncIterable<Progress> {
    return this.#progress('POST', `labs/${encodeURIComponent(lab)}/stop`, { grace } satisfies StopRequest);
  }

  startLab(lab: string): AsyncIterable<Progress> {
    return this.#progress('POST', `labs/${encodeURIComponent(lab)}/start`);
  }

  /** Opens the dashboard, if it is not open. */
  openWeb(): Promise<WebAccess> {
    return this.#json('POST', 'web');
  }

  /** The nodes of all labs. */
  nodes(): Promise<NodeSummary[]> {
    return this.#json('GET', 'nodes');
  }

  /**
   * What happens, as it does, until the signal of this client or the caller's end of the loop.
   * @param after - the newest timeline entry that is known already
   */
  async *watch(after?: number): AsyncIterable<WatchMessage> {
    const path = after === undefined ? 'watch' : `watch?after=${after}`;
    yield* this.#lines<WatchMessage>('GET', path, undefined, answerTimeout);
  }

  /** What `up` would mend. */
  drift(lab: string): Promise<PlanAnswer> {
    return this.#json('GET', `labs/${encodeURIComponent(lab)}/drift`);
  }

  credentials(lab: string): Promise<CredentialsAnswer> {
    return this.#json('GET', `labs/${encodeURIComponent(lab)}/credentials`);
  }

  node(lab: string, node: string): Promise<NodeStatus> {
    return this.#json('GET', nodePath(lab, node));
  }

  power(lab: string, node: string, request: PowerRequest): Promise<OperationAnswer> {
    return this.#json('POST', `${nodePath(lab, node)}/power`, request, request.wait + answerTimeout);
  }

  boot(lab: string, node: string, request: BootRequest): Promise<NodeStatus> {
    return this.#json('PUT', `${nodePath(lab, node)}/boot`, request);
  }

  /** What may keep a node from a network boot. */
  why(lab: string, node: string): Promise<Finding[]> {
    return this.#json('GET', `${nodePath(lab, node)}/why`);
  }

  faults(lab: string): Promise<FaultStatus[]> {
    return this.#json('GET', `${labPath(lab)}/faults`);
  }

  inject(lab: string, request: FaultRequest): Promise<FaultStatus[]> {
    return this.#json('POST', `${labPath(lab)}/faults`, request);
  }

  /** @param id - the fault; `undefined`: all of the lab's */
  async lift(lab: string, id?: string): Promise<void> {
    await this.#text(
      'DELETE',
      `${labPath(lab)}/faults${id === undefined ? '' : `/${encodeURIComponent(id)}`}`,
    );
  }

  events(lab: string, node: string): Promise<EventEntry[]> {
    return this.#json('GET', `${nodePath(lab, node)}/events`);
  }

  /** What happened with a node lately. */
  timeline(lab: string, node: string): Promise<TimelineEntry[]> {
    return this.#json('GET', `${nodePath(lab, node)}/timeline`);
  }

  async deploy(lab: string, node: string): Promise<void> {
    await this.#text('PUT', `${nodePath(lab, node)}/deploy`);
  }

  reports(lab: string, node: string): Promise<Report[]> {
    return this.#json('GET', `${nodePath(lab, node)}/reports`);
  }

  /** The serial output kept since the node was powered on. */
  async consoleHistory(lab: string, node: string): Promise<Buffer> {
    const response = await this.#request('GET', `${nodePath(lab, node)}/console`);
    return Buffer.from(await this.#reading(response.body.arrayBuffer()));
  }

  /** The node's console as a two-way byte stream. */
  attach(lab: string, node: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const request: ClientRequest = httpRequest({
        socketPath: this.#socketPath,
        path: `/${apiVersion}/${nodePath(lab, node)}/console`,
        headers: { connection: 'upgrade', upgrade: 'console' },
        signal: this.#signal,
      });
      request.on('upgrade', (_response: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      request.on('response', response => {
        collect(response).then(text => reject(errorOf(response.statusCode ?? 500, text)), reject);
      });
      request.on('error', error => reject(this.#unreachable(error)));
      request.end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #json<T>(method: Dispatcher.HttpMethod, path: string, body?: unknown, timeout?: number): Promise<T> {
    return JSON.parse(await this.#text(method, path, body, timeout)) as T;
  }

  async #text(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: unknown,
    timeout?: number,
  ): Promise<string> {
    const response = await this.#request(method, path, body, timeout);
    return this.#reading(response.body.text());
  }

  async *#progress(method: Dispatcher.HttpMethod, path: string, body?: unknown): AsyncIterable<Progress> {
    let last: Progress | undefined;
    for await (const progress of this.#lines<Progress>(method, path, body, streamTimeout)) {
      last = progress;
      yield progress;
    }
    if (last?.type !== 'done' && last?.type !== 'failed') {
      throw this.#unreachable(new Error('the daemon ended before it was done'));
    }
  }

  /** An answer of a JSON value a line. */
  async *#lines<T>(
    method: Dispatcher.HttpMethod,
    path: string,
    body: unknown,
    timeout: number,
  ): AsyncIterable<T> {
    const response = await this.#request(method, path, body, timeout);
    const lines = new Lines();
    const chunks: AsyncIterator<Uint8Array> = response.body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#reading(chunks.next());
        if (done) return;
        for (const line of lines.take(value)) yield JSON.parse(line) as T;
      }
    } finally {
      await chunks.return?.();
    }
  }

  async #request(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: unknown,
    timeout = answerTimeout,
  ): Promise<Dispatcher.ResponseData> {
    const response = await this.#reading(
      this.#agent.request({
        origin: 'http://quintupleo',
        method,
        path: `/${apiVersion}/${path}`,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: timeout,
        bodyTimeout: timeout,
        signal: this.#signal,
      }),
    );
    if (response.statusCode >= 400) {
      throw errorOf(response.statusCode, await this.#reading(response.body.text()));
    }
    return response;
  }

  /** Waits for the daemon, and turns what may go wrong on the way into an error for people. */
  async #reading<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(cause: unknown): unknown {
    if (this.#signal.aborted) return this.#signal.reason;
    const details = { family: 'platform', code: 'DAEMON_UNREACHABLE', cause } as const;
    switch (systemCodeOf(cause)) {
      case 'ENOENT':
      case 'ECONNREFUSED':
        return new QuintupleoError('the daemon is not running', {
          ...details,
          remedy: 'Start it with "quintupleo up LAB.yaml", or with "quintupleo serve".',
        });
      case 'EACCES':
        return new QuintupleoError(`the daemon's socket ${this.#socketPath} may not be opened`, {
          ...details,
          remedy: 'Use the account that started the daemon, perhaps with sudo.',
        });
      default:
        return new QuintupleoError(`the daemon does not answer: ${messageOf(cause)}`, {
          ...details,
          remedy: 'Its log, daemon.log in the state directory, may say why.',
        });
    }
  }
}

function labPath(lab: string): string {
  return `labs/${encodeURIComponent(lab)}`;
}

function nodePath(lab: string, node: string): string {
  return `${labPath(lab)}/nodes/${encodeURIComponent(node)}`;
}

/** The error that an answer of the API stands for. */
function errorOf(status: number, text: string): QuintupleoError {
  try {
    return apiError(JSON.parse(text) as ApiError, familyOf(status));
  } catch {
    const message = `the daemon answered ${status}: ${text.slice(0, 200)}`;
    return new QuintupleoError(message, { family: familyOf(status), code: `HTTP_${status}` });
  }
}

/**
 * The error that the daemon reports.
 * @param family - taken if the daemon does not say
 */
export function apiError(error: ApiError, family: ErrorFamily = 'platform'): QuintupleoError {
  const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
  return new QuintupleoError(error.message, { family: error.family ?? family, code: error.code, ...remedy });
}

function familyOf(status: number): ErrorFamily {
  if (status === 422) return 'config';
  if (status < 500) return 'user';
  return status === 500 ? 'bug' : 'platform';
}

async function collect(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
