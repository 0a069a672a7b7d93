import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/support/clock.ts';
import { inParallel } from '../../../src/support/parallel.ts';
import { poll } from '../../../src/support/wait.ts';
import { Api } from './api.ts';
import { moment, requestsSince } from './api-requests.ts';
import { hasFakeHost } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';

/** Many nodes on Nova's fake driver, and what each thing that is done with them costs the cloud. */

const count = Number(process.env.QUINTUPLEO_TEST_OPENSTACK_NODES ?? 30);
const nodes = Array.from({ length: count }, (_, index) => index);
/** ipmitool processes at a time. */
const concurrency = 8;
const minute = 60_000;
/** For up and down of all. */
const patience = 20 * minute;

/** What something has cost the cloud. */
interface Cost {
  /** How often each service was called. */
  readonly calls: Readonly<Partial<Record<'compute' | 'network' | 'image' | 'volume', number>>>;
  /** Of the calls to Nova, listings of servers: they are as many as the cloud is slow, however many nodes there are. */
  readonly listings: number;
  /** Calls to Nova but for those, for each node. */
  readonly each: number;
  readonly seconds: number;
}

/** Of listings, while all wait for the cloud: those of who makes machines, and of who drives them. Per second. */
const mostListings = 2.5;

describe.skipIf(!hasFakeHost)(`a lab of ${count} nodes`, { timeout: patience }, () => {
  let before: ProjectContent;
  let lab: CloudLab;
  let admin: Api;
  let file: string;
  let costOfUp: Cost;

  beforeAll(async () => {
    lab = await CloudLab.create('scale', 26_500, patience);
    admin = await Api.connect('admin');
    before = await contentOf(lab.tenant);
    file = await lab.file(`networks:
  provision: { cidr: 192.168.80.0/22 }
nodes:
  - { name: 'n{index}', count: ${count}, memory: 128MiB, disks: [1GiB], availabilityZone: fake }
`);
    costOfUp = await costOf('up', () => lab.up(file));
  }, patience);

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, patience);

  /** Does something. @returns what that cost the cloud, as it says itself */
  async function costOf(what: string, act: () => Promise<unknown>): Promise<Cost> {
    const from = await moment();
    const began = Date.now();
    await act();
    const seconds = (Date.now() - began) / 1000;
    const calls: { -readonly [service in keyof Cost['calls']]: number } = {};
    let listings = 0;
    for (const { service, method, path } of await requestsSince(from, lab.tenant.user)) {
      calls[service] = (calls[service] ?? 0) + 1;
      if (service === 'compute' && method === 'GET' && path.includes('/servers/detail')) listings++;
    }
    console.log(`${what}: ${seconds.toFixed(0)} s, ${JSON.stringify(calls)}, ${listings} listings`);
    return { calls, listings, each: ((calls.compute ?? 0) - listings) / count, seconds };
  }

  /** Tells every node's BMC something, and waits until Nova says the same of every server. */
  async function everyNode(action: string, status: 'ACTIVE' | 'SHUTOFF'): Promise<void> {
    await inParallel(nodes, concurrency, async index => {
      await lab.ipmi(index, 'chassis', 'power', action);
    });
    const reached = await poll(systemClock, { every: 1_000, within: 5 * minute }, async () => {
      const { nodes: all } = await lab.host.status('scale');
      return all.every(({ operation }) => operation === undefined) || undefined;
    });
    expect(reached).toBe(true);
    // The administrator's calls are not the tenant's.
    const path = `/servers/detail?all_tenants=1&project_id=${lab.tenant.project}&tags=quintupleo`;
    const servers = (await admin.list('compute', path, 'servers')).filter(
      ({ metadata }) => (metadata as Record<string, string>)['quintupleo:lab'] === 'scale',
    );
    expect(servers.map(server => server.status)).toEqual(nodes.map(() => status));
  }

  test('is made by up, with a few calls for each node', () => {
    const { calls, listings, each, seconds } = costOfUp;
    expect(each).toBeLessThan(5);
    expect(listings).toBeLessThan(mostListings * seconds);
    expect(calls.network).toBeLessThan(count * 5);
  });

  test('has what the daemon counts counted by the cloud, too', async () => {
    const from = await moment();
    const earlier = await lab.callCount();
    expect(await lab.up(file)).toContain('Nothing to change');
    const counted = (await lab.callCount()) - earlier;
    const seen = (await requestsSince(from, lab.tenant.user)).length;
    console.log(`counted ${counted}, seen ${seen}`);
    expect(Math.abs(counted - seen)).toBeLessThanOrEqual(2);
  });

  test('is asked by Nova calls that do not grow with its nodes, nor with who asks their BMCs', async () => {
    const { calls } = await costOf('every node asked once in a minute', async () => {
      const ends = delay(minute);
      const powers = await Promise.all(
        nodes.map(async index => {
          await delay((index * minute) / count);
          return lab.power(index);
        }),
      );
      expect(powers).toEqual(nodes.map(() => 'off'));
      await ends;
    });
    expect(calls.compute).toBeLessThanOrEqual(20);
    expect(calls).toEqual({ compute: calls.compute });
  });

  test('is powered on by IPMI', async () => {
    const { each } = await costOf('on', () => everyNode('on', 'ACTIVE'));
    expect(each).toBeLessThan(2);
  });

  test('is reset by IPMI', async () => {
    const { each } = await costOf('reset', () => everyNode('reset', 'ACTIVE'));
    // Nova starts a server that is off when it is to be rebooted: it is looked at first.
    expect(each).toBeLessThanOrEqual(2);
  });

  test('is powered off by IPMI', async () => {
    const { each } = await costOf('off', () => everyNode('off', 'SHUTOFF'));
    expect(each).toBeLessThan(2);
  });

  test('is gone after down, without a trace', async () => {
    const { calls, each } = await costOf('down', () => lab.host.done('down', 'scale'));
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
    expect(each).toBeLessThan(3);
    expect(calls.network).toBeLessThan(count * 4);
  });
});
