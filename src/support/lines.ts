/** Puts the lines of a stream together, however its bytes come. */
export class Lines {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** @returns the lines that have come to their end with these bytes; empty ones are left away */
  take(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter(line => line.trim() !== '');
  }
}
