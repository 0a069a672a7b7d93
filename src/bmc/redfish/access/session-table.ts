import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../support/clock.ts';
import type { Kept } from '../../../support/kept-value.ts';
import type { Accounts } from '../../accounts.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { Logins, Session, Sessions } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';

/** What a {@link SessionTable} works with. */
export interface SessionParts {
  readonly logins: Logins;
  readonly accounts: Accounts;
  readonly settings: Kept<ServiceSettings>;
  readonly clock: Clock;
}

/** Most sessions at a time, and of them most of one account: others find room, too. */
export const mostSessions = 256;
export const mostSessionsOfAccount = 128;

/** Milliseconds of silence after which a session makes room for another one when there are too many. */
const longIdle = 60_000;

interface Open extends Session {
  /** The account's password when it logged in: a new one ends the session. */
  readonly password: Buffer;
  /** By which the table finds it: the token itself is kept nowhere. */
  readonly digest: string;
  usedAt: number;
}

/** The sessions of a service. */
export class SessionTable implements Sessions {
  readonly #parts: SessionParts;
  readonly #byDigest = new Map<string, Open>();
  readonly #byId = new Map<string, Open>();
  #nextId = 1;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get all(): readonly Session[] {
    return [...this.#byId.values()].filter(session => this.#isAlive(session));
  }

  get(id: string): Session | undefined {
    const session = this.#byId.get(id);
    return session && this.#isAlive(session) ? session : undefined;
  }

  open(userName: string, password: string, remote: string): { session: Session; token: string } {
    const { logins, clock } = this.#parts;
    const account = logins.check(userName, password, remote);
    this.#makeRoom(account.id);
    const token = randomBytes(32).toString('hex');
    const now = clock.now();
    const session: Open = {
      id: String(this.#nextId++),
      account: account.id,
      userName: account.name,
      createdAt: now,
      remote,
      password: account.password,
      digest: digestOf(token),
      usedAt: now,
    };
    this.#byId.set(session.id, session);
    this.#byDigest.set(session.digest, session);
    return { session, token };
  }

  find(token: string): Session | undefined {
    const session = this.#byDigest.get(digestOf(token));
    if (!session || !this.#isAlive(session)) return undefined;
    session.usedAt = this.#parts.clock.now();
    return session;
  }

  close(id: string): void {
    const session = this.#byId.get(id);
    if (!session) return;
    this.#byId.delete(id);
    this.#byDigest.delete(session.digest);
  }

  closeOf(account?: number): void {
    for (const session of this.#byId.values()) {
      if (account === undefined || session.account === account) this.close(session.id);
    }
  }

  #isAlive(session: Open): boolean {
    const { accounts, settings, clock } = this.#parts;
    const account = accounts.get(session.account);
    const alive =
      clock.now() - session.usedAt < settings.value.sessionTimeout * 1000 &&
      account?.enabled === true &&
      account.name === session.userName &&
      account.password.equals(session.password);
    if (!alive) this.close(session.id);
    return alive;
  }

  /** Forgets what has ended and, if there are still too many, one that has been silent for long. */
  #makeRoom(account: number): void {
    if (this.#byId.size < mostSessionsOfAccount) return;
    const alive = [...this.#byId.values()].filter(session => this.#isAlive(session));
    const own = alive.filter(session => session.account === account);
    if (own.length >= mostSessionsOfAccount) this.#endIdlest(own);
    else if (alive.length >= mostSessions) this.#endIdlest(alive);
  }

  #endIdlest(sessions: readonly Open[]): void {
    const idlest = sessions.reduce((one, other) => (other.usedAt < one.usedAt ? other : one));
    if (this.#parts.clock.now() - idlest.usedAt < longIdle) {
      throw new RedfishProblem(503, message('Base.SessionLimitExceeded'), { 'Retry-After': '60' });
    }
    this.close(idlest.id);
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
