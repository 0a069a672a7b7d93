import type { Clock } from '../../../../support/clock.ts';
import { delay } from '../../../../support/delay.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import type { Server } from '../../client/compute-types.ts';
import type { OpenStack } from '../../client/openstack.ts';

/** What is waited for. */
export interface ServerWait<T> {
  readonly id: string;
  /** What that is, for the message when it does not come: `server lab-m-0 becomes ACTIVE`. */
  readonly what: string;
  /** Looks at the server, `undefined` when it is gone; a result ends the wait. */
  readonly look: (server: Server | undefined) => T | undefined;
  /** Milliseconds. */
  readonly within: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiter {
  readonly id: string;
  /** Whether the wait is over. */
  readonly show: (server: Server | undefined) => boolean;
  readonly fail: (error: unknown) => void;
}

/** Milliseconds between two listings, at least: most servers take some seconds for anything. */
const interval = 1000;

/**
 * Waits for servers to become something: one listing serves all who wait, however many servers are being made.
 */
export class ServerWatch {
  readonly #openstack: OpenStack;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #looking = false;

  constructor(openstack: OpenStack, clock: Clock) {
    this.#openstack = openstack;
    this.#clock = clock;
  }

  /** @throws QuintupleoError `SERVER_SLOW` when the time is up; what `look` throws; the signal's reason */
  async until<T>({ id, what, look, within, signal }: ServerWait<T>): Promise<T> {
    signal?.throwIfAborted();
    let waiter: Waiter | undefined;
    let last: Server | undefined;
    const over = new AbortController();
    const found = new Promise<T>((resolve, reject) => {
      waiter = {
        id,
        show: server => {
          last = server;
          try {
            const result = look(server);
            if (result === undefined) return false;
            resolve(result);
          } catch (error) {
            reject(error);
          }
          return true;
        },
        fail: reject,
      };
      this.#waiters.add(waiter);
    });
    const timeUp = delay(
      this.#clock,
      within,
      signal ? AbortSignal.any([signal, over.signal]) : over.signal,
    ).then(() => {
      throw tooSlow(what, within, last);
    });
    this.#look();
    try {
      return await Promise.race([found, timeUp]);
    } finally {
      over.abort();
      if (waiter) this.#waiters.delete(waiter);
    }
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    void this.#lookWhileWaiting().finally(() => {
      this.#looking = false;
      if (this.#waiters.size > 0) this.#look();
    });
  }

  async #lookWhileWaiting(): Promise<void> {
    while (this.#waiters.size > 0) {
      // Who begins to wait during a listing may not be in it.
      const waiting = [...this.#waiters];
      const began = this.#clock.now();
      try {
        const servers = await this.#serversOf(waiting);
        for (const waiter of waiting) if (waiter.show(servers.get(waiter.id))) this.#waiters.delete(waiter);
      } catch (error) {
        // The client has retried what may pass.
        for (const waiter of waiting) {
          this.#waiters.delete(waiter);
          waiter.fail(error);
        }
      }
      // A cloud that is slow to answer has enough to do.
      const pause = Math.max(interval, this.#clock.now() - began);
      if (this.#waiters.size > 0) await delay(this.#clock, pause);
    }
  }

  async #serversOf(waiting: readonly Waiter[]): Promise<ReadonlyMap<string, Server>> {
    const ctx = { reason: 'wait' };
    const [first] = waiting;
    if (waiting.length === 1 && first) {
      const server = await this.#openstack.compute.findServer(first.id, ctx);
      return server ? new Map([[server.id, server]]) : new Map();
    }
    const { servers } = await this.#openstack.compute.listServers({ details: true }, ctx);
    return new Map(servers.map(server => [server.id, server]));
  }
}

function tooSlow(what: string, within: number, last: Server | undefined): QuintupleoError {
  const task = last?.['OS-EXT-STS:task_state'];
  const state = last ? `it is ${last.status}${task ? ` (${task})` : ''}` : 'it is not there';
  return new QuintupleoError(`waited ${Math.round(within / 1000)} s until ${what}: ${state}`, {
    family: 'platform',
    code: 'SERVER_SLOW',
    remedy: 'Run the command again: it goes on where it ended. If it stays so, the cloud itself is stuck.',
  });
}
