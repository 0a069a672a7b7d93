import { describe, expect, test } from 'vitest';
import { OpenStackError } from '../../../src/drivers/openstack/client/api-error.ts';
import type { Server } from '../../../src/drivers/openstack/client/compute-types.ts';
import {
  defaultPollTimes,
  type ServerChange,
  type ServerListing,
  ServerPoller,
} from '../../../src/drivers/openstack/server-poller.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';

/** What Nova would list, and a count of how often it was asked. */
class Listing implements ServerListing {
  readonly servers = new Map<string, { server: Server; updated: number }>();
  readonly calls: ('all' | 'changes' | 'one')[] = [];
  readonly #clock: VirtualClock;
  failing: OpenStackError | undefined;
  /** Left out of listings, as a cell that is down is. */
  hidden = new Set<string>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  set(id: string, status: string, task: string | null = null): void {
    const server: Server = {
      id,
      name: id,
      status,
      metadata: {},
      addresses: {},
      'OS-EXT-STS:task_state': task,
      'OS-EXT-STS:vm_state': status === 'ACTIVE' ? 'active' : 'stopped',
    };
    this.servers.set(id, { server, updated: this.#clock.now() });
  }

  async listServers({ changesSince }: { changesSince?: Date | undefined }) {
    this.calls.push(changesSince ? 'changes' : 'all');
    if (this.failing) throw this.failing;
    const rows = [...this.servers.values()]
      .filter(({ server, updated }) =>
        changesSince ? updated >= changesSince.getTime() : server.status !== 'DELETED',
      )
      .map(({ server }) => server)
      .filter(({ id }) => !this.hidden.has(id));
    return { servers: rows, date: this.#clock.now() };
  }

  async findServer(id: string): Promise<Server | undefined> {
    this.calls.push('one');
    const found = this.servers.get(id);
    return found?.server.status === 'DELETED' ? undefined : found?.server;
  }
}

function error(code: OpenStackError['code']): OpenStackError {
  return new OpenStackError('no', { code, service: 'compute', method: 'GET', url: 'http://cloud/servers' });
}

function setUp() {
  const clock = new VirtualClock();
  const listing = new Listing(clock);
  const poller = new ServerPoller(listing, { clock, log: silentLog, random: () => 1 });
  const seen: string[] = [];
  let heard = 0;
  const note = (change: ServerChange) => {
    if (change.type === 'heard') heard++;
    else if (change.type === 'seen') seen.push(`${change.server.id} ${change.server.status}`);
    else seen.push(Object.values(change).join(' '));
  };
  return { clock, listing, poller, seen, note, heard: () => heard };
}

const minute = 60_000;

describe('at rest', () => {
  test('a thousand servers cost at most 20 calls a minute, however many listen and read', async () => {
    const { clock, listing, poller } = setUp();
    for (let at = 0; at < 1000; at++) listing.set(`s${at}`, 'ACTIVE');
    for (let at = 0; at < 1000; at++) poller.listen(() => undefined);
    await clock.advance(minute);
    listing.calls.length = 0;
    for (let second = 0; second < 600; second++) {
      for (const { id } of poller.servers()) poller.get(id);
      await clock.advance(1_000);
    }
    expect(listing.calls.length / 10).toBeLessThanOrEqual(20);
    expect(listing.calls.filter(call => call === 'all')).toHaveLength(1);
  });

  test('tells a change once, though windows overlap', async () => {
    const { clock, listing, poller, seen, note } = setUp();
    listing.set('a', 'SHUTOFF');
    poller.listen(note);
    await clock.advance(minute);
    listing.set('a', 'ACTIVE');
    await clock.advance(minute);
    expect(seen).toEqual(['a SHUTOFF', 'a ACTIVE']);
  });

  test('asks nothing when nobody listens', async () => {
    const { clock, listing, poller, note } = setUp();
    const stop = poller.listen(note);
    await clock.advance(minute);
    stop();
    listing.calls.length = 0;
    await clock.advance(10 * minute);
    expect(listing.calls).toEqual([]);
    expect(poller.heard).toBe(false);
  });
});

describe('a server that is gone', () => {
  test('is told by its deleted row', async () => {
    const { clock, listing, poller, seen, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    listing.set('a', 'DELETED');
    await clock.advance(minute);
    expect(seen).toEqual(['a ACTIVE', 'gone a']);
    expect(poller.get('a')).toBeUndefined();
  });

  test('is found missing by the next whole listing when its row was purged', async () => {
    const { clock, listing, poller, seen, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    listing.servers.delete('a');
    await clock.advance(defaultPollTimes.full);
    expect(seen).toEqual(['a ACTIVE', 'gone a']);
  });

  test('is not one whose cell is down', async () => {
    const { clock, listing, poller, seen, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    listing.hidden.add('a');
    await clock.advance(2 * defaultPollTimes.full);
    expect(seen).toEqual(['a ACTIVE']);
    expect(listing.calls).toContain('one');
  });
});

describe('a cloud that does not answer', () => {
  test('is asked less and less, and what was seen is no longer known after a while', async () => {
    const { clock, listing, poller, seen, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    listing.failing = error('unreachable');
    await clock.advance(defaultPollTimes.stale - 10_000);
    expect(seen).toEqual(['a ACTIVE']);
    await clock.advance(10_000);
    expect(seen.at(-1)).toBe('lost');
    listing.calls.length = 0;
    await clock.advance(10 * minute);
    expect(listing.calls.length).toBeLessThanOrEqual(11);
  });

  test('tells everything again when it is back', async () => {
    const { clock, listing, poller, seen, note, heard } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    listing.failing = error('server-fault');
    const before = heard();
    await clock.advance(5 * minute);
    expect(heard()).toBe(before);
    listing.failing = undefined;
    await clock.advance(2 * minute);
    expect(seen).toEqual(['a ACTIVE', 'lost', 'a ACTIVE']);
    expect(heard()).toBeGreaterThan(before);
    expect(poller.heard).toBe(true);
  });
});

describe('while something is in flight', () => {
  test('it is polled faster, until who hurries is done', async () => {
    const { clock, listing, poller, note } = setUp();
    poller.listen(note);
    await clock.advance(minute);
    const done = poller.hurry();
    listing.calls.length = 0;
    await clock.advance(7_000);
    expect(listing.calls.length).toBeGreaterThanOrEqual(8);
    done();
    await clock.advance(5_000);
    listing.calls.length = 0;
    await clock.advance(minute);
    expect(listing.calls.length).toBeLessThanOrEqual(13);
  });

  test('a wait only ends by what is seen after it began', async () => {
    const { clock, listing, poller, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    // A task that has begun since the last poll: what is known still says that there is none.
    listing.set('a', 'ACTIVE', 'powering-off');
    const idle = poller.until('a', server => !server?.['OS-EXT-STS:task_state'], AbortSignal.timeout(60_000));
    await clock.advance(3_000);
    listing.set('a', 'SHUTOFF');
    await clock.advance(3_000);
    expect((await idle)?.status).toBe('SHUTOFF');
  });

  test('a wait can be given up', async () => {
    const { clock, listing, poller, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    const abort = new AbortController();
    const wait = poller.until('a', () => false, abort.signal);
    const outcome = expect(wait).rejects.toThrow('enough');
    await clock.advance(2_000);
    abort.abort(new Error('enough'));
    await outcome;
  });

  test('a look at one server is not undone by an older listing', async () => {
    const { clock, listing, poller, seen, note } = setUp();
    listing.set('a', 'ACTIVE');
    poller.listen(note);
    await clock.advance(minute);
    const { listServers } = listing;
    listing.listServers = async options => {
      const old = await listServers.call(listing, options);
      listing.set('a', 'SHUTOFF');
      await poller.look('a', AbortSignal.timeout(60_000));
      return old;
    };
    listing.set('a', 'ACTIVE', 'powering-off');
    await poller.refresh();
    expect(seen).toEqual(['a ACTIVE', 'a SHUTOFF']);
  });
});
