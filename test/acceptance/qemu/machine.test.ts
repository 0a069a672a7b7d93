import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Bench, commandLine, processesWith } from './bench.ts';
import { guestBanner, guestCommand, installGuest } from './guest.ts';
import { smallLab } from './platform.ts';

const user = { accel: 'tcg', networking: 'user' } as const;

let bench: Bench;

async function newBench(firmware: 'bios' | 'uefi' = 'bios', bootPort?: number): Promise<Bench> {
  bench = await Bench.set(user, smallLab('machine', '192.168.205.0/24', firmware), bootPort);
  return bench;
}

function qemuPid(): number {
  return processesWith(`${bench.machineFolder}/qemu.pid`)[0] ?? 0;
}

afterEach(async () => {
  const { machineFolder, platform } = bench;
  await bench.clear();
  expect(processesWith(platform.stateDirectory)).toEqual([]);
  expect(existsSync(machineFolder)).toBe(false);
});

describe('what a machine boots from', () => {
  test('a disk by default, the network when told so at power-on, and the disk again after that', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    expect(bench.output).not.toContain('starting execution');
    await bench.powerOff();

    await bench.powerOn('pxe');
    await bench.untilOutput('iPXE initialising');
    expect(bench.output).not.toContain(guestBanner);
    await bench.act({ action: 'reset', boot: bench.boot() });
    await bench.untilOutput(guestBanner);
  });

  test('an empty disk falls through to the network, whose DHCP tells where the boot service is', async () => {
    const asked: string[] = [];
    const service = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('#!ipxe\necho TOLD BY THE BOOT SERVICE\n');
    });
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve));
    try {
      await newBench('bios', (service.address() as AddressInfo).port);
      await bench.powerOn();
      await bench.untilOutput('TOLD BY THE BOOT SERVICE');
      expect(asked).toEqual(['/boot.ipxe']);
    } finally {
      service.close();
    }
  });

  test('the next boot of a running machine is what its guest gets when it reboots', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    const next = bench.boot('pxe');
    await bench.act({ action: 'set-next-boot', boot: next });
    bench.recorder.clear();
    bench.driver.serial(bench.id).write(guestCommand.reboot);
    await bench.untilOutput('iPXE initialising');
    expect(bench.recorder.of(bench.id, 'booted')).toEqual([
      { type: 'booted', revision: next.revision, settings: 0, cause: 'guest' },
    ]);
  });

  test('under UEFI too: from the network when told so, and from the disk after a reset that says so', async () => {
    await newBench('uefi');
    await bench.powerOn('pxe');
    await bench.untilOutput('Open Source Network Boot');
    bench.output = '';
    await bench.act({ action: 'reset', boot: bench.boot('disk') });
    await bench.untilOutput('UEFI Misc Device');
    expect(bench.output).not.toContain('Open Source Network Boot');
  });
});

describe('how a machine ends', () => {
  test('a guest that shuts down by itself', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    bench.driver.serial(bench.id).write(guestCommand.shutDown);
    await bench.recorder.untilPower(bench.id, 'off');
    expect(bench.recorder.of(bench.id, 'power').at(-1)).toMatchObject({ cause: 'guest' });
  });

  test('a guest that is deaf to ACPI stays on after a soft off', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    await bench.act({ action: 'soft-off' });
    await bench.act({ action: 'nmi' });
    expect(qemuPid()).toBeGreaterThan(0);
    expect(bench.recorder.power(bench.id)).toBe('on');
  });

  test('a QEMU that was killed is seen as off, with the platform to blame', async () => {
    await newBench();
    await bench.powerOn();
    process.kill(qemuPid(), 'SIGKILL');
    await bench.recorder.untilPower(bench.id, 'off');
    expect(bench.recorder.of(bench.id, 'power').at(-1)).toMatchObject({ cause: 'platform' });
    await bench.powerOn();
  });

  test('a QEMU that does not answer is powered off all the same', async () => {
    await newBench();
    await bench.powerOn();
    process.kill(qemuPid(), 'SIGSTOP');
    await bench.powerOff();
    expect(qemuPid()).toBe(0);
  });

  test('a QEMU that cannot start: the reason is told, and nothing runs', async () => {
    const lab = smallLab('machine', '192.168.205.0/24');
    await newBench();
    const nodes = lab.nodes.map(node => ({ ...node, memory: 2 ** 46 }));
    await bench.apply({ ...lab, nodes });
    await expect(bench.powerOn()).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('memory'),
    });
    expect(qemuPid()).toBe(0);
  });

  test('a power-on that is given up leaves nothing running', async () => {
    await newBench();
    const abort = new AbortController();
    const call = bench.act({ action: 'on', boot: bench.boot() }, abort.signal);
    abort.abort();
    await expect(call).rejects.toMatchObject({ kind: 'transient' });
    expect(qemuPid()).toBe(0);
  });
});

describe('a daemon that was away', () => {
  test('finds a machine that ended meanwhile off', async () => {
    await newBench();
    await bench.powerOn();
    await bench.leave();
    process.kill(qemuPid(), 'SIGKILL');
    while (qemuPid() !== 0) await new Promise(resolve => setImmediate(resolve));
    await bench.comeBack();
    expect(bench.recorder.power(bench.id)).toBe('off');
  });

  test('finds the console as it was, and the boot that its guest did meanwhile', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    await bench.leave();
    await bench.comeBack();
    expect(bench.output).toContain(guestBanner);
    const next = bench.boot('pxe');
    await bench.act({ action: 'set-next-boot', boot: next });
    const port = bench.driver.serial(bench.id);
    port.write(guestCommand.reboot);
    await bench.untilOutput('iPXE initialising');
    await bench.leave();
    await bench.comeBack();
    expect(bench.recorder.of(bench.id, 'booted')).toEqual([
      { type: 'booted', revision: next.revision, settings: 0, cause: 'guest', earlier: true },
    ]);
  });

  test('finds a QEMU that does not answer on, and can power it off', async () => {
    await newBench();
    await bench.powerOn();
    await bench.leave();
    process.kill(qemuPid(), 'SIGSTOP');
    await bench.comeBack();
    expect(bench.recorder.power(bench.id)).toBe('on');
    await bench.powerOff();
    expect(qemuPid()).toBe(0);
  });

  test('finishes a power-on that the one before it did not', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.powerOn();
    const [program = '', ...args] = commandLine(qemuPid());
    await bench.powerOff();
    await bench.leave();
    // QEMU starts paused: so it stands there when its starter is killed too early.
    const input = openSync(`${bench.machineFolder}/serial.in`, 'r+');
    const orphan = spawn(program, args, { detached: true, stdio: ['ignore', 'ignore', 'ignore', input] });
    orphan.unref();
    while (!existsSync(`${bench.machineFolder}/qemu.pid`))
      await new Promise(resolve => setImmediate(resolve));
    await bench.comeBack();
    await bench.untilOutput(guestBanner);
    expect(bench.recorder.power(bench.id)).toBe('on');
  });

  test('ends no stranger that has the process ID of its QEMU', async () => {
    await newBench();
    await bench.powerOn();
    await bench.powerOff();
    await bench.leave();
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    await bench.comeBack();
    await bench.powerOff();
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
  });
});

describe('changes of a machine', () => {
  test('a larger disk is there at once, on or off; a smaller one is refused', async () => {
    await newBench();
    const { lab } = bench.platform;
    const sized = (mib: number) => ({
      ...lab,
      nodes: lab.nodes.map(node => ({ ...node, disks: [{ name: 'root', size: mib << 20 }] })),
    });
    const [grow] = await bench.driver.plan(sized(16));
    expect(grow).toMatchObject({ op: 'update', summary: 'disk root 8 MiB → 16 MiB', disruptive: false });
    await bench.apply(sized(16));
    await bench.powerOn();
    await bench.apply(sized(32));
    expect(virtualSize(`${bench.machineFolder}/disk-root.qcow2`)).toBe(32 << 20);
    await expect(bench.driver.plan(sized(8))).rejects.toMatchObject({ code: 'DISK_SHRINKS' });
  });

  test('memory and disks come with the next power-on', async () => {
    await newBench();
    await bench.powerOn();
    const { lab } = bench.platform;
    const nodes = lab.nodes.map(node => ({
      ...node,
      memory: 96 << 20,
      disks: [...node.disks, { name: 'data', size: 4 << 20 }],
    }));
    await bench.apply({ ...lab, nodes });
    await bench.act({ action: 'reset', boot: bench.boot('pxe') });
    expect(commandLine(qemuPid())).toContain('size=65536k');
    await bench.powerOff();
    await bench.powerOn();
    expect(commandLine(qemuPid())).toContain('size=98304k');
    expect(commandLine(qemuPid()).join(' ')).toContain('disk-data.qcow2');
  });
});

/** The size that a guest sees. @see qcow2 specification, header bytes 24 to 31 */
function virtualSize(path: string): number {
  return Number(readFileSync(path).readBigUInt64BE(24));
}
