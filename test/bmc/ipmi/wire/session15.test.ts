import { expect, test } from 'vitest';
import { buildPacket15, parsePacket15 } from '../../../../src/bmc/ipmi/wire/session15.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const outside = '0600ff07' + '00' + '00000000' + '00000000' + '07' + '2018c8810038ff';
const authenticated =
  '0600ff07' +
  '02' + // MD5
  '0a000000' + // sequence number 10
  '04030201' + // session ID
  '000102030405060708090a0b0c0d0e0f' +
  '07' +
  '2018c8810038ff';

test('a packet outside any session', () => {
  const packet = {
    sequence: 0,
    sessionId: 0,
    authenticationCode: undefined,
    payload: hex('2018c8810038ff'),
  };
  expect(parsePacket15(hex(outside))).toEqual({ authentication: 'none', ...packet });
  expect(buildPacket15(packet)).toEqual(hex(outside));
});

test('an authenticated packet', () => {
  const packet = {
    sequence: 10,
    sessionId: 0x01020304,
    authenticationCode: hex('000102030405060708090a0b0c0d0e0f'),
    payload: hex('2018c8810038ff'),
  };
  expect(parsePacket15(hex(authenticated))).toEqual({ authentication: 'md5', ...packet });
  expect(buildPacket15(packet)).toEqual(hex(authenticated));
});

test('a pad byte after the payload is let pass', () => {
  expect(parsePacket15(hex(`${outside}00`))).toMatchObject({ payload: hex('2018c8810038ff') });
});

test.each([
  [outside.slice(0, -2), 'bad-length'],
  [outside.slice(0, 20), 'too-short'],
  [authenticated.slice(0, 40), 'bad-length'],
  [`0600ff0704${outside.slice(10)}`, 'not-authenticated'], // a plain password, which is never taken
])('%s is dropped: %s', (text, reason) => {
  expect(parsePacket15(hex(text))).toBe(reason);
});
