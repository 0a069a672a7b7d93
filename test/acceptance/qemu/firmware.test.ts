import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { firmwareSettings } from '../../../src/node/firmware-settings.ts';
import { Bench, commandLine, processesWith } from './bench.ts';
import { bootableDisc } from './disc.ts';
import { efiApplication, efiStick } from './efi.ts';
import { guestBanner, guestCommand, guestDisk, installGuest } from './guest.ts';
import { smallLab } from './platform.ts';

const unsigned = () => bootableDisc('uefi', efiStick(efiApplication('UNSIGNED LOADER')));

let bench: Bench;

/** A machine that can run either firmware. */
async function newBench(firmware: 'bios' | 'uefi' = 'bios'): Promise<void> {
  const lab = smallLab('firmware', '192.168.210.0/24', firmware);
  const nodes = lab.nodes.map(node => ({ ...node, memory: 256 << 20 }));
  bench = await Bench.set({ accel: 'tcg', networking: 'user' }, { ...lab, nodes });
  if (firmware === 'bios') installGuest(`${bench.machineFolder}/disk-root.qcow2`);
}

function qemuPid(): number {
  return processesWith(`${bench.machineFolder}/qemu.pid`)[0] ?? 0;
}

/** Waits for a boot that is seen, and for nothing else of the machine. */
async function bootSeen(): Promise<unknown> {
  await bench.recorder.until(() => bench.recorder.of(bench.id, 'booted').length > 0);
  expect(bench.recorder.of(bench.id, 'power')).toEqual([]);
  return bench.recorder.of(bench.id, 'booted');
}

afterEach(async () => {
  const { platform } = bench;
  await bench.clear();
  expect(processesWith(platform.stateDirectory)).toEqual([]);
});

describe('boot mode', () => {
  test('changes when the guest reboots, and back at a reset; the power stays on and the variables stay', async () => {
    await newBench();
    const variables = `${bench.machineFolder}/uefi-variables.fd`;
    await bench.insert('cd', bench.image('boot.iso', unsigned()));
    await bench.powerOn();
    await bench.untilOutput(guestBanner);

    bench.setFirmware({ mode: 'uefi' });
    const toUefi = bench.boot('cdrom');
    await bench.act({ action: 'set-next-boot', boot: toUefi });
    bench.recorder.clear();
    bench.driver.serial(bench.id).write(guestCommand.reboot);
    await bench.untilOutput('UNSIGNED LOADER');
    expect(await bootSeen()).toEqual([
      { type: 'booted', revision: toUefi.revision, settings: 1, cause: 'guest' },
    ]);
    const kept = readFileSync(variables);

    bench.setFirmware({ mode: 'bios' });
    const toBios = bench.boot();
    bench.recorder.clear();
    bench.output = '';
    await bench.act({ action: 'reset', boot: toBios });
    expect(await bootSeen()).toEqual([
      { type: 'booted', revision: toBios.revision, settings: 2, cause: 'reset' },
    ]);
    await bench.untilOutput(guestBanner);
    // As across any reset, the console has gone on.
    expect((await bench.driver.serial(bench.id).history()).toString('latin1')).toContain('UNSIGNED LOADER');
    expect(readFileSync(variables).equals(kept)).toBe(true);
  });

  test('waits for a daemon when the guest reboots while none is there', async () => {
    await newBench();
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    bench.setFirmware({ mode: 'uefi' });
    const told = bench.boot();
    await bench.act({ action: 'set-next-boot', boot: told });
    const pid = qemuPid();
    await bench.leave();
    writeFileSync(`${bench.machineFolder}/serial.in`, guestCommand.reboot);
    const banners = () =>
      readFileSync(`${bench.machineFolder}/serial.log`, 'latin1').split(guestBanner).length - 1;
    while (banners() < 2) await new Promise(resolve => setTimeout(resolve, 20));
    await bench.comeBack();
    expect(bench.recorder.of(bench.id, 'booted')).toMatchObject([
      { revision: told.revision, settings: 0, cause: 'guest', earlier: true },
    ]);
    expect(qemuPid()).toBe(pid);
    await bench.act({ action: 'reset', boot: bench.boot() });
    expect(bench.recorder.of(bench.id, 'booted').at(-1)).toMatchObject({ settings: 1, cause: 'reset' });
    expect(commandLine(qemuPid()).join(' ')).toContain('-machine q35');
  });

  test('a change that was interrupted between the two QEMUs is finished by the next daemon', async () => {
    await newBench();
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    bench.setFirmware({ mode: 'uefi' });
    await bench.act({ action: 'set-next-boot', boot: bench.boot() });
    await bench.leave();
    const record = join(bench.machineFolder, 'run.json');
    writeFileSync(
      record,
      JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), replacement: 'reset' }),
    );
    process.kill(qemuPid(), 'SIGKILL');
    while (qemuPid() !== 0) await new Promise(resolve => setImmediate(resolve));
    await bench.comeBack();
    expect(bench.recorder.power(bench.id)).toBe('on');
    expect(bench.recorder.of(bench.id, 'booted')).toMatchObject([
      { settings: 1, cause: 'reset', earlier: true },
    ]);
    expect(commandLine(qemuPid()).join(' ')).toContain('-machine q35');
  });

  test('a QEMU that does not start with the new settings leaves the machine off, and says why', async () => {
    await newBench();
    await bench.powerOn();
    bench.setFirmware({ mode: 'uefi' });
    execFileSync('mkdir', [`${bench.machineFolder}/uefi-variables.fd`]);
    await expect(bench.act({ action: 'reset', boot: bench.boot() })).rejects.toMatchObject({
      kind: 'refused',
    });
    expect(bench.recorder.of(bench.id, 'power').at(-1)).toMatchObject({
      power: 'off',
      cause: 'platform',
      detail: expect.stringContaining('firmware settings'),
    });
    expect(qemuPid()).toBe(0);
  });
});

describe('secure boot', () => {
  test('starts what is signed and nothing else', async () => {
    await newBench('uefi');
    bench.setFirmware({ secureBoot: true, netbootNics: 0 });
    await bench.insert('cd', bench.image('unsigned.iso', unsigned()));
    await bench.powerOn('cdrom');
    await bench.untilOutput('Access Denied');
    expect(bench.output).not.toContain('UNSIGNED LOADER');

    await bench.insert('cd', bench.image('signed.iso', bootableDisc('uefi', efiStick(signedLoader()))));
    bench.output = '';
    await bench.act({ action: 'reset', boot: bench.boot('cdrom') });
    // It runs: it looks for what it is to load, which this disc does not have.
    await bench.untilOutput('Failed to open \\EFI\\BOOT\\grubx64.efi');

    // Keys and all: these are not the variables that the machine has without secure boot.
    expect(existsSync(`${bench.machineFolder}/uefi-variables-secure-boot.fd`)).toBe(true);
    expect(existsSync(`${bench.machineFolder}/uefi-variables.fd`)).toBe(false);
  });
});

describe('what the firmware does', () => {
  test('an order that clients have set holds from the next boot on, with the same QEMU', async () => {
    await newBench();
    await bench.insert('cd', bench.image('boot.iso', bootableDisc('bios', guestDisk('GUEST ON DISC'))));
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    const pid = qemuPid();
    const spec = bench.platform.lab.nodes[0];
    if (!spec) throw new Error('no node');
    const { bootOrder } = firmwareSettings(spec, { bootOrder: ['cd'] });
    bench.setFirmware({ bootOrder });
    await bench.act({ action: 'set-next-boot', boot: bench.boot() });
    bench.recorder.clear();
    bench.driver.serial(bench.id).write(guestCommand.reboot);
    await bench.untilOutput('GUEST ON DISC');
    expect(bench.recorder.of(bench.id, 'booted')).toMatchObject([{ settings: 1, cause: 'guest' }]);
    expect(qemuPid()).toBe(pid);
  });

  test('network cards that shall not boot are passed over, and boot again when they shall', async () => {
    await newBench();
    bench.setFirmware({ netbootNics: 0 });
    await bench.powerOn('pxe');
    await bench.untilOutput(guestBanner);
    expect(bench.output).not.toContain('iPXE initialising');
    bench.setFirmware({ netbootNics: 1 });
    await bench.act({ action: 'reset', boot: bench.boot('pxe') });
    await bench.untilOutput('iPXE initialising');
    bench.setFirmware({ netbootNics: 0 });
    bench.output = '';
    await bench.act({ action: 'reset', boot: bench.boot('pxe') });
    await bench.untilOutput(guestBanner);
    expect(bench.output).not.toContain('iPXE initialising');
  });

  test('a BIOS that shall leave the serial port alone does', async () => {
    await newBench();
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    expect(bench.output).toContain('SeaBIOS');
    bench.setFirmware({ serialConsole: false });
    bench.output = '';
    await bench.act({ action: 'reset', boot: bench.boot() });
    await bench.untilOutput(guestBanner);
    expect(bench.output.trim()).toBe(guestBanner);
  });
});

/** Debian's first loader, which Microsoft has signed. */
function signedLoader(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'shim-'));
  try {
    execFileSync('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', 'shim-signed'], {
      cwd: folder,
    });
    execFileSync('sh', ['-c', 'dpkg-deb --extract shim-signed_*.deb .'], { cwd: folder });
    return readFileSync(join(folder, 'usr/lib/shim/shimx64.efi.signed'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
