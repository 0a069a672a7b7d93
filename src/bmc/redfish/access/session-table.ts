import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../support/clock.ts';
import type { Accounts } from '../../accounts.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { Kept, Logins, Session, Sessions } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';

/** What a {@link SessionTable} works with. */
export interface SessionParts {
  readonly logins: Logins;
  readonly accounts: Accounts;
  readonly settings: Kept<ServiceSettings>;
  readonly clock: Clock;
  /** Called when a session has begun or ended. */
  readonly changed: () => void;
}

/** Most sessions at a time. */
export const mostSessions = 256;

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
    const { logins, clock, changed } = this.#parts;
    const account = logins.check(userName, password, remote);
    this.#makeRoom();
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
    changed();
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
    this.#parts.changed();
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

  /** Forgets what has ended and, if there are still too many, the session that has been silent longest. */
  #makeRoom(): void {
    if (this.#byId.size < mostSessions) return;
    const alive = [...this.#byId.values()].filter(session => this.#isAlive(session));
    if (alive.length < mostSessions) return;
    const idlest = alive.reduce((one, other) => (other.usedAt < one.usedAt ? other : one));
    if (this.#parts.clock.now() - idlest.usedAt < longIdle) {
      throw new RedfishProblem(503, message('Base.SessionLimitExceeded'), { 'Retry-After': '60' });
    }
    this.close(idlest.id);
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
