import { describe, expect, test } from 'vitest';
import { StubBmc } from '../stub-bmc.ts';

describe('Get Chassis Status', () => {
  test('tells the observed power, the restore policy and how it was powered on', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('00 01')).toBe('00010040');
    bmc.node.set({}, { restorePolicy: 'always-on', restartCause: 'command' });
    expect(await bmc.ask('00 01')).toBe('00411040');
    bmc.node.set({ power: 'off' }, { restorePolicy: 'previous' });
    expect(await bmc.ask('00 01')).toBe('00200040');
  });

  test('is busy, not off, while nothing has been observed', async () => {
    const bmc = new StubBmc();
    bmc.node.set({ power: 'unknown' });
    expect(await bmc.ask('00 01')).toBe('c0');
  });

  test('tells the identify light', async () => {
    const bmc = new StubBmc();
    bmc.node.set({ identifyUntil: bmc.clock.now() + 1 });
    expect(await bmc.ask('00 01')).toBe('00010050');
    bmc.node.set({ identifyUntil: Number.POSITIVE_INFINITY });
    expect(await bmc.ask('00 01')).toBe('00010060');
  });

  test('shows a power command that failed as a power control fault', async () => {
    const bmc = new StubBmc();
    bmc.node.set({ results: [{ id: 1, action: 'off', outcome: 'failed', message: '', at: 0 }] });
    expect(await bmc.ask('00 01')).toBe('00110040');
  });

  test('is answered without waiting for anything', async () => {
    const bmc = new StubBmc();
    const response = bmc.perform(Buffer.from([0x00, 0x01]));
    expect(await response).toMatchObject({ code: 0 });
  });
});

describe('Chassis Control', () => {
  test.each([
    ['00', 'off'],
    ['01', 'on'],
    ['02', 'cycle'],
    ['03', 'reset'],
    ['04', 'nmi'],
    ['05', 'soft-off'],
  ])('%s is %s', async (byte, action) => {
    const bmc = new StubBmc();
    expect(await bmc.ask(`00 02 ${byte}`)).toBe('00');
    expect(bmc.node.commands).toEqual([{ type: 'power', action, by: 'ipmi' }]);
  });

  test.each([
    ['unsupported', 'd6'],
    ['wrong-state', 'd5'],
    ['busy', 'c0'],
  ] as const)('%s is completion code %s', async (refusal, code) => {
    const bmc = new StubBmc();
    bmc.node.reply = { accepted: false, refusal, message: '' };
    expect(await bmc.ask('00 02 03')).toBe(code);
  });

  test('reserved controls are refused', async () => {
    expect(await new StubBmc().ask('00 02 06')).toBe('cc');
    expect(await new StubBmc().ask('00 02')).toBe('c7');
  });

  test('Chassis Reset is a hard reset', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('00 03')).toBe('00');
    expect(bmc.node.commands).toEqual([{ type: 'power', action: 'reset', by: 'ipmi' }]);
  });
});

test('capabilities name this BMC for everything, and the NMI if there is one', async () => {
  const bmc = new StubBmc();
  expect(await bmc.ask('00 00')).toBe('000420202020');
  bmc.node.capabilities = { ...bmc.node.capabilities, actions: ['on', 'off'] };
  expect(await bmc.ask('00 00')).toBe('000020202020');
});

test.each([
  ['00 04', 15_000],
  ['00 04 05', 5_000],
  ['00 04 00', 0],
  ['00 04 00 01', Number.POSITIVE_INFINITY],
])('identify %s lasts %d ms', async (hex, duration) => {
  const bmc = new StubBmc();
  expect(await bmc.ask(hex)).toBe('00');
  expect(bmc.node.commands).toEqual([{ type: 'identify', duration }]);
});

test('restore policies are set, and asked for without being set', async () => {
  const bmc = new StubBmc();
  expect(await bmc.ask('00 06 03')).toBe('0007');
  expect(bmc.node.commands).toEqual([]);
  expect(await bmc.ask('00 06 01')).toBe('0007');
  expect(bmc.node.commands).toEqual([{ type: 'set-restore-policy', policy: 'previous' }]);
  expect(await bmc.ask('00 06 04')).toBe('cc');
});

test.each([
  ['unknown', '00'],
  ['command', '01'],
  ['watchdog', '04'],
  ['restore-policy', '06'],
  ['guest', '0a'],
] as const)('restart cause %s is %s', async (restartCause, byte) => {
  const bmc = new StubBmc();
  bmc.node.set({}, { restartCause });
  expect(await bmc.ask('00 07')).toBe(`00${byte}01`);
});

test('the POH counter counts minutes, the running ones too', async () => {
  const bmc = new StubBmc();
  bmc.node.set({}, { poweredOn: 3_600_000, onSince: bmc.clock.now() - 120_000 });
  expect(await bmc.ask('00 0f')).toBe('00013e000000');
  bmc.node.set({}, { onSince: undefined });
  expect(await bmc.ask('00 0f')).toBe('00013c000000');
});

test('there are no buttons to disable', async () => {
  expect(await new StubBmc().ask('00 0a 00')).toBe('00');
  expect(await new StubBmc().ask('00 0a 01')).toBe('d6');
});
