import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { networkPaths } from '../../../src/drivers/qemu/layout.ts';
import { bridgeProblem } from '../../../src/drivers/qemu/links.ts';
import { Bench, bridgesOf, processesWith } from './bench.ts';
import { smallLab } from './platform.ts';

const lab = smallLab('bridges', '192.168.206.0/24');
const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });

describe.skipIf((await bridgeProblem()) !== undefined)('networks on bridges', () => {
  let bench: Bench;
  let paths: ReturnType<typeof networkPaths>;

  beforeEach(async () => {
    bench = await Bench.set({ accel: 'tcg', networking: 'bridge' }, lab);
    paths = networkPaths({ ...bench.platform }, lab.name, 'provisioning');
  });

  afterEach(async () => {
    await bench.clear();
    expect(bridgesOf(lab.name)).toEqual([]);
    expect(processesWith(bench.platform.stateDirectory)).toEqual([]);
  });

  test('a machine gets its address from the lab and its script from the boot service', async () => {
    const asked: string[] = [];
    const service = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('#!ipxe\necho TOLD BY THE BOOT SERVICE\n');
    });
    await new Promise<void>(resolve => service.listen(0, '192.168.206.1', resolve));
    try {
      await bench.leave();
      await bench.comeBackWith((service.address() as AddressInfo).port);
      await bench.powerOn('pxe');
      await bench.untilOutput('TOLD BY THE BOOT SERVICE');
      expect(asked).toEqual(['/boot.ipxe']);
    } finally {
      service.close();
    }
  });

  test('its DHCP server tells what address it was given', async () => {
    await bench.driver.serveBoot(lab);
    await bench.powerOn('pxe');
    await bench.recorder.until(() => bench.recorder.of(bench.id, 'leased').length > 0);
    expect(bench.recorder.of(bench.id, 'leased')).toContainEqual({
      type: 'leased',
      address: '192.168.206.11',
    });
  });

  test('the host side: first address, no routes from the lab, a MAC address of its own', () => {
    const shown = ip('-4', 'address', 'show', 'dev', paths.bridge);
    expect(shown).toContain('inet 192.168.206.1/24');
    expect(ip('link', 'show', paths.bridge)).toContain(paths.mac);
    expect(
      execFileSync('cat', [`/proc/sys/net/ipv6/conf/${paths.bridge}/accept_ra`], { encoding: 'utf8' }),
    ).toBe('0\n');
  });

  test('a tap goes with its machine, however that ends', async () => {
    await bench.powerOn();
    expect(ip('link', 'show', 'master', paths.bridge)).toContain('qx');
    process.kill(processesWith(`${bench.machineFolder}/qemu.pid`)[0] ?? 0, 'SIGKILL');
    await bench.recorder.untilPower(bench.id, 'off');
    expect(ip('link', 'show', 'master', paths.bridge)).toBe('');
  });

  test('a daemon that comes back makes the bridge and the DHCP server that are gone anew', async () => {
    await bench.powerOn();
    await bench.leave();
    const [before] = processesWith(`--pid-file=${paths.pidfile}`);
    ip('link', 'delete', paths.bridge);
    await bench.comeBack();
    expect(processesWith(`--pid-file=${paths.pidfile}`)).not.toContain(before);
    expect(bridgesOf(lab.name)).toHaveLength(1);
    expect(processesWith(`--pid-file=${paths.pidfile}`)).toHaveLength(1);
    expect(ip('link', 'show', 'master', paths.bridge)).toContain('qx');
  });

  test('a plan sees what somebody has destroyed, and repairs it under running machines', async () => {
    await bench.powerOn();
    process.kill(processesWith(`--pid-file=${paths.pidfile}`)[0] ?? 0, 'SIGKILL');
    expect(await bench.driver.plan(lab)).toMatchObject([
      { op: 'update', kind: 'network', disruptive: false },
    ]);
    ip('link', 'delete', paths.bridge);
    expect(await bench.driver.plan(lab)).toMatchObject([{ summary: 'made anew: its bridge is gone' }]);
    await bench.apply(lab);
    expect(await bench.driver.plan(lab)).toEqual([]);
    expect(ip('link', 'show', 'master', paths.bridge)).toContain('qx');
  });

  test('a daemon that comes back leaves alone what runs', async () => {
    const [before] = processesWith(`--pid-file=${paths.pidfile}`);
    await bench.leave();
    await bench.comeBack();
    expect(processesWith(`--pid-file=${paths.pidfile}`)).toEqual([before]);
  });

  test('another range replaces the address and the DHCP server', async () => {
    const networks = lab.networks.map(network => ({ ...network, cidr: '192.168.207.0/24' }));
    expect(await bench.driver.plan({ ...lab, networks })).toMatchObject([{ op: 'update', disruptive: true }]);
    await bench.apply({ ...lab, networks });
    const shown = ip('-4', 'address', 'show', 'dev', paths.bridge);
    expect(shown).toContain('192.168.207.1/24');
    expect(shown).not.toContain('192.168.206.1');
    expect(processesWith(`--pid-file=${paths.pidfile}`)).toHaveLength(1);
  });

  test('a range that the host already uses is refused before anything is made', async () => {
    const networks = [...lab.networks, { name: 'other', cidr: '192.168.206.128/25', dhcp: false }];
    await expect(bench.driver.plan({ ...lab, networks })).rejects.toMatchObject({ code: 'NETWORK_OVERLAPS' });
  });

  test("a stranger's interface of the same name is neither used nor deleted", async () => {
    const { bridge } = networkPaths({ ...bench.platform }, lab.name, 'other');
    ip('link', 'add', bridge, 'type', 'bridge');
    try {
      const networks = [...lab.networks, { name: 'other', cidr: '192.168.208.0/24', dhcp: false }];
      await expect(bench.apply({ ...lab, networks })).rejects.toMatchObject({ code: 'INTERFACE_TAKEN' });
      await bench.apply(lab);
      expect(ip('link', 'show', bridge)).toContain(bridge);
    } finally {
      ip('link', 'delete', bridge);
    }
  });

  test('what was only half made is found, finished or taken away', async () => {
    const half = networkPaths({ ...bench.platform }, lab.name, 'half');
    mkdirSync(half.folder);
    ip('link', 'add', half.bridge, 'address', half.mac, 'type', 'bridge');
    mkdirSync(`${bench.machineFolder}/../half`);
    expect(await bench.driver.existing(lab.name)).toHaveLength(4);
    expect(await bench.driver.plan(lab)).toMatchObject([
      { op: 'delete', kind: 'machine', name: 'half' },
      { op: 'delete', kind: 'network', name: 'half' },
    ]);
    await bench.apply(lab);
    expect(ip('link', 'show')).not.toContain(half.bridge);
  });
});
