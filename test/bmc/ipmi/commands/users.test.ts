import { describe, expect, test } from 'vitest';
import { StubBmc } from '../stub-bmc.ts';

const hex = (text: string, length: number) => Buffer.from(text.padEnd(length, '\0')).toString('hex');

describe('users', () => {
  test('names are read and set, but not those of the lab file', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 46 02')).toBe(`00${hex('admin', 16)}`);
    expect(await bmc.ask('06 46 10')).toBe('cc');
    expect(await bmc.ask(`06 45 05 ${hex('guest', 16)}`)).toBe('00');
    expect(await bmc.ask('06 46 05')).toBe(`00${hex('guest', 16)}`);
    expect(await bmc.ask(`06 45 02 ${hex('root', 16)}`)).toBe('cc');
    expect(await bmc.ask(`06 45 02 ${hex('admin', 16)}`)).toBe('00');
    expect(await bmc.ask(`06 45 06 ${hex('guest', 16)}`)).toBe('cc'); // taken
    expect(await bmc.ask(`06 45 05 ${hex('', 16)}`)).toBe('00');
    expect(bmc.accounts.get(5)?.name).toBe('');
  });

  test('access is read and set', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 44 01 02')).toBe('000f420234');
    expect(await bmc.ask('06 44 0e 03')).toBe('000f420232');
    expect(await bmc.ask('06 44 01 09')).toBe('000f82020f');
    expect(await bmc.ask('06 43 b1 09 03')).toBe('00');
    expect(await bmc.ask('06 44 01 09')).toBe('000f820233');
    expect(await bmc.ask('06 43 01 09 0f 00')).toBe('00'); // only the limit changes
    expect(bmc.accounts.get(9)).toMatchObject({ privilege: 'none', ipmiMessaging: true });
    expect(await bmc.ask('06 43 02 09 04')).toBe('cc'); // no such channel
    expect(await bmc.ask('06 43 01 09 05')).toBe('cc'); // OEM
    expect(await bmc.ask('06 44 01 00')).toBe('cc');
  });

  test('passwords of 16 and 20 bytes are set and tested', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask(`06 47 03 02 ${hex('short', 16)}`)).toBe('00');
    expect(bmc.accounts.get(3)?.password.toString()).toBe('short');
    expect(await bmc.ask(`06 47 03 03 ${hex('short', 16)}`)).toBe('00');
    expect(await bmc.ask(`06 47 03 03 ${hex('wrong', 16)}`)).toBe('80');
    expect(await bmc.ask(`06 47 83 02 ${hex('a very long password', 20)}`)).toBe('00');
    expect(await bmc.ask(`06 47 83 03 ${hex('a very long password', 20)}`)).toBe('00');
    expect(await bmc.ask(`06 47 03 03 ${hex('a very long pass', 16)}`)).toBe('81');
    expect(await bmc.ask(`06 47 03 02 ${hex('x', 20)}`)).toBe('c7');
    expect(await bmc.ask(`06 47 3f 02 ${hex('x', 16)}`)).toBe('cc');
  });

  test('are enabled and disabled, with or without a password in the request', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 47 03 00')).toBe('00');
    expect(bmc.accounts.get(3)?.enabled).toBe(false);
    expect(await bmc.ask(`06 47 03 01 ${hex('', 16)}`)).toBe('00');
    expect(bmc.accounts.get(3)?.enabled).toBe(true);
  });
});

describe('the channel', () => {
  test('authentication capabilities in both forms', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 38 8e 04')).toBe('0001' + '84' + '04' + '03' + '00000000');
    expect(await bmc.ask('06 38 0e 04')).toBe('0001' + '04' + '04' + '00' + '00000000');
    bmc.settings = { ...bmc.settings, ipmi15: false, kg: Buffer.from('key') };
    expect(await bmc.ask('06 38 81 02')).toBe('0001' + '80' + '24' + '02' + '00000000');
    await bmc.accounts.change(1, { enabled: true });
    expect(await bmc.ask('06 38 81 02')).toBe('0001' + '80' + '25' + '02' + '00000000');
    await bmc.accounts.change(1, { password: Buffer.from('x') });
    expect(await bmc.ask('06 38 81 02')).toBe('0001' + '80' + '26' + '02' + '00000000');
    expect(await bmc.ask('06 38 02 04')).toBe('cc');
    expect(await bmc.ask('06 38 8e 00')).toBe('cc');
  });

  test('cipher suites come as records, a page at a time', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('06 54 0e 00 80')).toBe('0001' + 'c011034481' + 'c003014181');
    expect(await bmc.ask('06 54 0e 00 81')).toBe('0001');
    expect(await bmc.ask('06 54 0e 00 00')).toBe('0001034481' + '0141');
    bmc.settings = { ...bmc.settings, cipherSuites: [0, 1, 2, 3, 15, 16, 17] };
    const first = await bmc.ask('06 54 0e 00 80');
    const second = await bmc.ask('06 54 0e 00 81');
    expect(first.length).toBe(2 * 18);
    expect((first.slice(4) + second.slice(4)).match(/c0(..)/g)).toEqual([
      'c011',
      'c003',
      'c010',
      'c002',
      'c00f',
      'c001',
    ]);
  });

  test('info and access', async () => {
    const bmc = new StubBmc();
    bmc.open();
    expect(await bmc.ask('06 42 0e')).toBe('0001' + '04' + '01' + '81' + 'f21b00' + '0000');
    expect(await bmc.ask('06 42 07')).toBe('cc');
    expect(await bmc.ask('06 41 01 40')).toBe('002204');
    expect(await bmc.ask('06 41 01 80')).toBe('002204');
    expect(await bmc.ask('06 40 01 42 43')).toBe('00');
    expect(await bmc.ask('06 41 01 40')).toBe('002203');
    expect(await bmc.ask('06 40 01 40 00')).toBe('cc'); // a disabled channel could not be had back
    bmc.settings = { ...bmc.settings, channelPrivilege: 'operator' };
    expect(await bmc.ask('06 40 01 00 44')).toBe('cc'); // more than the lab file allows
  });
});

describe('sessions', () => {
  test('set their privilege, up to their limit', async () => {
    const bmc = new StubBmc();
    const session = bmc.open();
    session.privilege = 'user';
    session.maximumPrivilege = 'operator';
    expect(await bmc.ask('06 3b 00', { session })).toBe('0002');
    expect(await bmc.ask('06 3b 03', { session })).toBe('0003');
    expect(session.privilege).toBe('operator');
    expect(await bmc.ask('06 3b 04', { session })).toBe('81');
    expect(await bmc.ask('06 3b 05', { session })).toBe('80');
    expect(await bmc.ask('06 3b 01', { session })).toBe('cc');
    expect(session.privilege).toBe('operator');
  });

  test('close themselves, and others only for an administrator', async () => {
    const bmc = new StubBmc();
    const [mine, other] = [bmc.open(), bmc.open(3)];
    other.privilege = 'user';
    expect(await bmc.ask('06 3c 01 10 00 00', { session: other })).toBe('d4');
    expect(await bmc.ask('06 3c 02 10 00 00', { session: other })).toBe('00');
    expect(other.closed).toBe(true);
    expect(await bmc.ask('06 3c 00 00 00 00 02', { session: mine })).toBe('00');
    expect(await bmc.ask('06 3c 99 99 00 00', { session: mine })).toBe('87');
    expect(await bmc.ask('06 3c 00 00 00 00 09', { session: mine })).toBe('88');
  });

  test('are told by place, handle, ID, or as the current one', async () => {
    const bmc = new StubBmc();
    const [first, second] = [bmc.open(), bmc.open(3)];
    second.privilege = 'user';
    const tell = (handle: string, user: string, level: string) =>
      `00${handle}1002${user}${level}11c0000207${'00'.repeat(6)}50c3`;
    expect(await bmc.ask('06 3d 00', { session: first })).toBe(tell('01', '02', '04'));
    expect(await bmc.ask('06 3d 02', { session: first })).toBe(tell('02', '03', '02'));
    expect(await bmc.ask('06 3d fe 02', { session: first })).toBe(tell('02', '03', '02'));
    expect(await bmc.ask('06 3d ff 01 10 00 00', { session: first })).toBe(tell('01', '02', '04'));
    expect(await bmc.ask('06 3d 03', { session: first })).toBe('00001002');
    expect(await bmc.ask('06 3d fe', { session: first })).toBe('c7');
  });
});
