import { open, rename, stat } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { onBehalfOf } from '../../support/request-scope.ts';
import { Turnstile } from '../../support/wait.ts';
import { type Notice, type NoticeSink, noticeJson } from './notice.ts';

/** How many notices wait for a slow disk. */
const capacity = 4_096;

/** How a file of events is kept. */
export interface EventFileSettings {
  /** Its folder must be there. */
  readonly path: string;
  /** Bytes that it may have. */
  readonly size: number;
  /** How many full files are kept besides. */
  readonly keep: number;
}

/**
 * Appends notices to a file, a JSON value a line, which only its owner may read. A file that has become too large is
 * kept as `FILE.1`, that as `FILE.2`, and so on; the oldest goes.
 */
export class EventFile implements NoticeSink {
  readonly #settings: EventFileSettings;
  readonly #log: Logger;
  readonly #turnstile = new Turnstile();
  #waiting: string[] = [];
  #lost = 0;

  constructor(settings: EventFileSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  offer(notice: Notice): void {
    if (this.#waiting.length >= capacity) {
      this.#lost++;
      return;
    }
    this.#waiting.push(`${noticeJson(notice)}\n`);
    // What comes until the disk has taken the lines before is written together.
    if (this.#waiting.length > 1) return;
    void onBehalfOf(undefined, () => this.#turnstile.run(() => this.#write()));
  }

  /** Resolves when all that was offered is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turnstile.run(async () => undefined);
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const { path } = this.#settings;
    const lines = this.#waiting;
    this.#waiting = [];
    try {
      await this.#rotate(lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0));
      const file = await open(path, 'a', 0o600);
      try {
        await file.writeFile(lines.join(''));
      } finally {
        await file.close();
      }
      if (this.#lost > 0)
        this.#log.warn({ path, lost: this.#lost }, 'events were lost: the disk is too slow');
      this.#lost = 0;
    } catch (error) {
      const lost = lines.length;
      this.#log.error({ path, lost, error: messageOf(error) }, 'events could not be written');
    }
  }

  async #rotate(more: number): Promise<void> {
    const { path, size, keep } = this.#settings;
    const now = await sizeOf(path);
    if (now === 0 || now + more <= size) return;
    for (let age = keep; age > 0; age--) {
      await moveIfThere(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`);
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
