/** How many numbers below the highest one seen may still come late. */
const width = 32;

/**
 * Remembers which packets of a session have come, so that none is taken twice.
 * A number above the highest is taken however far it jumps: the packet's authentication vouches for it, and a client
 * that lost many packets must not be locked out of its own session. Below, only what has not been seen and is near.
 * @see IPMI 2.0 §6.12.13
 */
export class SequenceWindow {
  #highest: number;
  /** Bit n: number `highest - n` has been seen. */
  #seen = 1;

  /** @param highest - number before the first one that is expected */
  constructor(highest = 0) {
    this.#highest = highest >>> 0;
  }

  /** Whether a packet is new; from then on it is not. */
  accept(sequence: number): boolean {
    if (sequence === 0) return false;
    // Signed difference of 32-bit numbers, so that the window runs over the end of their range.
    const ahead = (sequence - this.#highest) | 0;
    if (ahead > 0) {
      this.#seen = ahead >= width ? 1 : (this.#seen << ahead) | 1;
      this.#highest = sequence;
      return true;
    }
    if (-ahead >= width) return false;
    const bit = 1 << -ahead;
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    return true;
  }
}

/** The sequence number after one: 0 is left out, it marks packets outside sessions. */
export function nextSequence(sequence: number): number {
  return sequence >= 0xffff_ffff ? 1 : sequence + 1;
}
