import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dice } from '../../fuzz/dice.ts';
import { Host, hasBridges, hasQemu } from './host.ts';

/** Kill -9 at any moment: the next command finds what is left, and finishes what was begun. */

const lab = { name: 'kills', cidr: '192.168.213.0/24', port: 26_250, nodes: 2 } as const;
const seeds = [1, 2, 3];
/** About as long as `up` or `down` takes. Milliseconds. */
const longest = 1_500;

describe.skipIf(!hasQemu)('killed while it works', () => {
  let host: Host;
  let file: string;

  beforeAll(async () => {
    host = await Host.create();
    file = await host.lab({ ...lab, name: 'halves', cidr: '192.168.214.0/24', port: 26_260 });
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  test.each(seeds)('up and down are finished by the next one (seed %i)', async seed => {
    const dice = new Dice(seed);
    for (const command of [
      ['up', file],
      ['down', 'halves'],
    ] as const) {
      const half = host.start(...command);
      await delay(dice.below(longest));
      await host.kill('cli', 'daemon');
      await half.ended;
      await host.done(...command);
      if (command[0] === 'down') continue;
      const { phase, nodes } = await host.status('halves');
      expect(phase).toBe('up');
      expect(nodes.map(({ bmc }) => bmc.problem)).toEqual([undefined, undefined]);
      expect(await host.done('up', file)).toContain('Nothing to change');
      await host.done('power', '--all', 'on');
      expect(await host.ipmitool(26_261, 'power', 'status')).toContain('Power is on');
    }
    // A daemon that was started for a lab that is gone already waits a while for another one.
    await expect.poll(() => host.traces(), { timeout: 30_000, interval: 500 }).toEqual([]);
  });
});

describe.skipIf(!hasQemu)('the daemon killed and started again', () => {
  let host: Host;
  let file: string;

  beforeAll(async () => {
    host = await Host.create();
    file = await host.lab(lab);
    await host.done('up', file);
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  test('finds machines on, answers for their BMCs, and uses a boot override once', async () => {
    await host.done('power', 'n0', 'on');
    const machine = await host.qemuOf('kills', 'n0');
    expect(machine).toBeDefined();
    await host.ipmitool(26_250, 'chassis', 'bootdev', 'pxe');
    expect(await host.kill('daemon')).toBe(1);
    expect(await host.qemuOf('kills', 'n0')).toEqual(machine);

    expect(await host.done('up', file)).toContain('Nothing to change');
    expect(await host.qemuOf('kills', 'n0')).toEqual(machine);
    expect(await host.ipmitool(26_250, 'power', 'status')).toContain('Power is on');
    expect(await host.ipmitool(26_250, 'chassis', 'bootparam', 'get', '5')).toContain('Force PXE');

    await host.done('power', 'n0', 'cycle');
    expect((await host.qemuOf('kills', 'n0'))?.commandLine).toMatch(/netdev=net0,\S*bootindex=0/);
    expect((await host.node('kills', 'n0')).boot.enabled).toBe('disabled');
    await host.done('power', 'n0', 'cycle');
    expect((await host.qemuOf('kills', 'n0'))?.commandLine).not.toMatch(/netdev=net0,\S*bootindex=0/);
  });

  test('killed in the middle of a power command, it finishes it', async () => {
    await host.done('power', 'n0', 'on');
    const half = host.start('power', 'n0', 'cycle');
    await delay(new Dice(6).below(longest));
    await host.kill('cli', 'daemon');
    await half.ended;
    await host.done('up', file);
    const power = async () => (await host.node('kills', 'n0')).power;
    await expect.poll(power, { timeout: 30_000, interval: 500 }).toBe('on');
    expect(await host.ipmitool(26_250, 'power', 'status')).toContain('Power is on');
    expect((await host.workers()).filter(({ kind }) => kind === 'qemu')).toHaveLength(1);
  });

  test('down after everything was killed leaves nothing', async () => {
    await host.done('power', 'n0', 'n1', 'on');
    await host.kill('daemon', 'qemu', 'dnsmasq');
    await host.done('down', 'kills');
    expect(await host.traces()).toEqual([]);
  });
});

describe.skipIf(!hasBridges)('everything killed, and the bridge deleted', () => {
  test('is repaired by up, and proven', async () => {
    await using host = await Host.create();
    const file = await host.lab({ ...lab, nodes: 1, memory: '256MiB' });
    await host.done('up', file);
    await host.done('power', 'n0', 'on');
    // Machine, DHCP server and daemon.
    expect(await host.kill('daemon', 'qemu', 'dnsmasq')).toBe(3);
    await host.deleteBridge('kills');
    await host.done('up', file);
    expect((await host.node('kills', 'n0')).power).toBe('off');
    await host.done('prove', 'kills');

    // The machine runs on while its network is taken away and made anew.
    const machine = await host.qemuOf('kills', 'n0');
    await host.deleteBridge('kills');
    expect(await host.done('up', file)).toContain('its bridge is gone');
    expect(await host.qemuOf('kills', 'n0')).toEqual(machine);
    await host.done('prove', 'kills');
    await host.done('down', 'kills');
    expect(await host.traces()).toEqual([]);
  });
});
