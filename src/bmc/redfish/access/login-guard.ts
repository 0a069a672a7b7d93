import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../support/clock.ts';
import type { Kept } from '../../../support/kept-value.ts';
import type { Logger } from '../../../support/log.ts';
import type { Account, Accounts } from '../../accounts.ts';
import { message } from '../messages/message.ts';
import { busy, RedfishProblem } from '../messages/problem.ts';
import type { Logins } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';
import { roleOf } from './privileges.ts';

/** What a {@link LoginGuard} works with. */
export interface LoginParts {
  readonly accounts: Accounts;
  readonly settings: Kept<ServiceSettings>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Wrong logins that a client may have tried at once, and how many more a second. */
const burst = 60;
const perSecond = 4;

/** Clients whose wrong logins are remembered. */
const mostClients = 1024;

interface Failures {
  count: number;
  /** When the latest one was; milliseconds since the epoch. */
  latest: number;
  lockedUntil: number;
}

/** Checks names and passwords; locks accounts, and holds up clients, that try too many wrong ones. */
export class LoginGuard implements Logins {
  readonly #parts: LoginParts;
  readonly #byAccount = new Map<number, Failures>();
  /** How many wrong logins a client has tried of late: it goes down with time. */
  readonly #byClient = new Map<string, { count: number; at: number }>();

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  check(userName: string, password: string, remote: string): Account {
    if (this.#tried(remote) >= burst) throw busy('too many wrong logins came from there');
    const account = this.#parts.accounts.find(userName);
    // A user whom IPMI has named and not given a password yet has none that is right.
    const right = isSame(password, account?.password ?? Buffer.alloc(0)) && password !== '';
    if (account && account.name !== '' && right && roleOf(account.privilege) && !this.isLocked(account.id)) {
      this.#byAccount.delete(account.id);
      return account;
    }
    if (account && !right) this.#countForAccount(account);
    this.#countForClient(remote);
    throw loginFailed();
  }

  isLocked(account: number): boolean {
    const failures = this.#byAccount.get(account);
    return failures !== undefined && this.#parts.clock.now() < failures.lockedUntil;
  }

  unlock(account: number): void {
    this.#byAccount.delete(account);
  }

  #countForAccount(account: Account): void {
    const { settings, clock, log } = this.#parts;
    const { lockoutThreshold, lockoutDuration, lockoutCounterResetAfter } = settings.value;
    if (lockoutThreshold === 0 || this.isLocked(account.id)) return;
    const now = clock.now();
    const before = this.#byAccount.get(account.id);
    const goesOn =
      before && before.lockedUntil === 0 && now - before.latest < lockoutCounterResetAfter * 1000;
    const count = goesOn ? before.count + 1 : 1;
    const locked = count >= lockoutThreshold;
    const duration = lockoutDuration === 0 ? Number.POSITIVE_INFINITY : lockoutDuration * 1000;
    this.#byAccount.set(account.id, { count, latest: now, lockedUntil: locked ? now + duration : 0 });
    if (locked) log.warn({ account: account.name }, 'account locked after too many wrong passwords');
  }

  #tried(remote: string): number {
    const client = this.#byClient.get(remote);
    if (!client) return 0;
    return Math.max(0, client.count - ((this.#parts.clock.now() - client.at) / 1000) * perSecond);
  }

  #countForClient(remote: string): void {
    const count = this.#tried(remote) + 1;
    this.#byClient.delete(remote);
    this.#byClient.set(remote, { count, at: this.#parts.clock.now() });
    const [oldest] = this.#byClient.keys();
    if (this.#byClient.size > mostClients && oldest !== undefined) this.#byClient.delete(oldest);
  }
}

/** Who has shown no credentials, or wrong ones. */
export function loginFailed(): RedfishProblem {
  return new RedfishProblem(401, message('Base.AccessUnauthorized'), {
    'WWW-Authenticate': 'Basic realm="Redfish", charset="UTF-8"',
  });
}

/** Longest password of a BMC. */
const longest = 20;

/** Compares all bytes, whatever they are. */
function isSame(password: string, right: Buffer): boolean {
  return timingSafeEqual(padded(Buffer.from(password)), padded(right));
}

function padded(bytes: Buffer): Buffer {
  const padded = Buffer.alloc(longest + 1);
  bytes.copy(padded, 0, 0, longest);
  padded[longest] = Math.min(bytes.length, 0xff);
  return padded;
}
