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

/** How often each service was called. */
type Calls = Readonly<Partial<Record<'compute' | 'network' | 'image' | 'volume', number>>>;

describe.skipIf(!hasFakeHost)(`a lab of ${count} nodes`, { timeout: patience }, () => {
  let before: ProjectContent;
  let lab: CloudLab;
  let admin: Api;
  let file: string;
  let callsOfUp: Calls;

  beforeAll(async () => {
    lab = await CloudLab.create('scale', 26_500, patience);
    admin = await Api.connect('admin');
    before = await contentOf(lab.tenant);
    file = await lab.file(`networks:
  provision: { cidr: 192.168.80.0/22 }
nodes:
  - { name: 'n{index}', count: ${count}, memory: 128MiB, disks: [1GiB], availabilityZone: fake }
`);
    callsOfUp = await callsOf('up', () => lab.up(file));
  }, patience);

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, patience);

  /** Does something. @returns how often the services were called meanwhile, as they say themselves */
  async function callsOf(what: string, act: () => Promise<unknown>): Promise<Calls> {
    const from = await moment();
    const began = Date.now();
    await act();
    const seconds = ((Date.now() - began) / 1000).toFixed(0);
    const calls: { -readonly [service in keyof Calls]: number } = {};
    for (const { service } of await requestsSince(from, lab.tenant.user))
      calls[service] = (calls[service] ?? 0) + 1;
    console.log(`${what}: ${seconds} s, ${JSON.stringify(calls)}`);
    return calls;
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
    expect(callsOfUp.compute).toBeLessThan(count * 8);
    expect(callsOfUp.network).toBeLessThan(count * 5);
  });

  test('has what the daemon counts counted by the cloud, too', async () => {
    const from = await moment();
    const earlier = await lab.calls();
    expect(await lab.up(file)).toContain('Nothing to change');
    const counted = total(await lab.calls()) - total(earlier);
    const seen = (await requestsSince(from, lab.tenant.user)).length;
    console.log(`counted ${counted}, seen ${seen}`);
    expect(Math.abs(counted - seen)).toBeLessThanOrEqual(2);
  });

  test('is asked by Nova calls that do not grow with its nodes, nor with who asks their BMCs', async () => {
    const calls = await callsOf('every node asked once in a minute', async () => {
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
    const calls = await callsOf('on', () => everyNode('on', 'ACTIVE'));
    expect(calls.compute).toBeLessThan(count * 3);
  });

  test('is reset by IPMI', async () => {
    const calls = await callsOf('reset', () => everyNode('reset', 'ACTIVE'));
    expect(calls.compute).toBeLessThan(count * 3);
  });

  test('is powered off by IPMI', async () => {
    const calls = await callsOf('off', () => everyNode('off', 'SHUTOFF'));
    expect(calls.compute).toBeLessThan(count * 3);
  });

  test('is gone after down, without a trace', async () => {
    const calls = await callsOf('down', () => lab.host.done('down', 'scale'));
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
    expect(calls.compute).toBeLessThan(count * 3);
    expect(calls.network).toBeLessThan(count * 4);
  });
});

function total(calls: Awaited<ReturnType<CloudLab['calls']>>): number {
  return calls.filter(({ service }) => service !== 'identity').reduce((sum, { count }) => sum + count, 0);
}
