import { describe, expect, test } from 'vitest';
import { StubBmc } from '../stub-bmc.ts';

describe('analogue sensors', () => {
  test.each([
    ['01', '2e'], // inlet: 23 degrees in halves
    ['03', '46'], // fan: 4200 rpm in sixties
    ['04', 'c9'], // 12.06 V in 60 mV
    ['06', '2d'], // 90 W in two watts
  ])('sensor %s reads %s on a machine that is on', async (sensor, raw) => {
    expect(await new StubBmc().ask(`04 2d ${sensor}`)).toBe(`00${raw}40c0`);
  });

  test('have no reading, or another one, on a machine that is off', async () => {
    const bmc = new StubBmc();
    bmc.node.set({ power: 'off' });
    expect(await bmc.ask('04 2d 02')).toBe('000060c0');
    expect(await bmc.ask('04 2d 06')).toBe('000440c0');
  });

  test('thresholds are read, set, and compared with', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('04 27 04')).toBe('001bbeb400d2dc00');
    expect(await bmc.ask('04 26 01 08 00 00 00 28 00 00')).toBe('00'); // 20 degrees are too warm
    expect(await bmc.ask('04 27 01')).toBe('0018000000285e00');
    expect(await bmc.ask('04 2d 01')).toBe('002e40c8');
    expect(await bmc.ask('04 26 01 01 05 00 00 00 00 00')).toBe('cc'); // has no lower ones
  });

  test('factors, hysteresis, type, event enables', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('04 23 04 00')).toBe('00ff0600000000e0'); // 6 × 10^-2
    expect(await bmc.ask('04 25 04 ff')).toBe('000000');
    expect(await bmc.ask('04 2f 04')).toBe('000201');
    expect(await bmc.ask('04 29 04')).toBe('0040');
    expect(await bmc.ask('04 2b 04')).toBe('004000000000');
  });
});

describe('discrete sensors', () => {
  test('tell states', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('04 2d 40')).toBe('0000c00180');
    bmc.node.set({ power: 'off' });
    expect(await bmc.ask('04 2d 40')).toBe('0000c02080');
    expect(await bmc.ask('04 2b 40')).toBe('00c020000000');
    expect(await bmc.ask('04 29 40')).toBe('00c021000000');
    expect(await bmc.ask('04 2f 40')).toBe('00226f');
    bmc.node.set({ watchdog: { settings: undefined, expiresAt: undefined, expiredUses: 0x10 } });
    expect(await bmc.ask('04 2d 41')).toBe('0000c00180');
  });

  test('have no thresholds, and event-only ones no reading', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('04 27 40')).toBe('cd');
    expect(await bmc.ask('04 2d 43')).toBe('cb');
    expect(await bmc.ask('04 2d 77')).toBe('cb');
  });
});

test('a platform event becomes a record', async () => {
  const bmc = new StubBmc();
  expect(await bmc.ask('04 02 04 01 30 01 59 00 00')).toBe('00');
  expect(bmc.node.commands).toEqual([
    { type: 'add-record', record: [0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 1, 0x30, 1, 0x59, 0, 0] },
  ]);
});
