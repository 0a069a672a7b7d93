import type { Kept } from '../bmc/redfish/model.ts';
import type { Document } from '../support/document.ts';

/** A small value that a document keeps. */
export class KeptValue<T extends object> implements Kept<T> {
  readonly #document: Document<T>;
  #value: T;
  #revision = 0;

  private constructor(document: Document<T>, value: T) {
    this.#document = document;
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

  async change(change: Partial<T>): Promise<void> {
    this.#value = { ...this.#value, ...change };
    this.#revision++;
    await this.#document.write(this.#value);
  }
}
