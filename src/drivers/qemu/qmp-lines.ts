/** Cuts a byte stream into lines, and holds no more than one line's limit in memory. */
export class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #held = 0;

  /** @param limit - longest line, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes the next bytes.
   * @returns the lines that they complete, without their ends; `undefined` when a line is too long, after which
   *   the stream is of no more use
   */
  push(bytes: Buffer): string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      if (!this.#hold(bytes.subarray(start, end))) return undefined;
      lines.push(this.#take());
      start = end + 1;
    }
    return this.#hold(bytes.subarray(start)) ? lines : undefined;
  }

  #hold(part: Buffer): boolean {
    this.#held += part.length;
    if (this.#held > this.#limit) return false;
    if (part.length > 0) this.#parts.push(part);
    return true;
  }

  #take(): string {
    const line = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#held = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
