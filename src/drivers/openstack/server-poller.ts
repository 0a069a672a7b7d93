import type { Clock, Timer } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { onBehalfOf } from '../../support/request-scope.ts';
import type { Compute } from './client/compute.ts';
import type { Server } from './client/compute-types.ts';
import { isDeleted } from './machines/power-state.ts';

/** What the poller asks of a cloud. */
export type ServerListing = Pick<Compute, 'listServers' | 'findServer'>;

/** What has changed, as far as one listener cares. */
export type ServerChange =
  | { readonly type: 'seen'; readonly server: Server }
  | { readonly type: 'gone'; readonly id: string }
  /** The cloud has answered a poll; what that has changed was told before. */
  | { readonly type: 'heard' }
  /** The cloud has not been heard for so long that nothing is known any more; `seen` follows when it is heard again. */
  | { readonly type: 'lost' };

/** Milliseconds. */
export interface PollTimes {
  /** Between polls while nothing is going on. */
  readonly atRest: number;
  /** Between polls while something is. */
  readonly inFlight: number;
  /** Between listings of everything, which find what changes alone did not tell. */
  readonly full: number;
  /** Longest time between polls of a cloud that does not answer. */
  readonly backOff: number;
  /** Age at which what was seen last is no longer an observation. */
  readonly stale: number;
}

export const defaultPollTimes: PollTimes = {
  atRest: 5_000,
  inFlight: 700,
  full: 600_000,
  backOff: 60_000,
  stale: 60_000,
};

/**
 * How far a poll looks back behind the one before, by the cloud's clock: it counts whole seconds, and what a compute
 * host wrote may become visible late. Milliseconds.
 */
const overlap = 15_000;

/**
 * Watches all servers of one project by one listing of what has changed, whoever wants to know and however often: calls
 * to Nova grow neither with the number of servers nor with that of readers. Polls only while somebody listens.
 */
export class ServerPoller implements Disposable {
  readonly #compute: ServerListing;
  readonly #clock: Clock;
  readonly #log: Logger;
  #times: PollTimes;
  readonly #random: () => number;
  readonly #listeners = new Set<(change: ServerChange) => void>();
  readonly #servers = new Map<string, { server: Server; content: string }>();
  readonly #hurries = new Set<symbol>();
  /** Servers that were looked at since the poll that is under way began: what it tells of them may be older. */
  readonly #looked = new Set<string>();
  /** Who waits for the end of a poll that has not begun. */
  readonly #waiting = new Set<(heard: boolean) => void>();
  readonly #closing = new AbortController();
  #timer: Timer | undefined;
  #polling: Promise<boolean> | undefined;
  /** The cloud's own clock at the last poll that succeeded; `undefined` asks for everything. Milliseconds. */
  #cloudTime: number | undefined;
  #lastFull = 0;
  /** Fires when what was seen last is too old; armed as long as the cloud is heard. */
  #staleTimer: Timer | undefined;
  #failures = 0;

  constructor(
    compute: ServerListing,
    around: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly times?: Partial<PollTimes> | undefined;
      readonly random?: (() => number) | undefined;
    },
  ) {
    this.#compute = compute;
    this.#clock = around.clock;
    this.#log = around.log;
    this.#times = { ...defaultPollTimes, ...around.times };
    this.#random = around.random ?? Math.random;
  }

  /** @param atRest - see {@link PollTimes}; counts from the next poll on */
  pollEvery(atRest: number): void {
    this.#times = { ...this.#times, atRest };
  }

  /** Whether what {@link servers} tells was seen lately. */
  get heard(): boolean {
    return this.#staleTimer !== undefined;
  }

  /** All servers that were there when the cloud was last heard. */
  servers(): readonly Server[] {
    return [...this.#servers.values()].map(({ server }) => server);
  }

  get(id: string): Server | undefined {
    return this.#servers.get(id)?.server;
  }

  /**
   * Tells what changes from now on; what is known by now is {@link servers}.
   * @returns stops it
   */
  listen(listener: (change: ServerChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#pollAfter(0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  /**
   * Polls fast until the returned function is called: something is going on.
   * @returns ends it; may be called twice
   */
  hurry(): () => void {
    const token = Symbol('hurry');
    this.#hurries.add(token);
    if (this.#hurries.size === 1 && this.#failures === 0) this.#pollAfter(this.#times.inFlight);
    return () => this.#hurries.delete(token);
  }

  /**
   * Polls now.
   * @returns whether the cloud was heard: by a poll that began after this call
   */
  async refresh(): Promise<boolean> {
    // One that is under way may have been answered before what the caller wants to see.
    await this.#polling;
    return this.#pollOnce();
  }

  /**
   * Looks at one server now.
   * @returns `undefined` when it is gone
   * @throws OpenStackError
   */
  async look(id: string, signal: AbortSignal): Promise<Server | undefined> {
    const server = await this.#compute.findServer(id, { reason: 'power', signal });
    if (server) {
      this.#looked.add(id);
      this.#see(server);
    } else this.#lose(id);
    return this.get(id);
  }

  /**
   * Waits until a server is as wanted, by what is seen from now on.
   * @param holds - is asked with `undefined` when the server is gone
   * @returns the server, `undefined` when it is gone
   */
  async until(
    id: string,
    holds: (server: Server | undefined) => boolean,
    signal: AbortSignal,
  ): Promise<Server | undefined> {
    const done = this.hurry();
    try {
      for (;;) {
        signal.throwIfAborted();
        const heard = await this.#nextPoll(signal);
        const server = this.get(id);
        if (heard && holds(server)) return server;
      }
    } finally {
      done();
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#listeners.clear();
    this.#rest();
  }

  /** The end of the first poll that begins from now on. */
  #nextPoll(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = (heard: boolean) => {
        signal.removeEventListener('abort', abort);
        resolve(heard);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(wake);
      if (!this.#timer && !this.#polling) this.#pollAfter(this.#interval());
    });
  }

  #rest(): void {
    if (this.#waiting.size > 0 && !this.#closing.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#forget();
  }

  #pollAfter(ms: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer?.cancel();
    const poll = () => {
      this.#timer = undefined;
      void this.#pollOnce();
    };
    // Whoever had it begin, or hurry, has not asked for all the polls that come after.
    this.#timer = onBehalfOf(undefined, () => this.#clock.after(ms, poll));
  }

  /** Never rejects. Polls at the same time are one poll. */
  #pollOnce(): Promise<boolean> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
      if (this.#listeners.size > 0 || this.#waiting.size > 0) this.#pollAfter(this.#interval());
    });
    return this.#polling;
  }

  #interval(): number {
    const { inFlight, atRest, backOff } = this.#times;
    if (this.#failures > 0) {
      const longest = Math.min(backOff, atRest * 2 ** Math.min(this.#failures - 1, 10));
      return longest * (0.5 + this.#random() / 2);
    }
    return this.#hurries.size > 0 ? inFlight : atRest;
  }

  async #poll(): Promise<boolean> {
    // Who begins to wait during this poll wants to see the next one.
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const heard = await this.#hear();
    for (const wake of waiting) wake(heard);
    return heard;
  }

  async #hear(): Promise<boolean> {
    try {
      await this.#list();
      this.#failures = 0;
      this.#staleTimer?.cancel();
      this.#staleTimer = this.#clock.after(this.#times.stale, () => {
        this.#forget();
        this.#tell({ type: 'lost' });
      });
      this.#tell({ type: 'heard' });
      return true;
    } catch (error) {
      if (this.#closing.signal.aborted) return false;
      this.#failures += 1;
      this.#log.warn({ error: messageOf(error), failures: this.#failures }, 'the cloud could not be polled');
      return false;
    }
  }

  async #list(): Promise<void> {
    const now = this.#clock.now();
    this.#looked.clear();
    const ctx = { reason: 'poll', signal: this.#closing.signal };
    const full = this.#cloudTime === undefined || now - this.#lastFull >= this.#times.full;
    const since = full || this.#cloudTime === undefined ? undefined : new Date(this.#cloudTime - overlap);
    const { servers, date } = await this.#compute.listServers(
      since ? { changesSince: since, details: true } : { details: true },
      ctx,
    );
    if (full) {
      await this.#findMissing(new Set(servers.map(({ id }) => id)));
      this.#lastFull = now;
    }
    this.#cloudTime = date;
    for (const server of servers) if (!this.#looked.has(server.id)) this.#see(server);
  }

  /**
   * A whole listing leaves out what has been deleted, but also what is in a cell that is down: only who is asked for
   * by ID and not found is gone.
   */
  async #findMissing(listed: ReadonlySet<string>): Promise<void> {
    for (const id of [...this.#servers.keys()].filter(known => !listed.has(known))) {
      const server = await this.#compute.findServer(id, { reason: 'poll', signal: this.#closing.signal });
      if (server) this.#see(server);
      else this.#lose(id);
    }
  }

  #see(server: Server): void {
    if (isDeleted(server)) {
      this.#lose(server.id);
      return;
    }
    const content = JSON.stringify(server);
    if (this.#servers.get(server.id)?.content === content) return;
    this.#servers.set(server.id, { server, content });
    this.#tell({ type: 'seen', server });
  }

  #lose(id: string): void {
    if (this.#servers.delete(id)) this.#tell({ type: 'gone', id });
  }

  /** What was seen is no longer what is: the next poll asks for everything, and tells it again. */
  #forget(): void {
    this.#staleTimer?.cancel();
    this.#staleTimer = undefined;
    this.#cloudTime = undefined;
    for (const entry of this.#servers.values()) entry.content = '';
  }

  #tell(change: ServerChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
