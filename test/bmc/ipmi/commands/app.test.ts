import { describe, expect, test } from 'vitest';
import { version } from '../../../../src/support/version.ts';
import { StubBmc } from '../stub-bmc.ts';

describe('the controller itself', () => {
  test('Get Device ID has the layout of table 20-2', async () => {
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    const bytes = Buffer.from(await new StubBmc().ask('06 01'), 'hex');
    expect([...bytes]).toEqual([
      0x00,
      0x20, // device ID
      0x81, // device SDRs, revision 1
      major,
      Number.parseInt(String(minor), 16), // BCD
      0x02, // IPMI 2.0
      0x8f, // chassis, FRU, SEL, SDR and sensor device
      ...[0, 0, 0], // manufacturer: unspecified
      ...[1, 0], // product
      ...[patch, 0, 0, 0],
    ]);
  });

  test.each([
    ['02', 'cold'],
    ['03', 'warm'],
  ])('reset %s is %s', async (command, kind) => {
    const bmc = new StubBmc();
    expect(await bmc.ask(`06 ${command}`)).toBe('00');
    expect(bmc.resets).toEqual([kind]);
  });

  test('the self test passes', async () => {
    expect(await new StubBmc().ask('06 04')).toBe('005500');
  });

  test.each(['08', '37'])('GUID command %s tells the UUID least significant byte first', async command => {
    expect(await new StubBmc().ask(`06 ${command}`)).toBe('0032314e4fc0b45280104d510044454c4c');
  });

  test('ACPI power state is the observed one', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 07')).toBe('000000');
    bmc.node.set({ power: 'off' });
    expect(await bmc.ask('06 07')).toBe('000503');
    expect(await bmc.ask('06 06 80 00')).toBe('d5'); // is not S0
    expect(await bmc.ask('06 06 85 00')).toBe('00');
    expect(await bmc.ask('06 06 ff ff')).toBe('00'); // no change
  });

  test('global enables: the event log is on and stays on', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 2f')).toBe('0008');
    expect(await bmc.ask('06 2e 08')).toBe('00');
    expect(await bmc.ask('06 2e 00')).toBe('cc');
    expect(await bmc.ask('06 31')).toBe('0000');
    expect(await bmc.ask('06 30 ff')).toBe('00');
  });

  test('system information has the node name', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 59 00 02 00 00')).toBe(
      `0011000006${Buffer.from('node-0').toString('hex')}${'00'.repeat(8)}`,
    );
    expect(await bmc.ask('06 59 00 02 01 00')).toBe('c9');
    expect(await bmc.ask('06 59 00 04 00 00')).toBe('80');
    expect(await bmc.ask('06 59 80 02 00 00')).toBe('0011');
    expect(await bmc.ask('06 58 02 00 00')).toBe('82');
  });
});

describe('watchdog', () => {
  test('set, kicked and read', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 24 c4 21 05 10 2c 01')).toBe('00');
    expect(await bmc.ask('06 22')).toBe('00');
    expect(bmc.node.commands).toEqual([
      {
        type: 'set-watchdog',
        settings: {
          use: 4,
          action: 'reset',
          interval: 30_000,
          dontLog: true,
          preTimeoutInterrupt: 2,
          preTimeoutInterval: 5,
        },
        keepRunning: true,
        clearExpiredUses: 0x10,
      },
      { type: 'kick-watchdog' },
    ]);
    const [set] = bmc.node.commands;
    if (set?.type !== 'set-watchdog') throw new Error('not set');
    bmc.node.set({
      watchdog: { settings: set.settings, expiresAt: bmc.clock.now() + 12_345, expiredUses: 0x08 },
    });
    expect(await bmc.ask('06 25')).toBe('00c42105082c017c00');
  });

  test('starting one that was never set is refused with its own code', async () => {
    const bmc = new StubBmc();
    bmc.node.reply = { accepted: false, refusal: 'not-found', message: '' };
    expect(await bmc.ask('06 22')).toBe('80');
    expect(await bmc.ask('06 25')).toBe('000000000000000000');
  });

  test.each(['00 01 00 00 64 00', '06 01 00 00 64 00', '04 04 00 00 64 00'])(
    'reserved settings %s are refused',
    async data => {
      expect(await new StubBmc().ask(`06 24 ${data}`)).toBe('cc');
    },
  );
});
