import { expect, test } from 'vitest';
import { buildRakp2, buildRakp4, parseRakp1, parseRakp3 } from '../../../../src/bmc/ipmi/wire/rakp.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const random = '000102030405060708090a0b0c0d0e0f';
const rakp1 = `22000000${'04030201'}${random}14${'0000'}`;

test('RAKP 1 names a user', () => {
  expect(parseRakp1(hex(`${rakp1}05${'61646d696e'}`))).toEqual({
    tag: 0x22,
    sessionId: 0x01020304,
    consoleRandom: hex(random),
    role: 0x14, // administrator, by name only
    name: Buffer.from('admin'),
  });
});

test.each([
  ['longer than names may be', `11${'61'.repeat(17)}`],
  ['longer than the message', `06${'61646d696e'}`],
])('a name %s is no name', (_, name) => {
  expect(parseRakp1(hex(rakp1 + name))).toMatchObject({ name: undefined });
});

test('RAKP 1 without its end cannot be answered', () => {
  expect(parseRakp1(hex(rakp1))).toBe('too-short');
});

test('RAKP 2', () => {
  const message = buildRakp2(0x22, 0xa0a2a3a4, hex(random), hex('ff'.repeat(16)), hex('aabb'));
  expect(message.toString('hex')).toBe(`22000000a4a3a2a0${random}${'ff'.repeat(16)}aabb`);
});

test('RAKP 3 brings a proof, or gives up', () => {
  expect(parseRakp3(hex('3300000004030201aabb'))).toEqual({
    tag: 0x33,
    status: 0,
    sessionId: 0x01020304,
    code: hex('aabb'),
  });
  expect(parseRakp3(hex('330f000004030201'))).toMatchObject({ status: 0x0f });
  expect(parseRakp3(hex('3300000004'))).toBe('too-short');
});

test('RAKP 4', () => {
  expect(buildRakp4(0x33, 0xa0a2a3a4, hex('aabb')).toString('hex')).toBe('33000000a4a3a2a0aabb');
});
