import { createHash, timingSafeEqual } from 'node:crypto';
import type { Document } from '../support/document.ts';
import { QuintupleoError } from '../support/errors.ts';
import { KeptValue } from '../support/kept-value.ts';
import {
  type Account,
  type AccountChange,
  type Accounts,
  accountSlots,
  freeAccount,
  type Privilege,
} from './accounts.ts';

/** A user that the lab file gives a BMC. */
export interface InitialUser {
  readonly name: string;
  readonly password: string;
  readonly privilege: Privilege;
}

/** What is on disk: by slot, what clients changed. */
export interface StoredAccounts {
  readonly slots: Readonly<Record<string, StoredSlot>>;
}

interface StoredSlot extends Omit<AccountChange, 'password'> {
  /** Base64. */
  readonly password?: string;
  /** The lab file's user that was changed, as a digest: when the file says something new, the file counts. */
  readonly base: string;
}

/** Slot 1 is the anonymous user's, so the lab file's users begin in slot 2. */
const firstSlot = 2;
const longestName = 16;
const longestPassword = 20;

/** The users of a BMC: those of the lab file, and over them what clients changed, which a document keeps. */
export class AccountStore implements Accounts {
  readonly #users: readonly InitialUser[];
  readonly #changes: KeptValue<StoredAccounts>;
  #slots: readonly Account[] = freeSlots;
  /** Of the changes that the slots show. */
  #shown: number | undefined;

  private constructor(users: readonly InitialUser[], changes: KeptValue<StoredAccounts>) {
    this.#users = users;
    this.#changes = changes;
  }

  /**
   * Reads what clients changed, and lays it over the lab file's users.
   * @throws QuintupleoError of family `config` when the users do not fit a BMC
   */
  static async open(
    document: Document<StoredAccounts>,
    users: readonly InitialUser[],
  ): Promise<AccountStore> {
    checkUsers(users);
    return new AccountStore(users, await KeptValue.open(document, { slots: {} }));
  }

  get slots(): readonly Account[] {
    if (this.#shown !== this.revision) {
      this.#shown = this.revision;
      this.#slots = freeSlots.map(free => this.#slotOf(free));
    }
    return this.#slots;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#changes.revision;
  }

  get(id: number): Account | undefined {
    return this.slots[id - 1];
  }

  find(name: string): Account | undefined {
    const wanted = padded(name);
    let found: Account | undefined;
    // All slots are compared, all of their bytes: how long it takes says nothing of the names.
    for (const account of this.slots) {
      const isAnonymous = account.id < firstSlot;
      const same = timingSafeEqual(wanted, padded(account.name));
      if (same && account.enabled && isAnonymous === (name === '')) found ??= account;
    }
    return found;
  }

  /** A change that cannot be kept is none. */
  async change(id: number, change: AccountChange): Promise<void> {
    const account = this.get(id);
    if (!account) throw new RangeError(`a BMC has no user slot ${id}`);
    if (account.fixedName && change.name !== undefined && change.name !== account.name) {
      throw new RangeError(`user slot ${id} keeps its name`);
    }
    const { password, ...rest } = change;
    const user = this.#users[id - firstSlot];
    const base = digestOf(user);
    const { slots } = this.#changes.value;
    const before = slots[id];
    const slot: StoredSlot = {
      ...(before?.base === base ? before : {}),
      ...rest,
      ...(password === undefined ? {} : { password: password.toString('base64') }),
      base,
    };
    await this.#changes.change({ slots: { ...slots, [id]: slot } });
  }

  /** What the lab file says, and over it what clients changed since it says that. */
  #slotOf(free: Account): Account {
    const user = this.#users[free.id - firstSlot];
    const change = this.#changes.value.slots[free.id];
    const base = user ? accountOf(free.id, user) : free;
    return change?.base === digestOf(user) ? { ...base, ...changeOf(change) } : base;
  }
}

/** All slots of a BMC that nobody has set up; shared by all BMCs. */
const freeSlots: readonly Account[] = Array.from({ length: accountSlots }, (_, index) => ({
  ...freeAccount,
  id: index + 1,
  fixedName: false,
}));

function accountOf(id: number, user: InitialUser): Account {
  return {
    id,
    name: user.name,
    password: Buffer.from(user.password),
    privilege: user.privilege,
    enabled: true,
    ipmiMessaging: true,
    linkAuthentication: true,
    callbackOnly: false,
    sol: true,
    fixedName: true,
  };
}

function changeOf(stored: StoredSlot): AccountChange {
  const { base: _, password, ...rest } = stored;
  return password === undefined ? rest : { ...rest, password: Buffer.from(password, 'base64') };
}

function digestOf(user: InitialUser | undefined): string {
  if (!user) return '';
  const text = JSON.stringify([user.name, user.password, user.privilege]);
  return createHash('sha256').update(text).digest('hex');
}

/** A name as bytes of one length; one too long for a BMC is unlike all that fit. */
function padded(name: string): Buffer {
  const bytes = Buffer.alloc(longestName + 1);
  bytes[longestName] = Math.min(Buffer.byteLength(name), 0xff);
  bytes.write(name, 0, longestName);
  return bytes;
}

function checkUsers(users: readonly InitialUser[]): void {
  const problem = problemOf(users);
  if (problem === undefined) return;
  throw new QuintupleoError(problem, {
    family: 'config',
    code: 'BMC_USERS_INVALID',
    remedy: 'Correct the users of the BMC in the lab file.',
  });
}

function problemOf(users: readonly InitialUser[]): string | undefined {
  const room = accountSlots - firstSlot + 1;
  if (users.length > room) return `a BMC has room for ${room} users, not ${users.length}`;
  const names = new Set<string>();
  for (const { name, password } of users) {
    if (name === '') return 'a BMC user needs a name';
    if (Buffer.byteLength(name) > longestName) return `BMC user ${name}: names have at most 16 bytes`;
    if (Buffer.byteLength(password) > longestPassword) {
      return `BMC user ${name}: passwords have at most 20 bytes`;
    }
    if (names.has(name)) return `BMC user ${name} is there twice`;
    names.add(name);
  }
  return undefined;
}
