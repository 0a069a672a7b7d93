import type { Document } from '../../support/document.ts';
import { type BmcMemory, type BmcMemoryContent, emptyMemory } from './memory.ts';

/** A BMC's memory in a document. */
export class BmcMemoryStore implements BmcMemory {
  readonly #document: Document<BmcMemoryContent>;
  #content: BmcMemoryContent;
  #revision = 0;

  private constructor(document: Document<BmcMemoryContent>, content: BmcMemoryContent) {
    this.#document = document;
    this.#content = content;
  }

  /** Reads what there is; a part that an older version did not know is as in a new BMC. */
  static async open(document: Document<BmcMemoryContent>): Promise<BmcMemoryStore> {
    const stored = await document.read();
    return new BmcMemoryStore(document, stored ? { ...emptyMemory, ...stored } : emptyMemory);
  }

  get content(): BmcMemoryContent {
    return this.#content;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  async change(change: Partial<BmcMemoryContent>): Promise<void> {
    this.#content = { ...this.#content, ...change };
    this.#revision++;
    await this.#document.write(this.#content);
  }
}
