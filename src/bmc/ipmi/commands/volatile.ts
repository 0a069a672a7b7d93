import type { Bmc } from '../bmc.ts';
import { CompletionCode } from '../completion.ts';

/** What a BMC keeps for a while only. Nothing is kept for a BMC that no client has asked. */

/**
 * Reservations of a record store: a client's promise that what it reads or deletes in several steps is still the
 * same. The newest one is the one that holds.
 * @see IPMI 2.0 §31.4
 */
export class Reservations {
  readonly #held = new WeakMap<Bmc, { readonly id: number; readonly epoch: number }>();

  /** @param epoch - changes when records go away, which ends the reservation */
  reserve(bmc: Bmc, epoch: number): number {
    const id = ((this.#held.get(bmc)?.id ?? 0) % 0xffff) + 1;
    this.#held.set(bmc, { id, epoch });
    return id;
  }

  /** Lets the reservation outlive a change that its holder made itself. */
  renew(bmc: Bmc, epoch: number): void {
    const held = this.#held.get(bmc);
    if (held) this.#held.set(bmc, { id: held.id, epoch });
  }

  holds(bmc: Bmc, id: number, epoch: number): boolean {
    const held = this.#held.get(bmc);
    return held?.id === id && held.epoch === epoch;
  }
}

/** How long a client's "set in progress" keeps others out when the client never ends it. Milliseconds. */
const progressLapsesAfter = 60_000;

/**
 * The "set in progress" parameter: keeps two clients from setting a group of parameters at once.
 * @see IPMI 2.0 table 23-4, parameter 0
 */
export class SetInProgress {
  readonly #since = new WeakMap<Bmc, number>();

  /** 0 for set complete, 1 for set in progress. */
  get(bmc: Bmc): 0 | 1 {
    const since = this.#since.get(bmc);
    return since !== undefined && bmc.clock.now() - since < progressLapsesAfter ? 1 : 0;
  }

  /** @param state - 0 set complete, 1 set in progress, 2 commit write: what was written is in effect already */
  set(bmc: Bmc, state: number): CompletionCode {
    switch (state) {
      case 0:
      case 2:
        this.#since.delete(bmc);
        return CompletionCode.ok;
      case 1:
        if (this.get(bmc) === 1) return CompletionCode.setInProgress;
        this.#since.set(bmc, bmc.clock.now());
        return CompletionCode.ok;
      default:
        return CompletionCode.invalidField;
    }
  }
}
