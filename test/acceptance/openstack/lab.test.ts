import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { bootSector } from './boot-sector.ts';
import { hasQemuHost, killDaemon, revokeTokens, startDaemon } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { type Plug, plugIn } from './plug.ts';
import { domainOf, PowerTruth, Questioner } from './power-truth.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';
import { PxeServer } from './pxe-server.ts';
import { consoleOf, type Made, makeImage } from './resources.ts';

/**
 * A lab on a real cloud with real guests, as its users see it: made by `up`, driven by ipmitool, netbooted from
 * somebody else's PXE server, gone without a trace.
 */

/** A hard off takes no longer, whatever the guest does. Milliseconds. */
const hardOff = 5_000;
/** An answer of a BMC was the truth at a moment no longer ago. Milliseconds. */
const lag = 3_000;
const diskWord = 'BOOTED-FROM-DISK';
const networks = 'networks:\n  provision: { cidr: 192.168.77.0/24, interface: q5o-prov0 }\n';

describe.skipIf(!hasQemuHost)('a lab of real guests', () => {
  let before: ProjectContent;
  let image: Made;
  let lab: CloudLab;
  let file: string;
  let truth: PowerTruth;
  let leg: Plug;
  let pxe: PxeServer;
  let n0: { readonly id: string; readonly domain: string; readonly mac: string };

  beforeAll(async () => {
    image = await makeImage('q5o-proof', bootSector(diskWord));
    lab = await CloudLab.create('proof', 26_430);
    before = await contentOf(lab.tenant);
    truth = await PowerTruth.watch();
    file = await lab.file(`${networks}nodes:
  - name: 'n{index}'
    count: 2
    memory: 128MiB
    availabilityZone: qemu
    disks: [{ name: root, size: 1GiB, source: volume, image: ${image.id} }]
    nics: [provision]
`);
  });

  afterAll(async () => {
    await pxe?.[Symbol.asyncDispose]();
    await leg?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
    await truth?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
  });

  /** Waits until the node's disk has been booted since it was last started. */
  async function bootsFromDisk(): Promise<void> {
    const look = async () => (await consoleOf(lab.tenant, n0.id)).includes(diskWord) || undefined;
    if (!(await poll(systemClock, { every: 500, within: 90_000 }, look))) {
      throw new Error(`n0 did not boot from its disk: ${await consoleOf(lab.tenant, n0.id)}`);
    }
  }

  /** Does something, and waits until the PXE server has given the node an address and a file since. */
  async function bootsFromNetwork(act: () => Promise<unknown>): Promise<void> {
    const had = await pxe.count('DHCPACK', n0.mac);
    await act();
    const look = async () => (await pxe.count('DHCPACK', n0.mac)) > had || undefined;
    if (!(await poll(systemClock, { every: 500, within: 90_000 }, look))) {
      throw new Error(`n0 did not boot from the network: ${await pxe.log()}`);
    }
  }

  test('is made by up: two nodes, off', async () => {
    expect(await lab.up(file)).toContain('3 to create');
    expect(await lab.up(file)).toContain('Nothing to change');
    expect([await lab.power(0), await lab.power(1)]).toEqual(['off', 'off']);
    n0 = { ...(await lab.server('n0')), mac: await lab.mac('n0') };
    expect(truth.now(n0.domain)).toBe('off');
    const network = await lab.network('provision');
    leg = await plugIn({ network, link: 'q5o-prov0' });
    const script = '#!ipxe\necho BOOTED-FROM-NETWORK\nsleep 3600\n';
    pxe = await PxeServer.start({ network, prefix: '192.168.77', script, name: 'q5o-pxe' });
  });

  test('boots from the network when told so by IPMI, and again when reset meanwhile', async () => {
    await lab.ipmi(0, 'chassis', 'bootdev', 'pxe', 'options=persistent');
    await bootsFromNetwork(() => lab.ipmi(0, 'chassis', 'power', 'on'));
    await bootsFromNetwork(() => lab.ipmi(0, 'chassis', 'power', 'reset'));
  });

  test('boots from its disk when told so', async () => {
    await lab.ipmi(0, 'chassis', 'bootdev', 'disk', 'options=persistent');
    await lab.ipmi(0, 'chassis', 'power', 'cycle');
    await bootsFromDisk();
  });

  test('boots from the network once, and then from its disk again', async () => {
    await lab.ipmi(0, 'chassis', 'bootdev', 'pxe');
    await bootsFromNetwork(() => lab.ipmi(0, 'chassis', 'power', 'reset'));
    await lab.ipmi(0, 'chassis', 'power', 'reset');
    await bootsFromDisk();
  });

  test('is off at once when told so, though its guest does not listen', async () => {
    expect(truth.now(n0.domain)).toBe('on');
    await lab.ipmi(0, 'chassis', 'power', 'off');
    const took = await truth.until(n0.domain, 'off');
    console.log(`hard off took ${took} ms`);
    expect(took).toBeLessThan(hardOff);
  });

  test('never says what was not so', async () => {
    const questioner = new Questioner(() => lab.power(0));
    for (const [action, power] of [
      ['on', 'on'],
      ['cycle', 'on'],
      ['reset', 'on'],
      ['off', 'off'],
      ['on', 'on'],
      ['off', 'off'],
    ] as const) {
      await lab.host.done('power', 'proof/n0', action);
      expect(truth.now(n0.domain)).toBe(power);
      await lab.untilPower(0, power, lag);
    }
    const answers = await questioner.stop();
    expect(answers.length).toBeGreaterThan(10);
    expect(truth.lies(n0.domain, answers, lag), truth.history(n0.domain)).toEqual([]);
  });

  test('shows within seconds what others did to it', async () => {
    await lab.host.done('power', 'proof/n0', 'on');
    await lab.tenant.call('compute', 'POST', `/servers/${n0.id}/action`, { 'os-stop': null });
    await truth.until(n0.domain, 'off', 90_000);
    await lab.untilPower(0, 'off', 15_000);
  });

  test('obeys although the API dies and comes back meanwhile', async () => {
    await killDaemon('nova-api');
    await lab.ipmi(0, 'chassis', 'power', 'on');
    await startDaemon('nova-api');
    await truth.until(n0.domain, 'on', 120_000);
    await lab.untilPower(0, 'on', 15_000);
  });

  test('obeys although its token was revoked', async () => {
    await revokeTokens('quintupleo');
    await lab.ipmi(0, 'chassis', 'power', 'off');
    await truth.until(n0.domain, 'off', 60_000);
    await lab.untilPower(0, 'off', 15_000);
  });

  test('obeys although the daemon is killed meanwhile', async () => {
    await lab.ipmi(0, 'chassis', 'power', 'on');
    expect(await lab.host.kill('daemon')).toBe(1);
    expect(await lab.up(file)).toContain('Nothing to change');
    await truth.until(n0.domain, 'on', 60_000);
    await lab.untilPower(0, 'on', 15_000);
  });

  test('makes a node again that was deleted', async () => {
    await lab.tenant.call('compute', 'DELETE', `/servers/${n0.id}`);
    const gone = async () => ((await lab.servers()).has('n0') ? undefined : true);
    expect(await poll(systemClock, { every: 500, within: 60_000 }, gone)).toBe(true);
    await expect.poll(() => lab.power(0), { timeout: 15_000 }).not.toBe('on');
    expect(await lab.up(file)).toMatch(/n0/);
    const again = await lab.server('n0');
    expect(again.id).not.toBe(n0.id);
    expect(await domainOf(again.id)).toBeDefined();
  });

  test('is gone without a trace', async () => {
    await pxe[Symbol.asyncDispose]();
    await leg[Symbol.asyncDispose]();
    const running = lab.host.start('down', 'proof');
    await lab.host.kill('daemon');
    await running.ended;
    expect(await lab.down()).toMatchObject({ status: 0 });
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
    await expect.poll(() => lab.host.traces(), { timeout: 30_000 }).toEqual([]);
  });
});
