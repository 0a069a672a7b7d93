import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { machinePaths } from '../../../src/drivers/qemu/layout.ts';
import { bridgeProblem } from '../../../src/drivers/qemu/links.ts';
import type { Disturbance, LaterDisturbance } from '../../../src/node/disturbance.ts';
import { Bench, processesWith } from './bench.ts';
import { diskCommand, diskGuestBanner, installDiskGuest } from './disk-guest.ts';
import { guestBanner, guestCommand, installGuest } from './guest.ts';
import { smallLab } from './platform.ts';

const never = new AbortController().signal;

let bench: Bench;

function disturb(...wrong: Disturbance[]): Promise<readonly LaterDisturbance[]> {
  return bench.driver.disturb(bench.id, wrong, never);
}

afterEach(async () => {
  await bench.clear();
  expect(processesWith(bench.platform.stateDirectory)).toEqual([]);
});

describe('a machine by itself', () => {
  const lab = smallLab('disturbed', '192.168.209.0/24');
  const rootDisk = () => `${bench.machineFolder}/disk-root.qcow2`;

  beforeEach(async () => {
    bench = await Bench.set({ accel: 'auto', networking: 'user' }, lab);
  });

  test('a disk fails, is full, or is write-protected while its guest runs, and works when that is lifted', async () => {
    installDiskGuest(rootDisk());
    await bench.powerOn();
    await bench.untilOutput(diskGuestBanner);
    const feels = async (read: string, write: string) => {
      await bench.ask(diskCommand.read, read);
      await bench.ask(diskCommand.write, write);
    };
    await feels('DONE', 'DONE');
    expect(await disturb({ kind: 'disk-fails', disk: 0 })).toEqual([]);
    await feels('FAILED', 'FAILED');
    await disturb({ kind: 'disk-full', disk: 0 });
    await feels('DONE', 'FAILED');
    await disturb({ kind: 'disk-full', disk: 0 }, { kind: 'disk-read-only', disk: 0 });
    await feels('DONE', 'FAILED');
    await disturb();
    await disturb();
    await feels('DONE', 'DONE');
    await expect(disturb({ kind: 'disk-fails', disk: 1 })).rejects.toMatchObject({ kind: 'refused' });
  });

  test('what is wrong stays so across power-ons, and boots fail of it', async () => {
    installDiskGuest(rootDisk());
    await disturb({ kind: 'disk-fails', disk: 0 });
    await bench.powerOn('disk');
    await bench.untilOutput('could not read the boot disk');
    await bench.powerOff();
    await disturb();
    await bench.powerOn('disk');
    await bench.untilOutput(diskGuestBanner);
  });

  test('firmware hangs at power-on: on, silent, not booted; lifted, it goes on', async () => {
    installGuest(rootDisk());
    await disturb({ kind: 'firmware-hangs' });
    await bench.powerOn();
    expect(bench.recorder.power(bench.id)).toBe('on');
    await bench.act({ action: 'reset', boot: bench.boot() });
    await bench.act({ action: 'soft-off' });
    expect(bench.recorder.of(bench.id, 'booted')).toEqual([]);
    expect(bench.output).toBe('');
    await disturb();
    await bench.untilOutput(guestBanner);
    expect(bench.recorder.of(bench.id, 'booted')).toHaveLength(1);
    expect(bench.recorder.power(bench.id)).toBe('on');
  });

  test('firmware hangs when a guest restarts: the running guest feels nothing before', async () => {
    installGuest(rootDisk());
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    expect(await disturb({ kind: 'firmware-hangs' })).toEqual([
      { kind: 'firmware-hangs', when: 'its firmware hangs when it next starts' },
    ]);
    await bench.ask(guestCommand.readDisc, 'NO');
    bench.output = '';
    bench.driver.serial(bench.id).write(guestCommand.reboot);
    while ((await disturb({ kind: 'firmware-hangs' })).length > 0)
      await new Promise(resolve => setImmediate(resolve));
    expect(bench.recorder.of(bench.id, 'booted')).toHaveLength(1);
    await disturb();
    await bench.untilOutput(guestBanner);
    expect(bench.recorder.of(bench.id, 'booted').at(-1)).toMatchObject({ cause: 'guest' });
  });

  test('a machine that hangs can be powered off', async () => {
    await disturb({ kind: 'firmware-hangs' });
    await bench.powerOn();
    await bench.powerOff();
    expect(bench.recorder.power(bench.id)).toBe('off');
  });

  test('a driver that comes back finds a machine with nothing wrong', async () => {
    installDiskGuest(rootDisk());
    await disturb(
      { kind: 'firmware-hangs' },
      { kind: 'disk-fails', disk: 0 },
      { kind: 'nic-unplugged', nic: 0 },
    );
    await bench.powerOn('disk');
    await bench.leave();
    await bench.comeBack();
    await bench.untilOutput(diskGuestBanner);
    await bench.ask(diskCommand.write, 'DONE');
  });
});

describe.skipIf((await bridgeProblem()) !== undefined)('a machine on a bridge', () => {
  const lab = smallLab('unheard', '192.168.210.0/24');
  const hasFilter = existsSync('/usr/sbin/nft');
  const hasTftp = existsSync('/usr/lib/ipxe/undionly.kpxe');
  const filter = () => machinePaths(bench.platform, lab.name, 'n1').filter;
  const tables = () => execFileSync('nft', ['list', 'tables', 'bridge'], { encoding: 'utf8' });
  let service: Server;
  let script: string;

  beforeEach(async () => {
    service = createServer((_, response) => response.end(`#!ipxe\n${script}\n`));
    bench = await Bench.set({ accel: 'auto', networking: 'bridge' }, lab);
    await new Promise<void>(resolve => service.listen(0, '192.168.210.1', resolve));
    await bench.leave();
    await bench.comeBackWith((service.address() as AddressInfo).port);
  });

  afterEach(() => {
    service.close();
  });

  /** Waits for something that the machine says again from now on. */
  function until(text: string): Promise<void> {
    bench.output = '';
    return bench.untilOutput(text);
  }

  test('a network card has no link, live, and has one again', async () => {
    const url = `http://192.168.210.1:${(service.address() as AddressInfo).port}/`;
    script = [
      ':again',
      `imgfetch --timeout 2000 ${url} && echo FETCHED || echo LOST`,
      'imgfree',
      'sleep 1',
      'goto again',
    ].join('\n');
    await bench.powerOn('pxe');
    await until('FETCHED');
    await disturb({ kind: 'nic-unplugged', nic: 0 });
    await until('LOST');
    await disturb();
    await until('FETCHED');
    await expect(disturb({ kind: 'nic-unplugged', nic: 1 })).rejects.toMatchObject({ kind: 'refused' });
  });

  test.skipIf(!hasFilter)('DHCP is lost, live, until that is lifted', async () => {
    script = ':again\nifconf --configurator dhcp net0 && echo GOT ONE || echo GOT NONE\nsleep 1\ngoto again';
    await bench.powerOn('pxe');
    await until('GOT ONE');
    expect(await disturb({ kind: 'dhcp-lost' })).toEqual([]);
    await until('GOT NONE');
    await disturb();
    expect(tables()).not.toContain(filter());
    await until('GOT ONE');
  });

  test.skipIf(!hasFilter || !hasTftp)('TFTP is lost, live, and nothing else', async () => {
    script = [
      ':again',
      'imgfetch --timeout 2000 tftp://192.168.210.1/undionly.kpxe && echo FETCHED || echo LOST',
      'imgfree',
      'ifconf --configurator dhcp net0 && echo GOT ONE || echo GOT NONE',
      'sleep 1',
      'goto again',
    ].join('\n');
    await bench.powerOn('pxe');
    await until('FETCHED');
    await disturb({ kind: 'tftp-lost' });
    await until('LOST');
    await until('GOT ONE');
    await disturb();
    await until('FETCHED');
  });

  test.skipIf(!hasFilter)(
    'what is lost is heard again by a driver that comes back, and when the machine goes',
    async () => {
      await disturb({ kind: 'dhcp-lost' }, { kind: 'tftp-lost' });
      expect(tables()).toContain(filter());
      await bench.leave();
      await bench.comeBack();
      expect(tables()).not.toContain(filter());
      await disturb({ kind: 'dhcp-lost' });
      await bench.apply({ ...lab, nodes: [] });
      expect(tables()).not.toContain(filter());
    },
  );
});

test('on user networking nothing comes between a machine and its DHCP', async () => {
  const lab = smallLab('disturbed', '192.168.209.0/24');
  bench = await Bench.set({ accel: 'auto', networking: 'user' }, lab);
  expect(bench.driver.capabilities(bench.id).disturbances).not.toContain('dhcp-lost');
  await expect(disturb({ kind: 'dhcp-lost' })).rejects.toMatchObject({ kind: 'unsupported' });
});
