import type { Document } from './document.ts';

/** A small value that is kept on disk. */
export interface Kept<T> {
  readonly value: T;
  /** Changes part of it; resolves when that is on disk. */
  change(change: Partial<T>): Promise<void>;
}

/** A small value that a document keeps. */
export class KeptValue<T extends object> implements Kept<T> {
  readonly #document: Document<T>;
  /** What is on disk. */
  #kept: T;
  #value: T;
  #revision = 0;

  private constructor(document: Document<T>, value: T) {
    this.#document = document;
    this.#kept = value;
    this.#value = value;
  }

  /** Reads what there is; a part that is not there is as in a new one. */
  static async open<T extends object>(document: Document<T>, initial: T): Promise<KeptValue<T>> {
    const stored = await document.read();
    return new KeptValue(document, stored ? { ...initial, ...stored } : initial);
  }

  get value(): T {
    return this.#value;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** A change that cannot be kept is none. */
  async change(change: Partial<T>): Promise<void> {
    const value = { ...this.#value, ...change };
    this.#show(value);
    try {
      await this.#document.write(value);
      this.#kept = value;
    } catch (error) {
      // Who has changed more meanwhile writes this, too.
      if (this.#value === value) this.#show(this.#kept);
      throw error;
    }
  }

  #show(value: T): void {
    this.#value = value;
    this.#revision++;
  }
}
