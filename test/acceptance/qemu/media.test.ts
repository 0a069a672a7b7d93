import { existsSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { Bench, processesWith } from './bench.ts';
import { bootableDisc } from './disc.ts';
import { efiApplication, efiStick } from './efi.ts';
import { guestBanner, guestCommand, guestDisk, installGuest } from './guest.ts';
import { smallLab } from './platform.ts';

let bench: Bench;

async function newBench(firmware: 'bios' | 'uefi' = 'bios'): Promise<void> {
  bench = await Bench.set(
    { accel: 'tcg', networking: 'user' },
    smallLab('media', '192.168.209.0/24', firmware),
  );
}

/** A machine that runs the test guest from its disk. */
async function runningGuest(): Promise<void> {
  await newBench();
  installGuest(`${bench.machineFolder}/disk-root.qcow2`);
  await bench.powerOn();
  await bench.untilOutput(guestBanner);
}

/** A disc that says something to whoever reads its beginning. */
const disc = (name: string, text: string) =>
  bench.image(name, Buffer.concat([Buffer.from(`${text}\r\n\0`), Buffer.alloc(1 << 16)]));

afterEach(async () => {
  const { machineFolder, platform } = bench;
  await bench.clear();
  expect(processesWith(platform.stateDirectory)).toEqual([]);
  expect(existsSync(machineFolder)).toBe(false);
});

describe('media of a running machine', () => {
  test('a disc is in the guest’s drive at once, and gone at once, even if the guest has locked the tray', async () => {
    await runningGuest();
    await bench.ask(guestCommand.readDisc, 'NO');
    bench.recorder.clear();
    await bench.insert('cd', disc('one.iso', 'DISC ONE'));
    await bench.ask(guestCommand.readDisc, 'DISC ONE');
    await bench.ask(guestCommand.lockTray, 'YES');
    await bench.insert('cd', disc('two.iso', 'DISC TWO'));
    await bench.ask(guestCommand.readDisc, 'DISC TWO');
    await bench.ask(guestCommand.lockTray, 'YES');
    await bench.insert('cd', undefined);
    await bench.ask(guestCommand.readDisc, 'NO');
    expect(bench.recorder.of(bench.id, 'booted')).toEqual([]);
    expect(bench.recorder.of(bench.id, 'power')).toEqual([]);
  });

  test('discs are changed while firmware starts, which closes the tray behind our back', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    const discs = [disc('one.iso', 'DISC ONE'), disc('two.iso', 'DISC TWO')] as const;
    await bench.powerOn();
    for (let time = 0; time < 40; time++) await bench.insert('cd', discs[time % 2]);
    await bench.untilOutput(guestBanner);
    await bench.ask(guestCommand.readDisc, 'DISC TWO');
  });

  test('a stick is plugged in and pulled, as often as somebody likes', async () => {
    await runningGuest();
    await bench.ask(guestCommand.lookForStick, 'NO');
    const stick = bench.image('stick.img', guestDisk(), false);
    for (let time = 0; time < 3; time++) {
      await bench.insert('usb', stick);
      await bench.ask(guestCommand.lookForStick, 'YES');
      await bench.insert('usb', undefined);
      await bench.ask(guestCommand.lookForStick, 'NO');
    }
    await bench.insert('usb', stick);
    await bench.insert('usb', bench.image('another.img', guestDisk()));
    await bench.ask(guestCommand.lookForStick, 'YES');
  });

  test('an image that cannot be had is refused, and the disc before it stays', async () => {
    await runningGuest();
    const one = disc('one.iso', 'DISC ONE');
    await bench.insert('cd', one);
    const missing = { ...one, file: `${one.file}.missing` };
    for (const slot of ['cd', 'usb'] as const) {
      await expect(bench.insert(slot, missing)).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('there is no file'),
      });
    }
    await bench.ask(guestCommand.readDisc, 'DISC ONE');
  });

  test('the next daemon may tell the same again, and change it', async () => {
    await runningGuest();
    await bench.insert('cd', disc('one.iso', 'DISC ONE'));
    await bench.insert('usb', bench.image('stick.img', guestDisk()));
    await bench.leave();
    await bench.comeBack();
    await bench.insert('usb', bench.image('stick.img', guestDisk()));
    await bench.ask(guestCommand.lookForStick, 'YES');
    await bench.ask(guestCommand.readDisc, 'DISC ONE');
    await bench.insert('cd', undefined);
    await bench.ask(guestCommand.readDisc, 'NO');
    await bench.ask(guestCommand.lookForStick, 'YES');
  });
});

describe('media of a machine that is off', () => {
  test('are there at the next power-on, also when another daemon does it', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    await bench.insert('cd', disc('one.iso', 'DISC ONE'));
    await bench.insert('usb', bench.image('stick.img', guestDisk()));
    await bench.leave();
    await bench.comeBack();
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    await bench.ask(guestCommand.readDisc, 'DISC ONE');
    await bench.ask(guestCommand.lookForStick, 'YES');
    await bench.insert('usb', bench.image('another.img', guestDisk()));
    await bench.ask(guestCommand.lookForStick, 'YES');
    await bench.insert('usb', undefined);
    await bench.ask(guestCommand.lookForStick, 'NO');
  });

  test('an image that has been deleted meanwhile is in no drive, and keeps no machine from starting', async () => {
    await newBench();
    installGuest(`${bench.machineFolder}/disk-root.qcow2`);
    const one = disc('one.iso', 'DISC ONE');
    await bench.insert('cd', one);
    rmSync(one.file);
    await bench.powerOn();
    await bench.untilOutput(guestBanner);
    await bench.ask(guestCommand.readDisc, 'NO');
  });
});

describe('booting from media', () => {
  test('with BIOS: the disc, a stick that was plugged in while it ran; what is empty is passed over', async () => {
    await runningGuest();
    await bench.insert('cd', bench.image('boot.iso', bootableDisc('bios', guestDisk('GUEST ON DISC'))));
    await bench.insert('usb', bench.image('boot.img', guestDisk('GUEST ON STICK')));
    const reset = async (target: 'default' | 'cdrom' | 'removable', banner: string) => {
      bench.output = '';
      await bench.act({ action: 'reset', boot: bench.boot(target) });
      await bench.untilOutput(banner);
    };
    await reset('default', guestBanner);
    await reset('removable', 'GUEST ON STICK');
    await reset('cdrom', 'GUEST ON DISC');
    await bench.insert('cd', undefined);
    await bench.insert('usb', undefined);
    await reset('cdrom', guestBanner);
    await reset('removable', guestBanner);
  });

  test('with BIOS: a stick that was there before power-on', async () => {
    await newBench();
    await bench.insert('usb', bench.image('boot.img', guestDisk('GUEST ON STICK')));
    await bench.powerOn('removable');
    await bench.untilOutput('GUEST ON STICK');
  });

  test('with UEFI: the disc, and a stick that was plugged in while it ran', async () => {
    await newBench('uefi');
    const loader = (text: string) => efiStick(efiApplication(text));
    await bench.insert('cd', bench.image('boot.iso', bootableDisc('uefi', loader('LOADER ON DISC'))));
    await bench.powerOn('cdrom');
    await bench.untilOutput('LOADER ON DISC');
    await bench.insert('usb', bench.image('boot.img', loader('LOADER ON STICK')));
    await bench.act({ action: 'reset', boot: bench.boot('removable') });
    await bench.untilOutput('LOADER ON STICK');
  });
});
