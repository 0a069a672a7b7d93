/** How long a client may take to repeat a request. Milliseconds. @see IPMB 1.0 §4.11: sequence number expiration */
const memory = 5_000;

/**
 * The latest request of a session and its response. A client that got no response sends its request again, in a new
 * packet but with the same message sequence number; a power cycle must not be done twice for that.
 *
 * Kept as strings: a slice of one of Node's buffer pools would keep all of the pool.
 */
export class LastExchange {
  #request = '';
  #response: string | undefined;
  #startedAt = 0;

  /**
   * Takes note of a request.
   * @returns `new`; or `in-progress` for one whose first copy is still being worked on; or the response it had
   */
  begin(request: Buffer, now: number): 'new' | 'in-progress' | Buffer {
    const text = request.toString('latin1');
    if (text === this.#request && now - this.#startedAt < memory) {
      return this.#response === undefined ? 'in-progress' : Buffer.from(this.#response, 'latin1');
    }
    this.#request = text;
    this.#response = undefined;
    this.#startedAt = now;
    return 'new';
  }

  /** Takes note of a request's response. */
  end(request: Buffer, response: Buffer): void {
    if (request.toString('latin1') === this.#request) this.#response = response.toString('latin1');
  }
}
