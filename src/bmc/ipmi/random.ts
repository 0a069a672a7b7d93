import { randomFillSync } from 'node:crypto';

/** Where unpredictable bytes come from; a test may pass its own. */
export interface Random {
  /** Fills `target[start, end)`. */
  fill(target: Buffer, start: number, end: number): void;
}

/** Draws from the system in bulk: one call for a packet's sixteen bytes costs more than all of its encryption. */
class PooledRandom implements Random {
  readonly #pool = Buffer.alloc(4096);
  #used = this.#pool.length;

  fill(target: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size > this.#pool.length) {
      randomFillSync(target, start, size);
      return;
    }
    if (this.#used + size > this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#pool.copy(target, start, this.#used, this.#used + size);
    // What has been handed out is not kept.
    this.#pool.fill(0, this.#used, this.#used + size);
    this.#used += size;
  }
}

/** The system's own. */
export const systemRandom: Random = new PooledRandom();

/** So many unpredictable bytes. */
export function randomBuffer(random: Random, size: number): Buffer {
  const buffer = Buffer.alloc(size);
  random.fill(buffer, 0, size);
  return buffer;
}
