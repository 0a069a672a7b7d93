import type { SerialPort } from '../../../node/serial.ts';
import type { Clock } from '../../../support/clock.ts';
import { delay } from '../../../support/delay.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { OpenStackError, type OpenStackErrorCode } from '../client/api-error.ts';
import { newText, overlap } from './console-text.ts';
import { connectSerial, type SerialSocket } from './serial-socket.ts';
import type { ServerCalls } from './server-control.ts';

/** What a serial port works with. */
export interface SerialParts {
  readonly calls: Pick<ServerCalls, 'consoleOutput' | 'serialConsole'>;
  /** ID of the server, while there is one. */
  readonly server: () => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Newest bytes that are kept. */
const historyLimit = 1 << 20;

/** Between two looks at the console log while somebody listens. Milliseconds. */
const logInterval = 2_000;

/** Between two looks at a console log that cannot be had, and two tries for a websocket that was refused for now. Milliseconds. */
const retryInterval = 15_000;

/**
 * Lines of the console log that are fetched while somebody listens; everything, when that is not enough to go on from
 * what is known.
 */
const tailLines = 400;

/** Refusals of a websocket that pass: the machine is off, or its hypervisor does not know it while it is started. */
const notNow: ReadonlySet<OpenStackErrorCode> = new Set(['conflict', 'not-found']);

/**
 * The serial port of a server: a websocket where the cloud has a proxy for serial consoles, else the console log,
 * which is only read. Nova is only asked while somebody listens.
 */
export class OpenStackSerial implements SerialPort {
  readonly #parts: SerialParts;
  readonly #listeners = new Set<(bytes: Buffer) => void>();
  /** What the machine is known to have sent; `undefined` until the log was looked at. */
  #known: Buffer | undefined;
  /** Where in that the machine's present run begins. */
  #from = 0;
  /** From when the machine's run ended until it is known that the next one has begun: where in `#known` that may be. */
  #next: { at: number | undefined } | undefined;
  #firstLook: Promise<void> | undefined;
  /** Grows when the machine is started: what is fetched across that is thrown away. */
  #start = 0;
  #socket: SerialSocket | undefined;
  /** Whether the cloud has websockets for serial ports; `undefined` until it was asked. */
  #hasSockets: boolean | undefined;
  #running: AbortController | undefined;
  #woken: (() => void) | undefined;

  constructor(parts: SerialParts) {
    this.#parts = parts;
  }

  /** Whether what is typed reaches the machine; `undefined` as long as nobody has listened. */
  get writable(): boolean | undefined {
    return this.#hasSockets;
  }

  async history(): Promise<Buffer> {
    if (!this.#running || this.#socket) return this.#logWithoutWhatIsTold();
    if (!this.#known) await this.#lookOnce();
    return this.#known?.subarray(this.#from) ?? Buffer.alloc(0);
  }

  listen(listener: (bytes: Buffer) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#running) {
      this.#known = undefined;
      this.#from = 0;
      if (this.#next) this.#next = { at: undefined };
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  write(bytes: Uint8Array): void {
    this.#socket?.send(bytes);
  }

  /** Nova's console has no such thing. */
  sendBreak(): void {}

  /** The machine is off, or about to be reset: what it sends from now on may be of its next run. */
  ended(): void {
    this.#next = { at: undefined };
  }

  /** The machine has been powered on or reset. Its console begins anew, unless that has been noticed already. */
  restarted(): void {
    this.#start += 1;
    const at = this.#next?.at;
    this.#next = undefined;
    if (at === undefined) this.#known = Buffer.alloc(0);
    this.#from = at ?? 0;
    this.#woken?.();
  }

  /** Asks Nova no more. */
  close(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** While somebody listens. Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const url = this.#hasSockets === false ? undefined : await this.#socketUrl(signal);
      if (url !== undefined && !signal.aborted) await this.#followSocket(url, signal);
      else await this.#followLog(signal);
    }
  }

  /** The URL of a websocket; `undefined` when there is none, for now or at all. */
  async #socketUrl(signal: AbortSignal): Promise<string | undefined> {
    const server = this.#parts.server();
    if (server === undefined) return undefined;
    try {
      const { url } = await this.#parts.calls.serialConsole(server, { reason: 'console', signal });
      this.#hasSockets = true;
      return url;
    } catch (error) {
      const forGood = error instanceof OpenStackError && !error.passing && !notNow.has(error.code);
      if (forGood) this.#hasSockets = false;
      return undefined;
    }
  }

  async #followSocket(url: string, signal: AbortSignal): Promise<void> {
    let held: Buffer[] | undefined = [];
    const socket = await connectSerial(url, bytes => {
      if (held) held.push(bytes);
      else this.#tell(bytes);
    });
    if (!socket || signal.aborted) {
      socket?.close();
      if (!socket)
        this.#parts.log.warn(
          { server: this.#parts.server() },
          'the serial console’s websocket cannot be reached',
        );
      return this.#followLog(signal);
    }
    this.#socket = socket;
    // What the machine said before it was connected is in its log; what it says since then may be there already, too.
    await this.#readLog(signal);
    const since = Buffer.concat(held);
    held = undefined;
    if (!signal.aborted) this.#tell(since.subarray(overlap(this.#known ?? Buffer.alloc(0), since)));
    await socket.ended;
    if (this.#socket === socket) this.#socket = undefined;
    await this.#wait(logInterval, signal);
  }

  /** Reads the log until it is time to try for a websocket. */
  async #followLog(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const start = this.#start;
    const until = clock.now() + retryInterval;
    do {
      const read = await this.#readLog(signal);
      await this.#wait(read ? logInterval : retryInterval, signal);
      if (this.#hasSockets !== false && (this.#start !== start || clock.now() >= until)) return;
    } while (!signal.aborted);
  }

  /** @returns whether it could be read */
  async #readLog(signal: AbortSignal): Promise<boolean> {
    if (!this.#known) {
      await this.#lookOnce();
      return this.#known !== undefined;
    }
    const start = this.#start;
    const tail = await this.#fetch(tailLines, signal);
    let text = tail && newText(this.#known, tail);
    if (tail && !text) {
      const all = await this.#fetch(undefined, signal);
      text = all && newText(this.#known, all);
      // The log began anew.
      if (all && !text && start === this.#start) {
        this.#known = Buffer.alloc(0);
        this.#from = 0;
      }
      text ??= all;
    }
    if (start === this.#start && text && !signal.aborted) this.#tell(text);
    return text !== undefined;
  }

  /** Looks at the log for the first time: what is in it was sent before. */
  #lookOnce(): Promise<void> {
    this.#firstLook ??= this.#look().finally(() => {
      this.#firstLook = undefined;
    });
    return this.#firstLook;
  }

  async #look(): Promise<void> {
    const start = this.#start;
    const text = await this.#fetch(undefined, this.#running?.signal);
    if (text && start === this.#start) this.#known = text;
  }

  async #logWithoutWhatIsTold(): Promise<Buffer> {
    const told: Buffer[] = [];
    const stop = this.#running ? this.listen(bytes => told.push(bytes)) : undefined;
    try {
      const text = (await this.#fetch(undefined, undefined)) ?? Buffer.alloc(0);
      return text.subarray(0, text.length - overlap(text, Buffer.concat(told)));
    } finally {
      stop?.();
    }
  }

  async #fetch(lines: number | undefined, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
    const server = this.#parts.server();
    if (server === undefined) return undefined;
    try {
      return Buffer.from(await this.#parts.calls.consoleOutput(server, lines, { reason: 'console', signal }));
    } catch (error) {
      if (!signal?.aborted) this.#parts.log.debug({ server, error: messageOf(error) }, 'no console log');
      return undefined;
    }
  }

  #tell(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const before = this.#known ?? Buffer.alloc(0);
    if (this.#next) this.#next.at ??= before.length;
    const all = Buffer.concat([before, bytes]);
    const dropped = Math.max(0, all.length - historyLimit);
    this.#known = all.subarray(dropped);
    this.#from = Math.max(0, this.#from - dropped);
    if (this.#next?.at !== undefined) this.#next.at = Math.max(0, this.#next.at - dropped);
    for (const listener of this.#listeners) listener(bytes);
  }

  /** Waits, but not beyond the machine's next start. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    this.#woken = () => early.abort();
    await delay(this.#parts.clock, ms, AbortSignal.any([signal, early.signal])).catch(() => undefined);
    this.#woken = undefined;
  }
}
