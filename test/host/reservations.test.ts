import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressesOf } from '../../src/host/addresses.ts';
import { reserve } from '../../src/host/reservations.ts';

const addresses = addressesOf('192.0.2.0/24');

test('every network card gets an address of its own, from the first that DHCP may give', () => {
  expect(reserve(['52:54:00:00:00:01', '52:54:00:00:00:02'], addresses, {})).toEqual({
    '52:54:00:00:00:01': addresses.firstLease,
    '52:54:00:00:00:02': '192.0.2.12',
  });
});

test('a card keeps its address when others come and go', () => {
  const before = { a: '192.0.2.11', b: '192.0.2.12', c: '192.0.2.13' };
  expect(reserve(['d', 'c', 'b', 'e'], addresses, before)).toEqual({
    d: '192.0.2.11',
    c: '192.0.2.13',
    b: '192.0.2.12',
    e: '192.0.2.14',
  });
});

test('no address is given twice, and none outside the range, however small it is', () => {
  const card = fc.integer({ min: 0, max: 40 }).map(String);
  fc.assert(
    fc.property(fc.uniqueArray(card), fc.uniqueArray(card), (first, second) => {
      const small = addressesOf('192.0.2.0/28');
      const given = Object.values(reserve(second, small, reserve(first, small, {})));
      expect(new Set(given).size).toBe(given.length);
      expect(given.length).toBe(Math.min(second.length, 12));
    }),
  );
});
