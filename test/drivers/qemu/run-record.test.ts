import { describe, expect, test } from 'vitest';
import {
  completeRecord,
  needsNewQemu,
  nextBootOf,
  orderOf,
  powerOnRecord,
  type RunRecord,
  withNextBoot,
} from '../../../src/drivers/qemu/run-record.ts';
import type { BootTarget, NextBoot } from '../../../src/node/boot.ts';
import type { ChangedSettings } from '../../../src/node/firmware-settings.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';

const spec: NodeSpec = {
  name: 'n1',
  uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01',
  cpus: 1,
  memory: 512 << 20,
  disks: [{ name: 'root', size: 1 << 30 }],
  nics: [{ mac: '20:57:f8:00:00:01', network: 'provisioning' }],
  firmware: 'bios',
};

let revision = 0;
const boot = (changed: ChangedSettings, target: BootTarget = 'default'): NextBoot => {
  revision += 1;
  return { target, settings: { changed, revision: 100 + revision }, revision };
};
const first = boot({});
const record = powerOnRecord(spec, [], first);

describe('the next boot of a machine that runs', () => {
  test.each<[string, ChangedSettings, boolean]>([
    ['the mode', { mode: 'uefi' }, true],
    ['the serial port', { serialConsole: false }, true],
    ['secure boot of a BIOS', { secureBoot: true }, false],
    ['the order', { bootOrder: ['nic0'] }, false],
    ['network cards', { netbootNics: 0 }, false],
    ['what it is already', { mode: 'bios', serialConsole: true }, false],
  ])('another QEMU for %s: %o', (_, changed, expected) => {
    expect(needsNewQemu(withNextBoot(record, boot(changed)))).toBe(expected);
  });

  test('follows settings that this QEMU can follow', () => {
    const next = boot({ netbootNics: 0 }, 'pxe');
    const told = withNextBoot(record, next);
    expect(nextBootOf(told, 'guest')).toEqual({
      revision: next.revision,
      settings: next.settings.revision,
      cause: 'guest',
    });
    expect(orderOf(told)).toEqual({ devices: ['disk0', 'cdrom0', 'usb0'], skipped: ['nic0'] });
  });

  test('boots from what it was told even where its settings need another QEMU, and says which it follows', () => {
    const next = boot({ mode: 'uefi', netbootNics: 0 }, 'pxe');
    const told = withNextBoot(record, next);
    expect(nextBootOf(told, 'guest')).toEqual({
      revision: next.revision,
      settings: first.settings.revision,
      cause: 'guest',
    });
    expect(orderOf(told).devices[0]).toBe('nic0');
  });

  test('a change that is taken back needs no other QEMU', () => {
    const back = boot({});
    const told = withNextBoot(withNextBoot(record, boot({ mode: 'uefi' })), back);
    expect(needsNewQemu(told)).toBe(false);
    expect(nextBootOf(told, 'guest').settings).toBe(back.settings.revision);
  });
});

test('a record that an older version kept has the settings that the machine was delivered with', () => {
  const old = {
    spec,
    backends: [],
    next: { target: 'pxe', revision: 7 },
    lastBoot: { revision: 6, cause: 'guest' },
    resets: 3,
  } as unknown as RunRecord;
  const complete = completeRecord(old);
  expect(complete.lastBoot).toEqual({ revision: 6, settings: 0, cause: 'guest' });
  expect(needsNewQemu(complete)).toBe(false);
  expect(orderOf(complete).devices[0]).toBe('nic0');
});
