import { describe, expect, test } from 'vitest';
import { StubBmc } from '../stub-bmc.ts';

describe('LAN configuration', () => {
  test.each([
    ['00', '00'], // set complete
    ['01', '04'], // MD5
    ['02', '0404040404'],
    ['03', '7f000001'],
    ['04', '01'], // static
    ['06', 'ff000000'],
    ['08', '5618'], // port 6230
    ['0c', '7f000001'],
    ['10', Buffer.from('public'.padEnd(18, '\0')).toString('hex')],
    ['14', '0000'], // no VLAN
    ['16', '02'],
    ['17', `001103${'00'.repeat(14)}`],
    ['18', '004400000000000000'],
  ])('parameter %s is %s', async (parameter, bytes) => {
    expect(await new StubBmc().ask(`0c 02 01 ${parameter} 00 00`)).toBe(`0011${bytes}`);
  });

  test('the MAC address is locally administered and its own', async () => {
    expect(await new StubBmc().ask('0c 02 01 05 00 00')).toMatch(/^001102.{10}$/);
  });

  test('what the lab file says is read-only; unknown parameters are told so', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('0c 01 01 03 c0 00 02 01')).toBe('82');
    expect(await bmc.ask('0c 01 01 c0 00')).toBe('80');
    expect(await bmc.ask('0c 02 01 c0 00 00')).toBe('80');
    expect(await bmc.ask('0c 02 05 03 00 00')).toBe('cc');
    expect(await bmc.ask('0c 02 81 03 00 00')).toBe('0011');
  });

  test('the community string is kept', async () => {
    const bmc = new StubBmc();
    const name = Buffer.from('lab'.padEnd(18, '\0')).toString('hex');
    expect(await bmc.ask(`0c 01 01 10 ${name}`)).toBe('00');
    expect(await bmc.ask('0c 02 01 10 00 00')).toBe(`0011${name}`);
  });
});

describe('SOL configuration', () => {
  test.each([
    ['01', '01'],
    ['02', '03'],
    ['03', '0160'],
    ['04', '0732'],
    ['05', '0a'],
    ['06', '0a'],
    ['07', '01'],
    ['08', '5618'],
  ])('parameter %s is %s', async (parameter, bytes) => {
    expect(await new StubBmc().ask(`0c 22 01 ${parameter} 00 00`)).toBe(`0011${bytes}`);
  });

  test('what can be set is kept, within its values', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('0c 21 01 03 05 10')).toBe('00');
    expect(await bmc.ask('0c 22 01 03 00 00')).toBe('00110510');
    expect(await bmc.ask('0c 21 01 03 00 10')).toBe('cc');
    expect(await bmc.ask('0c 21 01 02 05')).toBe('cc');
    expect(await bmc.ask('0c 21 01 05 01')).toBe('cc');
    expect(await bmc.ask('0c 21 01 07 02')).toBe('82');
    expect(await bmc.ask('0c 21 01 63 02')).toBe('80');
  });
});

describe('payloads', () => {
  test('activation tells sizes and port, and is seen', async () => {
    const bmc = new StubBmc();
    const session = bmc.open();
    expect(await bmc.ask('06 4a 01', { session })).toBe('00010000');
    expect(await bmc.ask('06 48 01 01 c0 00 00 00', { session })).toBe(
      '00' + '00000000' + 'ff00' + 'ff00' + '5618' + 'ffff',
    );
    expect(await bmc.ask('06 4a 01', { session })).toBe('00010100');
    expect(await bmc.ask('06 4b 01 01', { session })).toBe('00' + '01100000' + '0100000000000000');
    expect(await bmc.ask('06 48 01 01 00 00 00 00', { session: bmc.open() })).toBe('80');
    expect(await bmc.ask('06 49 01 01 00 00 00 00', { session })).toBe('00');
    expect(await bmc.ask('06 49 01 01 00 00 00 00', { session })).toBe('80');
    expect(session.sent).toEqual([]);
  });

  test('another session may take SOL away, which its owner is told', async () => {
    const bmc = new StubBmc();
    const owner = bmc.open();
    await bmc.ask('06 48 01 01 00 00 00 00', { session: owner });
    expect(await bmc.ask('06 49 01 01 00 00 00 00', { session: bmc.open() })).toBe('00');
    expect(owner.sent).toEqual([{ type: 1, payload: Buffer.from([0, 0, 0, 0x10]) }]);
  });

  test('user access to SOL', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 4d 01 02')).toBe('0002000000');
    expect(await bmc.ask('06 4c 01 42 02 00 00 00')).toBe('00');
    expect(await bmc.ask('06 4d 01 02')).toBe('0000000000');
    expect(await bmc.ask('06 48 01 01 00 00 00 00', { session: bmc.open() })).toBe('d4');
    expect(await bmc.ask('06 4c 01 02 02 00 00 00')).toBe('00');
    expect(await bmc.ask('06 4d 01 02')).toBe('0002000000');
  });

  test('what the channel carries', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 4e 0e')).toBe('0003003f0000000000');
    expect(await bmc.ask('06 4f 0e 01')).toBe('0010');
    expect(await bmc.ask('06 4f 0e 02')).toBe('80');
    expect(await bmc.ask('06 4a 02')).toBe('cc');
    expect(await bmc.ask('06 48 01 02 00 00 00 00', { session: bmc.open() })).toBe('cc');
  });
});
