import type { Clock, Timer } from '../../support/clock.ts';
import type { Account, Accounts } from '../accounts.ts';
import type { IpmiSettings } from './bmc.ts';
import type { Challenge } from './challenge.ts';
import type { Handshake } from './handshake.ts';
import { hasPrivilege } from './privilege.ts';
import { type Random, randomBuffer } from './random.ts';
import type { LanSession } from './session.ts';
import { Status } from './wire/status.ts';

/** A session that somebody, who has proved nothing yet, has begun to open. */
export type HalfOpen = Handshake | Challenge;

/** How many sessions may be half open, and for how long (milliseconds). */
const halfOpenLimit = 32;
const halfOpenLife = 20_000;

/** Session handles have six bits, and 0 means none. */
const handleLimit = 63;

/**
 * A BMC's sessions, by the BMC's session ID and nothing else: not by the client's address, which it may share or change.
 *
 * Nobody can lock others out. Half-open sessions have room of their own, where the oldest makes way, so a flood of
 * strangers costs no session. When the sessions themselves are full, somebody who has *proved* who they are displaces
 * the longest idle session of the user who holds the most: their own if nobody holds more. When every user has one,
 * a user with less privilege gives up theirs. So no user can keep another out by opening many sessions, and an
 * administrator gets one unless every session is another administrator's.
 */
export class SessionTable {
  readonly #settings: IpmiSettings;
  readonly #accounts: Pick<Accounts, 'get'>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onClose: (session: LanSession) => void;
  readonly #sessions = new Map<number, LanSession>();
  readonly #halfOpen = new Map<number, HalfOpen>();
  #sweep: { readonly at: number; readonly timer: Timer } | undefined;

  /** @param onClose - told of every session that ends, whatever ends it */
  constructor(
    settings: IpmiSettings,
    accounts: Pick<Accounts, 'get'>,
    clock: Clock,
    random: Random,
    onClose: (session: LanSession) => void,
  ) {
    this.#settings = settings;
    this.#accounts = accounts;
    this.#clock = clock;
    this.#random = random;
    this.#onClose = onClose;
  }

  get sessions(): Iterable<LanSession> {
    return this.#sessions.values();
  }

  /** A session; one whose user may no longer have it ends instead. */
  find(id: number): LanSession | undefined {
    const session = this.#sessions.get(id);
    if (!session || this.#isAllowed(session)) return session;
    session.close();
    return undefined;
  }

  findHalfOpen(id: number): HalfOpen | undefined {
    return this.#halfOpen.get(id);
  }

  /** An ID that no session has; not to be guessed. */
  newId(): number {
    for (;;) {
      const id = randomBuffer(this.#random, 4).readUInt32LE();
      if (id !== 0 && !this.#sessions.has(id) && !this.#halfOpen.has(id)) return id;
    }
  }

  /** Keeps a half-open session for a short while. */
  begin(halfOpen: HalfOpen): void {
    if (this.#halfOpen.size >= halfOpenLimit) {
      const [oldest] = this.#halfOpen.keys();
      if (oldest !== undefined) this.#halfOpen.delete(oldest);
    }
    this.#halfOpen.set(halfOpen.id, halfOpen);
    this.#sweepBy(halfOpen.startedAt + halfOpenLife);
  }

  /** Forgets a half-open session: it failed, or it has become a session. */
  forget(id: number): void {
    this.#halfOpen.delete(id);
  }

  /**
   * Makes room for a session of a user who has proved who it is.
   * @returns its handle, or why there is no room
   */
  admit(account: Account): { readonly handle: number } | Status {
    if (this.#sessions.size >= Math.min(this.#settings.maximumSessions, handleLimit)) {
      const victim = this.#victimFor(account);
      if (!victim) {
        const highest = account.privilege === 'administrator';
        return highest ? Status.insufficientResources : Status.insufficientResourcesForRole;
      }
      victim.close();
    }
    const taken = new Set(Array.from(this.#sessions.values(), session => session.handle));
    let handle = 1;
    while (taken.has(handle)) handle++;
    return { handle };
  }

  add(session: LanSession): void {
    this.#sessions.set(session.id, session);
    this.#sweepBy(session.heardAt + this.#settings.sessionTimeout);
  }

  /** Ends a session; ending one twice does nothing. */
  readonly close = (session: LanSession): void => {
    if (this.#sessions.delete(session.id)) this.#onClose(session);
  };

  /** Ends all. */
  clear(): void {
    this.#halfOpen.clear();
    for (const session of [...this.#sessions.values()]) this.close(session);
    this.#sweep?.timer.cancel();
    this.#sweep = undefined;
  }

  /** Any face may have disabled, renamed or deleted the user meanwhile, or taken privileges away. */
  #isAllowed({ account: before, privilege }: LanSession): boolean {
    const account = this.#accounts.get(before.id);
    return (
      account?.enabled === true && account.name === before.name && hasPrivilege(account.privilege, privilege)
    );
  }

  #victimFor(account: Account): LanSession | undefined {
    const byIdleness = [...this.#sessions.values()].sort((a, b) => a.heardAt - b.heardAt);
    const held = new Map<number, number>();
    for (const { account: holder } of byIdleness) held.set(holder.id, (held.get(holder.id) ?? 0) + 1);
    const most = Math.max(...held.values());
    if (held.get(account.id) === most) return byIdleness.find(session => session.account.id === account.id);
    if (most > 1) return byIdleness.find(session => held.get(session.account.id) === most);
    return byIdleness.find(session => !hasPrivilege(session.account.privilege, account.privilege));
  }

  // One timer serves all: set for whatever may end first, moved only when it fires or something ends even earlier.
  #sweepBy(at: number): void {
    if (this.#sweep && this.#sweep.at <= at) return;
    this.#sweep?.timer.cancel();
    const timer = this.#clock.after(at - this.#clock.now(), () => this.#sweepNow());
    this.#sweep = { at, timer };
  }

  #sweepNow(): void {
    this.#sweep = undefined;
    const now = this.#clock.now();
    for (const halfOpen of this.#halfOpen.values()) {
      const end = halfOpen.startedAt + halfOpenLife;
      if (end <= now) this.#halfOpen.delete(halfOpen.id);
      else this.#sweepBy(end);
    }
    for (const session of [...this.#sessions.values()]) {
      const end = session.heardAt + this.#settings.sessionTimeout;
      if (end <= now) session.close();
      else this.#sweepBy(end);
    }
  }
}
