import { connect, type Socket } from 'node:net';
import type { Clock } from '../../support/clock.ts';
import { within } from '../../support/wait.ts';
import { LineSplitter } from './qmp-lines.ts';

/** Something that QEMU says by itself. @see QEMU Machine Protocol specification, "Asynchronous events" */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Why a command did not succeed: `refused` QEMU answered with an error, `timeout` it has not answered in time,
 * `closed` the connection is gone, `protocol` what came is not QMP.
 */
export type QmpErrorKind = 'refused' | 'timeout' | 'closed' | 'protocol';

/** A QMP command or connection that failed. */
export class QmpError extends Error {
  readonly kind: QmpErrorKind;

  constructor(kind: QmpErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'QmpError';
    this.kind = kind;
  }
}

/** Options of {@link QmpClient.connect}. */
export interface QmpOptions {
  readonly clock: Clock;
  /** Called for every event from the first one on. */
  readonly onEvent: (event: QmpEvent) => void;
  /** Milliseconds that the greeting, and each command unless told otherwise, may take. */
  readonly timeout?: number;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal | undefined;
}

/** Longest message that is taken from QEMU, in bytes. Its answers to what we ask are far shorter. */
const longestMessage = 4 << 20;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection to the QEMU Machine Protocol of one QEMU.
 * It ends with the QEMU process or with {@link QmpClient.close}; who wants another one connects again.
 * @see https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
export class QmpClient {
  /** Resolves, never rejects, when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #lines = new LineSplitter(longestMessage);
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #greeted: Pending | undefined;
  #end: QmpError | undefined;

  private constructor(socket: Socket, options: QmpOptions) {
    this.#socket = socket;
    this.#clock = options.clock;
    this.#timeout = options.timeout ?? 5_000;
    this.#onEvent = options.onEvent;
    this.closed = new Promise(resolve => socket.once('close', () => resolve()));
    socket.on('data', bytes => this.#receive(bytes));
    socket.on('error', error => this.#fail(new QmpError('closed', `QMP: ${error.message}`, error)));
    socket.on('close', () => this.#fail(new QmpError('closed', 'QMP: the connection is closed')));
  }

  /**
   * Connects to a QEMU and makes it ready for commands.
   * @param path - its Unix socket
   * @throws {@link QmpError} `closed` when nobody listens there
   */
  static async connect(path: string, options: QmpOptions): Promise<QmpClient> {
    const client = new QmpClient(connect(path), options);
    try {
      const greeting = new Promise<unknown>((resolve, reject) => {
        client.#greeted = { resolve, reject };
      });
      await client.#inTime('greeting', greeting, client.#timeout, options.signal);
      await client.execute('qmp_capabilities', {}, { signal: options.signal });
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /**
   * Executes a command.
   * @returns what QEMU returned
   * @throws {@link QmpError}, or the signal's reason
   */
  execute(
    command: string,
    args: Readonly<Record<string, unknown>> = {},
    { timeout = this.#timeout, signal }: { timeout?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#end) return Promise.reject(this.#end);
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return this.#inTime(command, answer, timeout, signal).finally(() => this.#pending.delete(id));
  }

  /** Ends the connection. QEMU runs on. */
  close(): void {
    this.#fail(new QmpError('closed', 'QMP: the connection was closed'));
  }

  #inTime<T>(what: string, promise: Promise<T>, timeout: number, signal?: AbortSignal): Promise<T> {
    const late = () => new QmpError('timeout', `QMP: no answer to ${what} within ${timeout} ms`);
    return within(this.#clock, timeout, promise, late, signal);
  }

  #receive(bytes: Buffer): void {
    const lines = this.#lines.push(bytes);
    if (!lines) this.#fail(new QmpError('protocol', `QMP: a message of more than ${longestMessage} bytes`));
    for (const line of lines ?? []) {
      if (line !== '' && !this.#end) this.#take(line);
    }
  }

  #take(line: string): void {
    const message = parseMessage(line);
    if (!message) {
      this.#fail(new QmpError('protocol', `QMP: not a message: ${line.slice(0, 80)}`));
    } else if ('QMP' in message) {
      this.#greeted?.resolve(message.QMP);
      this.#greeted = undefined;
    } else if (typeof message.event === 'string') {
      this.#onEvent({ event: message.event, data: asRecord(message.data) ?? {} });
    } else if (typeof message.id === 'number') {
      const pending = this.#pending.get(message.id);
      if ('return' in message) pending?.resolve(message.return);
      else pending?.reject(refusal(message.error));
    }
    // What is left are answers to commands that nobody waits for any more.
  }

  #fail(error: QmpError): void {
    if (this.#end) return;
    this.#end = error;
    this.#socket.destroy();
    this.#greeted?.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function refusal(error: unknown): QmpError {
  const description = asRecord(error)?.desc;
  return new QmpError('refused', typeof description === 'string' ? description : 'QMP: unexplained refusal');
}

function parseMessage(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** The value if it is a JSON object. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
