import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Dice } from '../../fuzz/dice.ts';
import { Api } from './api.ts';
import { hasFakeHost, killDaemon, revokeTokens, startDaemon } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';

/** Whatever dies at whatever moment, and whatever others do: one lab, nothing doubled, and true answers. */

const seeds = [1, 2, 3];

describe.skipIf(!hasFakeHost)('a lab on a cloud under fire', () => {
  let before: ProjectContent;
  let lab: CloudLab;
  let file: string;
  /** How long they take undisturbed. Milliseconds. */
  let longest: { readonly up: number; readonly down: number };

  beforeAll(async () => {
    lab = await CloudLab.create('fire', 26_620);
    file = await lab.file(`networks:
  provision: { cidr: 192.168.84.0/24 }
  tenant: { cidr: 192.168.85.0/24 }
nodes:
  - name: 'n{index}'
    count: 2
    memory: 128MiB
    availabilityZone: fake
    disks: [1GiB, { size: 1GiB, source: volume }]
    nics: [provision, tenant]
`);
    before = await contentOf(lab.tenant);
    const up = await duration(() => lab.up(file));
    longest = { up, down: await duration(() => lab.host.done('down', 'fire')) };
    console.log(`undisturbed: ${JSON.stringify(longest)} ms`);
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  /** What the lab has, each kind as often as there is something of it. */
  async function parts(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    const found = differences(before, await contentOf(lab.tenant));
    for (const line of found.filter(line => line.includes('fire'))) {
      const kind = line.split(' ', 1).join();
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  /** The lab is there, once. */
  async function isWhole(): Promise<void> {
    const { phase, nodes } = await lab.host.status('fire');
    expect(phase).toBe('up');
    expect(nodes.map(({ bmc }) => bmc.problem)).toEqual([undefined, undefined]);
    expect(await parts()).toEqual({ network: 2, subnet: 2, port: 4, server: 2, volume: 2 });
    expect(await lab.up(file)).toContain('Nothing to change');
    for (const index of [0, 1]) await lab.ipmi(index, 'chassis', 'power', 'on');
    for (const index of [0, 1]) await lab.untilPower(index, 'on', 60_000);
  }

  /** Everything but what others keep in this project is gone. */
  async function isGone(): Promise<void> {
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
    await expect.poll(() => lab.host.traces(), { timeout: 30_000, interval: 500 }).toEqual([]);
  }

  test.each(seeds)('up and down killed in the middle are finished by the next one (seed %i)', async seed => {
    const dice = new Dice(seed);
    for (const [verb, ...args] of [
      ['up', file],
      ['down', 'fire'],
    ] as const) {
      const half = lab.host.start(verb, ...args);
      // The seeds share the time among them.
      const share = longest[verb] / seeds.length;
      const moment = (seed - 1) * share + dice.below(share);
      await delay(moment);
      await lab.host.kill('cli', 'daemon');
      console.log(`${verb} killed after ${moment} ms: ${JSON.stringify(await parts())}`);
      await half.ended;
      await lab.host.done(verb, ...args);
      if (verb === 'up') await isWhole();
      else await isGone();
    }
  });

  test('is made although the API dies meanwhile, and goes although all tokens are revoked', async () => {
    const up = lab.host.start('up', file);
    await delay(longest.up / 2);
    await killDaemon('nova-api');
    await startDaemon('nova-api');
    expect(await up.ended).toMatchObject({ status: 0 });
    await isWhole();
    const down = lab.host.start('down', 'fire');
    await delay(longest.down / 3);
    await revokeTokens('quintupleo');
    expect(await down.ended).toMatchObject({ status: 0 });
    await isGone();
  });

  test('is mended, and goes, although Nova could not free the volumes of its servers', async () => {
    const loseServers = async () => {
      await killDaemon('cinder-api');
      const servers = [...(await lab.servers()).values()];
      for (const { id } of servers) await lab.tenant.call('compute', 'DELETE', `/servers/${id}`);
      await expect.poll(async () => (await lab.servers()).size, { timeout: 60_000, interval: 500 }).toBe(0);
      await startDaemon('cinder-api');
      const volumes = await lab.tenant.list('volume', '/volumes/detail', 'volumes');
      expect(volumes.map(({ status }) => status)).toEqual(['in-use', 'in-use']);
    };
    await lab.up(file);
    await loseServers();
    await lab.up(file);
    await isWhole();
    await loseServers();
    await lab.host.done('down', 'fire');
    await isGone();
  });
});

describe.skipIf(!hasFakeHost)('a node that others meddle with', () => {
  let lab: CloudLab;
  let admin: Api;
  let server: string;

  beforeAll(async () => {
    lab = await CloudLab.create('meddled', 26_630);
    admin = await Api.connect('admin');
    await lab.up(
      await lab.file(`networks: { provision: { cidr: 192.168.86.0/24 } }
nodes: [{ name: n0, memory: 128MiB, disks: [1GiB], availabilityZone: fake }]
`),
    );
    server = `/servers/${(await lab.servers()).get('n0')?.id}`;
  });

  beforeEach(async () => {
    await lab.host.done('power', 'meddled/n0', 'on');
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  const events = () => lab.host.done('events', 'meddled/n0');

  test('is off when somebody stops it, and the log says who', async () => {
    await lab.tenant.call('compute', 'POST', `${server}/action`, { 'os-stop': null });
    await lab.untilPower(0, 'off', 20_000);
    expect(await events()).toContain(lab.tenant.user);
  });

  test('is refused while it is locked, and says why', async () => {
    await lab.tenant.call('compute', 'POST', `${server}/action`, { lock: null });
    const { status, text } = await lab.host.cli('power', 'meddled/n0', 'off');
    expect(status).not.toBe(0);
    expect(text).toContain('locked');
    expect(await lab.power(0)).toBe('on');
    expect(await events()).toContain('locked');
    await lab.tenant.call('compute', 'POST', `${server}/action`, { unlock: null });
    await lab.ipmi(0, 'chassis', 'power', 'off');
    await lab.untilPower(0, 'off', 20_000);
  });

  test('tells the truth while Nova calls it broken, and is powered all the same', async () => {
    await admin.call('compute', 'POST', `${server}/action`, { 'os-resetState': { state: 'error' } });
    expect(await lab.power(0)).toBe('on');
    await lab.host.done('power', 'meddled/n0', 'off');
    expect(await lab.power(0)).toBe('off');
    await lab.host.done('power', 'meddled/n0', 'on');
    const { server: after } = await lab.tenant.get('compute', server);
    expect(after).toMatchObject({ status: 'ACTIVE' });
  });
});

async function duration(work: () => Promise<unknown>): Promise<number> {
  const began = Date.now();
  await work();
  return Date.now() - began;
}
