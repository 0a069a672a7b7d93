import { type EventRecord, lossRecord } from './event-record.ts';

/** How many events wait for one subscriber. */
export const queueCapacity = 256;

/** The events that one subscriber has still to be told; when there are too many, the oldest are lost, and that is told. */
export class EventQueue {
  readonly #records: EventRecord[] = [];
  #lost = 0;
  /** How many of those {@link next} has told of. */
  #mentioned = 0;

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  add(record: EventRecord): void {
    this.#records.push(record);
    if (this.#records.length <= queueCapacity) return;
    this.#records.shift();
    this.#lost++;
  }

  /** What to tell next: the oldest event, after word of those that were lost; empty when there is nothing. */
  next(): readonly EventRecord[] {
    const [first] = this.#records;
    this.#mentioned = this.#lost;
    if (!first) return [];
    return this.#lost > 0 ? [lossRecord(`${first.id}-lost`, first.at), first] : [first];
  }

  /** That has been told. */
  told(records: readonly EventRecord[]): void {
    // Those that were lost meanwhile are told of with the next one.
    this.#lost -= this.#mentioned;
    this.#mentioned = 0;
    const last = records.at(-1);
    const place = last ? this.#records.indexOf(last) : -1;
    this.#records.splice(0, place + 1);
  }

  /** Forgets what is older. @param at - milliseconds since the epoch */
  dropOlderThan(at: number): void {
    const kept = this.#records.filter(record => record.at >= at);
    this.#records.splice(0, this.#records.length, ...kept);
  }
}
