import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../support/clock.ts';

/** What somebody may do: the roles of Redfish. */
export type WebRole = 'ReadOnly' | 'Operator' | 'Administrator';

const ranks: readonly WebRole[] = ['ReadOnly', 'Operator', 'Administrator'];

/** Whether a role may do what needs another one. */
export function reaches(role: WebRole, needed: WebRole): boolean {
  return ranks.indexOf(role) >= ranks.indexOf(needed);
}

/** Who uses the dashboard, as the dashboard is told. */
export interface SessionAnswer {
  readonly name: string;
  readonly role: WebRole;
  readonly labs: readonly string[] | 'all';
  /** To be sent with every request that changes something. */
  readonly csrf: string;
}

/** Who uses the dashboard. */
export interface WebUser {
  readonly name: string;
  /** The lab whose user it is; `undefined`: of all labs. */
  readonly lab: string | undefined;
  /** The role that the user has now; `undefined`: none any more, and the session has ended. */
  readonly role: () => WebRole | undefined;
  /** Called when the session ends. */
  readonly left?: (() => void) | undefined;
}

/** A session of the dashboard. */
export interface WebSession {
  readonly user: WebUser;
  readonly csrf: string;
  /** Labs that it sees; `undefined`: all. */
  readonly labs: ReadonlySet<string> | undefined;
  readonly endsAt: number;
}

/** How long a ticket may wait to be used. Milliseconds. */
const ticketTime = 60_000;

/** After which a session ends, however much it is used: a working day. Milliseconds. */
const sessionTime = 12 * 3_600_000;

/** Most sessions, of all and of one user, and tickets at a time: the oldest make room. */
const mostSessions = 256;
const mostOfUser = 16;
const mostTickets = 64;

/** Who is logged in to the dashboard, and the tickets that let in once. Tokens themselves are kept nowhere. */
export class WebSessions {
  readonly #clock: Clock;
  readonly #byDigest = new Map<string, WebSession>();
  /** When tickets end, by their digests. */
  readonly #tickets = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes a ticket that lets in whoever has it: once, soon, and to everything. */
  ticket(): string {
    const ticket = newSecret();
    this.#tickets.set(digestOf(ticket), this.#clock.now() + ticketTime);
    for (const digest of this.#tickets.keys()) {
      if (this.#tickets.size <= mostTickets) break;
      this.#tickets.delete(digest);
    }
    return ticket;
  }

  /** Uses up a ticket. @returns whether it lets in */
  use(ticket: string): boolean {
    const digest = digestOf(ticket);
    const endsAt = this.#tickets.get(digest);
    this.#tickets.delete(digest);
    return endsAt !== undefined && this.#clock.now() < endsAt;
  }

  /** Somebody has logged in. @returns the session, and the token by which it is found */
  open(user: WebUser): { readonly session: WebSession; readonly token: string } {
    const token = newSecret();
    const session: WebSession = {
      user,
      csrf: newSecret(),
      labs: user.lab === undefined ? undefined : new Set([user.lab]),
      endsAt: this.#clock.now() + sessionTime,
    };
    this.#makeRoomFor(user);
    this.#byDigest.set(digestOf(token), session);
    return { session, token };
  }

  /** The session whose token it is, with the role that its user has now. */
  find(token: string): { readonly session: WebSession; readonly role: WebRole } | undefined {
    const session = this.#byDigest.get(digestOf(token));
    const role = session && this.roleOf(session);
    if (session && role) return { session, role };
    if (session) this.close(token);
    return undefined;
  }

  /** What the user of a session may do now; `undefined`: it has ended. */
  roleOf(session: WebSession): WebRole | undefined {
    return this.#clock.now() < session.endsAt ? session.user.role() : undefined;
  }

  close(token: string): void {
    this.#end(digestOf(token));
  }

  /** Whether a token is the one that changes of a session need. */
  isCsrf(session: WebSession, token: string | undefined): boolean {
    const [one, other] = [Buffer.from(session.csrf), Buffer.from(token ?? '')];
    return one.length === other.length && timingSafeEqual(one, other);
  }

  /** Nobody has to leave for what is over, or for somebody who comes again and again. */
  #makeRoomFor({ lab, name }: WebUser): void {
    for (const [digest, session] of this.#byDigest) if (!this.roleOf(session)) this.#end(digest);
    const all = [...this.#byDigest];
    const own = all.filter(([, { user }]) => user.lab === lab && user.name === name);
    const [oldest] = own.length >= mostOfUser ? own : all;
    if (oldest && (own.length >= mostOfUser || all.length >= mostSessions)) this.#end(oldest[0]);
  }

  #end(digest: string): void {
    const session = this.#byDigest.get(digest);
    this.#byDigest.delete(digest);
    session?.user.left?.();
  }
}

/** How many of something that stays open each session may have. */
export class SessionShares {
  readonly #most: number;
  readonly #taken = new Map<WebSession, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns gives it back, to be called once; `undefined`: the session has as many as it may have */
  take(session: WebSession): (() => void) | undefined {
    const taken = this.#taken.get(session) ?? 0;
    if (taken >= this.#most) return undefined;
    this.#taken.set(session, taken + 1);
    return () => {
      const left = (this.#taken.get(session) ?? 0) - 1;
      if (left > 0) this.#taken.set(session, left);
      else this.#taken.delete(session);
    };
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
