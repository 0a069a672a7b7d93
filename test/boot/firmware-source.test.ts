import { expect, test } from 'vitest';
import { sharedFirmware } from '../../src/boot/firmware-source.ts';
import type { BootImageKind } from '../../src/node/firmware.ts';
import { VirtualClock } from '../../src/support/clock.ts';

const never = new AbortController().signal;

/** A source whose images take a while, and how it was used. */
function slowSource() {
  const clock = new VirtualClock();
  const asked: BootImageKind[] = [];
  let underWay = 0;
  let most = 0;
  const source = sharedFirmware(async (kind, signal) => {
    asked.push(kind);
    most = Math.max(most, ++underWay);
    await new Promise<void>(resolve => clock.after(1_000, resolve));
    underWay--;
    signal.throwIfAborted();
    return { path: `/${kind}-${asked.length}`, sha256: '', diskFormat: 'iso' };
  }, clock);
  return { clock, source, asked, most: () => most };
}

test('machines that want an image at once get the same one, and images are made one after the other', async () => {
  const { clock, source, asked, most } = slowSource();
  const images = Promise.all(
    (['uefi', 'bios', 'uefi', 'uefi', 'bios'] as const).map(kind => source(kind, never)),
  );
  await clock.advance(5_000);
  expect((await images).map(({ path }) => path)).toEqual([
    '/uefi-1',
    '/bios-2',
    '/uefi-1',
    '/uefi-1',
    '/bios-2',
  ]);
  expect(asked).toEqual(['uefi', 'bios']);
  expect(most()).toBe(1);
});

test('newer packages are found a minute later', async () => {
  const { clock, source, asked } = slowSource();
  for (const wait of [30_000, 61_000, 0]) {
    const image = source('bios', never);
    await clock.advance(1_000);
    await image;
    await clock.advance(wait);
  }
  expect(asked).toEqual(['bios', 'bios']);
});

test('whoever gives up leaves the image to the others', async () => {
  const { clock, source, asked } = slowSource();
  const given = new AbortController();
  const [first, second] = [source('bios', given.signal), source('bios', never)];
  const ended = Promise.allSettled([first, second]);
  given.abort();
  await clock.advance(3_000);
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(asked.length).toBe(1);
});
