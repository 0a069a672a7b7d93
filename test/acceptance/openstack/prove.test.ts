import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { hasQemuHost } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { type Plug, plugIn } from './plug.ts';
import { type Power, PowerTruth, Questioner } from './power-truth.ts';
import { consoleOf } from './resources.ts';

/** Nodes with local disks that netboot, deploy and boot Linux, which then hears its power button. */

/** A guest that obeys is off so soon after a soft off, and stays off. Milliseconds. */
const softOff = 30_000;
/** An answer of a BMC was the truth at a moment no longer ago. Milliseconds. */
const lag = 3_000;
const running = 'running from disk';
const pressed = 'power button pressed';

describe.skipIf(!hasQemuHost)('nodes with local disks', () => {
  let lab: CloudLab;
  let file: string;
  let truth: PowerTruth;
  let leg: Plug;
  let n0: { readonly id: string; readonly domain: string };

  beforeAll(async () => {
    lab = await CloudLab.create('proven', 26_440);
    truth = await PowerTruth.watch();
    file = await lab.file(`networks:
  provision: { cidr: 192.168.78.0/24, dhcp: true, interface: q5o-prov1 }
nodes:
  - { name: 'n{index}', count: 2, memory: 512MiB, disks: [2GiB], availabilityZone: qemu }
`);
    await lab.up(file);
    leg = await plugIn({ network: await lab.network('provision'), link: 'q5o-prov1' });
    n0 = await lab.server('n0');
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    await leg?.[Symbol.asyncDispose]();
    await truth?.[Symbol.asyncDispose]();
  });

  /** Waits until n0's system, started since the last power-off or reset, runs. */
  async function runs(): Promise<void> {
    const look = async () => (await consoleOf(lab.tenant, n0.id)).includes(running) || undefined;
    if (await poll(systemClock, { every: 500, within: 120_000 }, look)) return;
    throw new Error(`n0 does not run: ${await consoleOf(lab.tenant, n0.id)}`);
  }

  /** Waits until nothing is under way with n0, and it is so by its BMC, by Nova and by libvirt. */
  async function restsAs(power: Power): Promise<void> {
    const rests = async () => {
      const { operation } = await lab.host.node('proven', 'n0');
      const { server } = await lab.tenant.get('compute', `/servers/${n0.id}`);
      const { status, 'OS-EXT-STS:task_state': task } = server as Record<string, unknown>;
      const nova = status === (power === 'on' ? 'ACTIVE' : 'SHUTOFF') && task === null;
      const all = !operation && nova && truth.now(n0.domain) === power && (await lab.power(0)) === power;
      return all || undefined;
    };
    const rested = await poll(systemClock, { every: 500, within: 180_000 }, rests);
    if (!rested) throw new Error(`n0 does not rest as ${power}: ${truth.history(n0.domain)}`);
  }

  test('are proven', async () => {
    const said = await lab.host.done('prove', 'proven');
    expect(said).toContain('n0: proven');
    expect(said).toContain('n1: proven');
  });

  test('run again what was deployed, after a power cycle', async () => {
    await lab.ipmi(1, 'chassis', 'power', 'off');
    await lab.ipmi(0, 'chassis', 'power', 'cycle');
    await truth.until(n0.domain, 'off');
    await truth.until(n0.domain, 'on');
    await runs();
    await restsAs('on');
  });

  test('power off when their guest is asked to, and are never said to be what they are not', async () => {
    const questioner = new Questioner(() => lab.power(0));
    const began = Date.now();
    await lab.ipmi(0, 'chassis', 'power', 'soft');
    await restsAs('off');
    console.log(`soft off: ${Date.now() - began} ms, ${truth.history(n0.domain)}`);
    expect(Date.now() - began).toBeLessThan(softOff);
    const answers = await questioner.stop();
    expect(answers.some(({ power }) => power === 'off')).toBe(true);
    expect(truth.lies(n0.domain, answers, lag), truth.history(n0.domain)).toEqual([]);
    const events = JSON.parse(await lab.host.done('events', 'proven/n0', '--json')) as unknown;
    expect(JSON.stringify(events)).not.toContain('power-failed');
  });

  test('power off although the daemon is killed after their guest was asked', async () => {
    await lab.ipmi(0, 'chassis', 'power', 'on');
    await runs();
    await lab.ipmi(0, 'chassis', 'power', 'soft');
    const asked = async () => (await consoleOf(lab.tenant, n0.id)).includes(pressed) || undefined;
    expect(await poll(systemClock, { every: 100, within: 60_000 }, asked)).toBe(true);
    expect(await lab.host.kill('daemon')).toBe(1);
    await lab.up(file);
    await restsAs('off');
  });

  test.each([0, 1_000])('are cycled although the daemon is killed %i ms into it', async ms => {
    await lab.host.done('power', 'proven/n0', 'on');
    const began = Date.now();
    await lab.ipmi(0, 'chassis', 'power', 'cycle');
    await delay(ms);
    expect(await lab.host.kill('daemon')).toBe(1);
    await lab.up(file);
    await restsAs('on');
    expect(truth.held(n0.domain, 'off', began, Date.now()), truth.history(n0.domain)).toBe(true);
  });
});
