import { type FSWatcher, watch } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { run } from '../../host/programs.ts';
import type { SerialPort } from '../../node/serial.ts';
import { messageOf, systemCodeOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { Turnstile } from '../../support/wait.ts';

/** Newest bytes of the log that are told as history. */
const historyLimit = 1 << 20;

/** How much of the log is kept on disk at least, and at most twice as much while somebody reads it. */
const diskLimit = 32 << 20;

const chunkSize = 64 << 10;

/**
 * The serial port of a QEMU machine. QEMU writes all output to a file, which is the truth; the kernel says when there is
 * more to read. So nothing is lost or told twice, whoever runs when. Input goes through a FIFO.
 */
export class QemuSerial implements SerialPort {
  readonly passive = true;
  readonly #path: { log: string; input: string };
  readonly #log: Logger;
  readonly #sendBreak: () => void;
  readonly #listeners = new Set<(bytes: Buffer) => void>();
  readonly #reading = new Turnstile();
  readonly #writing = new Turnstile();
  /** How much of the log has been told; `undefined` as long as nobody was there to be told. */
  #offset: number | undefined;
  /** Where the part of the log that is still on disk begins. */
  #dropped = 0;
  #watcher: FSWatcher | undefined;
  #readQueued = false;

  constructor(path: { log: string; input: string }, parts: { log: Logger; sendBreak: () => void }) {
    this.#path = path;
    this.#log = parts.log;
    this.#sendBreak = parts.sendBreak;
  }

  /**
   * The machine's QEMU is there: tells listeners from now on what it sends.
   * @param fresh - whether it has just been started, so that its log is told from the beginning
   * @returns when nothing can be missed any more
   */
  async attach(fresh: boolean): Promise<void> {
    this.#offset = fresh ? 0 : ((await this.#size()) ?? 0);
    this.#dropped = 0;
    this.#watcher = watch(this.#path.log, { persistent: false }, () => this.#readSoon());
    this.#watcher.on('error', error =>
      this.#log.error({ log: this.#path.log, error: error.message }, 'serial port'),
    );
  }

  /** QEMU has ended: tells the rest of what it sent. */
  async detach(): Promise<void> {
    this.close();
    await this.#read();
  }

  /** No longer looks at what the machine sends. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  history(): Promise<Buffer> {
    // What has been told by now: a read that is under way tells the rest to who listens from now on.
    const told = this.#offset;
    return this.#reading.run(async () => {
      const end = told ?? (await this.#size()) ?? 0;
      const start = Math.max(0, end - historyLimit);
      const parts: Buffer[] = [];
      await this.#readBetween(start, end, bytes => parts.push(bytes));
      return Buffer.concat(parts);
    });
  }

  listen(listener: (bytes: Buffer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(bytes: Uint8Array): void {
    if (!this.#watcher) return;
    const copy = Uint8Array.from(bytes);
    void this.#writing.run(() => this.#write(copy));
  }

  sendBreak(): void {
    this.#sendBreak();
  }

  /** What a full FIFO does not take is lost, as on a real port that nobody reads. Never rejects. */
  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await using input = await open(this.#path.input, constants.O_WRONLY | constants.O_NONBLOCK);
      await input.write(bytes);
    } catch (error) {
      this.#log.debug(
        { input: this.#path.input, error: messageOf(error) },
        'the machine does not read its serial port',
      );
    }
  }

  #readSoon(): void {
    // A machine sends byte by byte: one read that waits for its turn takes all that came until then.
    if (!this.#readQueued) void this.#read();
    this.#readQueued = true;
  }

  /** Tells what has been logged since the last time. Never rejects. */
  #read(): Promise<void> {
    return this.#reading.run(async () => {
      this.#readQueued = false;
      try {
        await this.#readBetween(this.#offset ?? 0, Number.POSITIVE_INFINITY, bytes => {
          this.#offset = (this.#offset ?? 0) + bytes.length;
          for (const listener of this.#listeners) listener(bytes);
        });
        await this.#dropOldest();
      } catch (error) {
        this.#log.error({ log: this.#path.log, error: messageOf(error) }, 'the serial log cannot be read');
      }
    });
  }

  /** Gives the disk back what is older than anybody asks for; what is left keeps its place in the file. */
  async #dropOldest(): Promise<void> {
    const keepFrom = (this.#offset ?? 0) - diskLimit;
    if (keepFrom - this.#dropped < diskLimit) return;
    this.#dropped = keepFrom;
    await run('fallocate', ['--punch-hole', '--offset', '0', '--length', String(keepFrom), this.#path.log]);
  }

  async #readBetween(start: number, end: number, take: (bytes: Buffer) => void): Promise<void> {
    const file = await this.#open();
    if (!file) return;
    try {
      for (let at = start; at < end; ) {
        const buffer = Buffer.alloc(Math.min(chunkSize, end - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        take(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async #size(): Promise<number | undefined> {
    const file = await this.#open();
    if (!file) return undefined;
    try {
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.#path.log, 'r');
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}
