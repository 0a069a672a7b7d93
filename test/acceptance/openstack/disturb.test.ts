import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FaultStatus } from '../../../src/daemon/api-faults.ts';
import type { ScreenAnswer, TimelineEntry } from '../../../src/daemon/api-watch.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { type Moment, moment, requestsSince } from './api-requests.ts';
import { hasFakeHost, hasQemuHost } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { type Plug, plugIn } from './plug.ts';
import { PowerTruth } from './power-truth.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';
import { PxeServer } from './pxe-server.ts';

/** What is made wrong on purpose with a lab on a real cloud, and what the dashboard shows of such a lab. */

const prefix = '192.168.87';
const script = '#!ipxe\necho BOOTED-FROM-NETWORK\nsleep 3600\n';

describe.skipIf(!hasQemuHost || !hasFakeHost)('a lab on a cloud, disturbed on purpose', () => {
  let before: ProjectContent;
  let lab: CloudLab;
  let file: string;
  let truth: PowerTruth;
  let leg: Plug;
  let pxe: PxeServer;
  let n0: { readonly id: string; readonly domain: string; readonly mac: string };

  beforeAll(async () => {
    truth = await PowerTruth.watch();
    lab = await CloudLab.create('disturbed', 26_640);
    before = await contentOf(lab.tenant);
    file = await lab.file(`networks: { provision: { cidr: ${prefix}.0/24, interface: q5o-prov0 } }
nodes:
  - { name: n0, memory: 128MiB, availabilityZone: qemu, disks: [{ size: 1GiB, source: volume }], nics: [provision] }
  - { name: n1, memory: 128MiB, availabilityZone: fake, disks: [1GiB], nics: [provision] }
`);
    await lab.up(file);
    n0 = { ...(await lab.server('n0')), mac: await lab.mac('n0') };
    const network = await lab.network('provision');
    leg = await plugIn({ network, link: 'q5o-prov0' });
    pxe = await PxeServer.start({ network, prefix, script, name: 'q5o-dist' });
    await lab.ipmi(0, 'chassis', 'bootdev', 'pxe', 'options=persistent');
  });

  // A test that fails leaves the next ones nothing.
  afterEach(async () => {
    await lab.host.cli('fault', 'lift', 'all');
  });

  afterAll(async () => {
    await pxe?.[Symbol.asyncDispose]();
    await leg?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
    await truth?.[Symbol.asyncDispose]();
  });

  async function injected(): Promise<readonly FaultStatus[]> {
    return JSON.parse(await lab.host.done('fault', 'list', '--json')) as FaultStatus[];
  }

  /** @param place - `all`, or a node */
  async function inject(place: string, kind: string, ...settings: readonly string[]): Promise<string> {
    const args = ['fault', 'inject', place, kind, ...settings, '--lab', 'disturbed', '--json'];
    const [fault] = JSON.parse(await lab.host.done(...args)) as FaultStatus[];
    return fault?.id ?? '';
  }

  /** Lifts a fault, after which nothing is wrong. @returns how often it was felt */
  async function lift(id: string): Promise<number> {
    const [lifted] = JSON.parse(await lab.host.done('fault', 'lift', id, '--json')) as FaultStatus[];
    expect(await injected()).toEqual([]);
    return lifted?.felt ?? 0;
  }

  async function timeline(): Promise<readonly TimelineEntry[]> {
    return JSON.parse(
      await lab.host.done('events', 'disturbed/n0', '--timeline', '--json'),
    ) as TimelineEntry[];
  }

  /** What the node's timeline has of calls to the cloud about its server, from after an entry on. */
  async function callsAfter(entry: number): Promise<readonly TimelineEntry[]> {
    const isCall = ({ id, kind, text }: TimelineEntry) =>
      id > entry && kind === 'cloud' && text.includes(n0.id);
    return (await timeline()).filter(isCall);
  }

  const lastEntry = async () => (await timeline()).at(-1)?.id ?? 0;

  /** Waits until a call to the cloud was answered so. */
  async function untilAnswered(status: number, since: number): Promise<void> {
    const look = async () =>
      (await callsAfter(since)).some(({ text }) => text.endsWith(`: ${status}`)) || undefined;
    if (await poll(systemClock, { every: 500, within: 60_000 }, look)) return;
    throw new Error(`no call was answered ${status}: ${JSON.stringify(await callsAfter(since))}`);
  }

  /** How many power commands for the node the cloud has seen. */
  async function actionsSince(from: Moment): Promise<number> {
    const seen = await requestsSince(from, lab.tenant.user);
    return seen.filter(({ path }) => path.endsWith(`/servers/${n0.id}/action`)).length;
  }

  const portsOf = () => lab.tenant.list('network', `/ports?device_id=${n0.id}`, 'ports');

  /** Whether the port of a node's card carries anything. */
  async function isPluggedIn(): Promise<boolean> {
    const [port] = await portsOf();
    return port?.admin_state_up === true;
  }

  /** How many packets of the node's the host has dropped since its power was switched on. */
  async function droppedPackets(): Promise<number> {
    const [port] = await portsOf();
    const tap = `/sys/class/net/tap${String(port?.id).slice(0, 11)}`;
    return Number(await readFile(`${tap}/statistics/rx_dropped`, 'utf8').catch(() => '0'));
  }

  async function screen(node: string): Promise<ScreenAnswer> {
    const agent = new Agent({ connect: { socketPath: lab.host.controlSocket } });
    try {
      const url = `http://quintupleo/v1/labs/disturbed/nodes/${node}/screen`;
      const options = { dispatcher: agent, signal: AbortSignal.timeout(60_000) };
      return (await (await request(url, options)).body.json()) as ScreenAnswer;
    } finally {
      await agent.destroy();
    }
  }

  test('shows in its budget of API calls what the cloud has seen', async () => {
    const from = await moment();
    const earlier = await lab.callCount();
    await lab.ipmi(0, 'chassis', 'power', 'on');
    await lab.untilPower(0, 'on', 60_000);
    await lab.host.done('power', 'disturbed/n0', 'off');
    const counted = (await lab.callCount()) - earlier;
    const seen = (await requestsSince(from, lab.tenant.user)).length;
    console.log(`counted ${counted}, seen ${seen}`);
    expect(seen).toBeGreaterThan(2);
    expect(Math.abs(counted - seen)).toBeLessThanOrEqual(2);
  });

  test('comes on once a cloud that has refused its calls as too many takes them', async () => {
    const since = await lastEntry();
    const from = await moment();
    const id = await inject('all', 'cloud-rate-limited', 'retryAfter=2s');
    expect(await lab.ipmi(0, 'chassis', 'power', 'on')).toContain('Up/On');
    await untilAnswered(429, since);
    expect(truth.now(n0.domain)).toBe('off');
    expect(await actionsSince(from)).toBe(0);
    expect(await lift(id)).toBeGreaterThan(0);
    await truth.until(n0.domain, 'on', 60_000);
    await lab.untilPower(0, 'on', 15_000);
    await untilAnswered(202, since);
    expect(await actionsSince(from)).toBe(1);
  });

  test('goes off although calls of the cloud fail by chance meanwhile', async () => {
    const id = await inject('all', 'cloud-errors', 'rate=0.4', 'status=503', '--seed', '7');
    await lab.ipmi(0, 'chassis', 'power', 'off');
    await truth.until(n0.domain, 'off', 120_000);
    await lab.untilPower(0, 'off', 60_000);
    const felt = async () => ((await injected())[0]?.felt ?? 0) > 0 || undefined;
    expect(await poll(systemClock, { every: 500, within: 60_000 }, felt)).toBe(true);
    expect(await lift(id)).toBeGreaterThan(0);
  });

  test('says why it stays off when the cloud refuses, and works when it does no more', async () => {
    const id = await inject('all', 'cloud-errors', 'status=403');
    const { status, text } = await lab.host.cli('power', 'disturbed/n0', 'on');
    expect(status).not.toBe(0);
    expect(text).toContain('Fails on purpose');
    expect(truth.now(n0.domain)).toBe('off');
    expect(await lift(id)).toBeGreaterThan(0);
    await lab.host.done('power', 'disturbed/n0', 'on');
    expect(truth.now(n0.domain)).toBe('on');
  });

  test('goes off by a slow cloud, late', async () => {
    const since = await lastEntry();
    const id = await inject('all', 'cloud-slow', 'delay=3s');
    await lab.host.done('power', 'disturbed/n0', 'off');
    expect(truth.now(n0.domain)).toBe('off');
    const [call] = await callsAfter(since);
    expect(call?.milliseconds).toBeGreaterThanOrEqual(3_000);
    expect(await lift(id)).toBeGreaterThan(0);
  });

  test('sends nothing by a network card that is unplugged, and gets an address once it is plugged in', async () => {
    expect(await isPluggedIn()).toBe(true);
    const id = await inject('n0', 'nic-unplugged');
    await expect.poll(isPluggedIn, { timeout: 15_000 }).toBe(false);
    const asked = await pxe.count('DHCPDISCOVER', n0.mac);
    await lab.ipmi(0, 'chassis', 'power', 'on');
    // Its firmware asks what to boot, and what it sends is dropped.
    await expect.poll(droppedPackets, { timeout: 90_000, interval: 500 }).toBeGreaterThan(2);
    expect(await pxe.count('DHCPDISCOVER', n0.mac)).toBe(asked);
    expect(await lift(id)).toBe(1);
    expect(await isPluggedIn()).toBe(true);
    await lab.ipmi(0, 'chassis', 'power', 'reset');
    const given = await pxe.count('DHCPACK', n0.mac);
    const look = async () => (await pxe.count('DHCPACK', n0.mac)) > given || undefined;
    expect(await poll(systemClock, { every: 500, within: 90_000 }, look), await pxe.log()).toBe(true);
  });

  test('is plugged in again by the next daemon when the one is killed that unplugged it', async () => {
    await inject('n0', 'nic-unplugged');
    await expect.poll(isPluggedIn, { timeout: 15_000 }).toBe(false);
    expect(await lab.host.kill('daemon')).toBe(1);
    expect(await isPluggedIn()).toBe(false);
    expect(await lab.up(file)).toContain('Nothing to change');
    await expect.poll(isPluggedIn, { timeout: 30_000 }).toBe(true);
    expect(await injected()).toEqual([]);
  });

  test("has its screen at the cloud's console proxy while it is on, and says so where there is none", async () => {
    await lab.untilPower(0, 'on', 60_000);
    const page = expect.stringMatching(/^http:\/\/127\.0\.0\.1:6080\/.*token/);
    expect(await screen('n0')).toEqual({ kind: 'url', url: page });
    await lab.host.done('power', 'disturbed/n0', 'off');
    expect(await screen('n0')).toEqual({ kind: 'none', why: 'The cloud shows it only while it is on.' });
    await lab.host.done('power', 'disturbed/n1', 'on');
    expect(await screen('n1')).toEqual({ kind: 'none', why: 'The cloud has no console for screens.' });
  });

  test('is gone without a trace', async () => {
    await pxe[Symbol.asyncDispose]();
    await leg[Symbol.asyncDispose]();
    expect(await lab.down()).toMatchObject({ status: 0 });
    await lab.host.done('image', 'prune');
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
  });
});
