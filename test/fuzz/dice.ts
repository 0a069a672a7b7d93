import { createRandom } from '../../src/support/random.ts';

/** Choices that follow from a seed, so that a run can be had again. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** True so many times out of a hundred. */
  percent(share: number): boolean {
    return this.#random() * 100 < share;
  }

  pick<T>(values: readonly [T, ...T[]]): T;
  pick<T>(values: readonly T[]): T | undefined;
  pick<T>(values: readonly T[]): T | undefined {
    return values[this.below(values.length)];
  }

  byte(): number {
    return this.below(256);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.byte();
    return bytes;
  }

  /** As a BMC and a client want their randomness. */
  readonly fill = (target: Buffer, start: number, end: number): void => {
    for (let at = start; at < end; at++) target[at] = this.byte();
  };
}
