import type { Account, AccountChange, Accounts } from '../../bmc/accounts.ts';
import type { BmcMemoryContent } from '../../bmc/ipmi/memory.ts';
import type { FaultView } from '../../faults/faults.ts';
import type { KeptMemory } from '../bmc-endpoint.ts';

/** A BMC's users as IPMI logins find them, with passwords that nobody knows while those are wrong on purpose. */
export class FaultyAccounts implements Accounts {
  readonly #accounts: Accounts;
  readonly #view: FaultView;
  readonly #unknown: Buffer;

  /** @param unknown - a password that nobody knows: at most 16 bytes, which IPMI 1.5 can take */
  constructor(accounts: Accounts, view: FaultView, unknown: Buffer) {
    this.#accounts = accounts;
    this.#view = view;
    this.#unknown = unknown;
  }

  get slots(): readonly Account[] {
    return this.#accounts.slots;
  }

  find(name: string): Account | undefined {
    const account = this.#accounts.find(name);
    const wrong = account && this.#view.find('wrong-password');
    if (!wrong) return account;
    wrong.felt();
    return { ...account, password: this.#unknown };
  }

  get(id: number): Account | undefined {
    return this.#accounts.get(id);
  }

  change(id: number, change: AccountChange): Promise<void> {
    return this.#accounts.change(id, change);
  }
}

/** What a BMC remembers, with a clock that may be wrong on purpose. */
export class FaultyMemory implements KeptMemory {
  readonly #memory: KeptMemory;
  readonly #view: FaultView;
  #changes = 0;

  constructor(memory: KeptMemory, view: FaultView) {
    this.#memory = memory;
    this.#view = view;
  }

  get value(): BmcMemoryContent {
    const { value } = this.#memory;
    const skew = this.#view.find('clock-skew');
    return skew ? { ...value, clockOffset: value.clockOffset + skew.fault.by } : value;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#memory.revision + this.#changes;
  }

  /** The clock has become wrong, or right. */
  skewed(): void {
    this.#changes++;
  }

  change(change: Partial<BmcMemoryContent>): Promise<void> {
    return this.#memory.change(change);
  }
}
