import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpv6, parseCidr6, parseIpv6 } from '../../src/support/ipv6.ts';

describe('an IPv6 address', () => {
  test.each([
    ['::', 0n, '::'],
    ['::1', 1n, '::1'],
    ['FD00:0024::0', 0xfd00_0024n << 96n, 'fd00:24::'],
    ['1:0:0:2:0:0:0:3', parseIpv6('1:0:0:2::3') ?? -1n, '1:0:0:2::3'],
    ['1:2:3:4:5:6:7:8', 0x0001_0002_0003_0004_0005_0006_0007_0008n, '1:2:3:4:5:6:7:8'],
  ])('%s', (text, number, canonical) => {
    expect(parseIpv6(text)).toBe(number);
    expect(formatIpv6(number)).toBe(canonical);
  });

  test('is what its canonical form says', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 128n) - 1n), fc.nat(120), (number, shift) => {
        const sparse = (number >> BigInt(shift)) << BigInt(shift);
        expect(isIPv6(formatIpv6(sparse))).toBe(true);
        expect(parseIpv6(formatIpv6(sparse))).toBe(sparse);
      }),
    );
  });

  test.each(['', ':', '1::2::3', '192.168.0.1', '::ffff:192.168.0.1', 'fe80::1%eth0', 'g::'])(
    'is not %j',
    text => {
      expect(parseIpv6(text)).toBeUndefined();
    },
  );
});

test('an IPv6 network is the range around its address', () => {
  expect(parseCidr6('fd00::9/64')).toEqual({
    first: parseIpv6('fd00::'),
    last: parseIpv6('fd00::ffff:ffff:ffff:ffff'),
    prefix: 64,
  });
  expect(parseCidr6('fd00::/129')).toBeUndefined();
});
