import { expect, test } from 'vitest';
import {
  buildSessionlessPacket20,
  hasTrailer,
  isRmcpPlus,
  layOutPacket20,
  PayloadType,
  parsePacket20,
} from '../../../../src/bmc/ipmi/wire/session20.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const packet =
  '0600ff07' +
  '06' + // RMCP+
  'c0' + // encrypted and authenticated IPMI message
  '04030201' + // session ID
  '07000000' + // sequence number
  '0400' + // payload length
  'aabbccdd' +
  'ffff' + // pad to four bytes
  '02' +
  '07' + // next header
  '000102030405060708090a0b';

test('a packet of a session', () => {
  const datagram = hex(packet);
  expect(isRmcpPlus(datagram)).toBe(true);
  expect(parsePacket20(datagram)).toEqual({
    payloadType: PayloadType.ipmi,
    encrypted: true,
    authenticated: true,
    sessionId: 0x01020304,
    sequence: 7,
    payloadEnd: 20,
  });
  expect(hasTrailer(datagram, 20, 12)).toBe(true);

  const built = layOutPacket20({
    payloadType: PayloadType.ipmi,
    encrypted: true,
    sessionId: 0x01020304,
    sequence: 7,
    payloadLength: 4,
    codeLength: 12,
  });
  built.set(hex('aabbccdd'), 16);
  built.set(hex('000102030405060708090a0b'), built.length - 12);
  expect(built).toEqual(datagram);
});

test.each([
  ['another length of code', packet, 16],
  ['a missing trailer', packet.slice(0, 40), 12],
  ['a pad that is too long', packet.replace('ffff0207', 'ffff0307'), 12],
  ['another next header', packet.replace('ffff0207', 'ffff0206'), 12],
])('%s is no trailer', (_, text, codeLength) => {
  expect(hasTrailer(hex(text), 20, codeLength)).toBe(false);
});

test.each([0, 1, 2, 3, 4, 5, 30, 33])(
  'what is authenticated is whole words with %i bytes of payload',
  length => {
    const layout = { payloadType: 0, encrypted: false, sessionId: 1, sequence: 1, payloadLength: length };
    const datagram = layOutPacket20({ ...layout, codeLength: 12 });
    expect((datagram.length - 12 - 4) % 4).toBe(0);
    expect(hasTrailer(datagram, 16 + length, 12)).toBe(true);
  },
);

test('a packet outside any session', () => {
  const text = '0600ff07' + '06' + '11' + '00000000' + '00000000' + '0200' + 'aabb';
  expect(buildSessionlessPacket20(PayloadType.openSessionResponse, hex('aabb'))).toEqual(hex(text));
  expect(parsePacket20(hex(text))).toMatchObject({ payloadType: 0x11, sessionId: 0, payloadEnd: 18 });
});

test.each([
  [packet.slice(0, 28), 'too-short'],
  [packet.replace('0400aabb', '0401aabb'), 'bad-length'],
  [packet.replace('06c0', '06c2'), 'unknown-payload-type'], // OEM, with a longer header
])('%s is dropped: %s', (text, reason) => {
  expect(parsePacket20(hex(text))).toBe(reason);
});
