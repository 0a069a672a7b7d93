/** How much of what a machine has said waits for a slow console: the newest bytes. */
const capacity = 64 * 1024;

/** Characters on their way to a console. */
export class SolBacklog {
  #chunks: Buffer[] = [];
  #length = 0;
  #overrun = false;

  get length(): number {
    return this.#length;
  }

  /** Adds characters; the oldest ones make room for them. */
  push(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    const excess = this.#length - capacity;
    if (excess <= 0) return;
    this.take(excess);
    this.#overrun = true;
  }

  /** Gives characters back that were taken and not delivered. */
  putBack(bytes: Buffer): void {
    this.#chunks.unshift(bytes);
    this.#length += bytes.length;
  }

  /** Takes at most `count` characters, oldest first. */
  take(count: number): Buffer {
    const taken: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[0];
      if (!chunk) break;
      taken.push(chunk.subarray(0, missing));
      if (chunk.length <= missing) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(missing);
      missing -= chunk.length;
    }
    const bytes = Buffer.concat(taken);
    this.#length -= bytes.length;
    return bytes;
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  /** Notes that characters were lost on their way. */
  markOverrun(): void {
    this.#overrun = true;
  }

  /** Whether characters have been lost since this was last asked. */
  takeOverrun(): boolean {
    const overrun = this.#overrun;
    this.#overrun = false;
    return overrun;
  }
}
