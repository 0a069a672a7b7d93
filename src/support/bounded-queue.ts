/** What waits to be passed on, oldest first; when there is too much, the oldest is lost, and that is told. */
export class BoundedQueue<T extends { readonly at: number }> {
  readonly #capacity: number;
  readonly #wordOfLoss: (before: T) => T;
  readonly #items: T[] = [];
  #lost = 0;
  /** How many of those {@link next} has told of. */
  #mentioned = 0;

  /** @param wordOfLoss - makes what tells that something was lost before this */
  constructor(capacity: number, wordOfLoss: (before: T) => T) {
    this.#capacity = capacity;
    this.#wordOfLoss = wordOfLoss;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length <= this.#capacity) return;
    this.#items.shift();
    this.#lost++;
  }

  /** What to tell next: the oldest, after word of what was lost; empty when there is nothing. */
  next(): readonly T[] {
    const [first] = this.#items;
    this.#mentioned = this.#lost;
    if (!first) return [];
    return this.#lost > 0 ? [this.#wordOfLoss(first), first] : [first];
  }

  /** That has been told. */
  told(items: readonly T[]): void {
    // Those that were lost meanwhile are told of with the next one.
    this.#lost -= this.#mentioned;
    this.#mentioned = 0;
    const last = items.at(-1);
    const place = last ? this.#items.indexOf(last) : -1;
    this.#items.splice(0, place + 1);
  }

  /** Forgets what is older. @param at - milliseconds since the epoch */
  dropOlderThan(at: number): void {
    const kept = this.#items.filter(item => item.at >= at);
    this.#items.splice(0, this.#items.length, ...kept);
  }
}
