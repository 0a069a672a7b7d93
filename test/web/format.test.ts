import { expect, test } from 'vitest';
import { bytes, compareNames, counted, duration, span } from '../../web/src/format.ts';

test('how long something has lasted is told in the two largest units', () => {
  expect([0, 4_900, 60_000, 125_000, 3_600_000, 12_000_000, 187_200_000].map(duration)).toEqual([
    '0 s',
    '4 s',
    '1 min',
    '2 min 5 s',
    '1 h',
    '3 h 20 min',
    '2 d 4 h',
  ]);
});

test('a clock that is behind makes nothing older than it is', () => {
  expect(duration(-3000)).toBe('0 s');
});

test('a call is told to the millisecond', () => {
  expect([3.4, 999, 1250, 61_000].map(span)).toEqual(['3 ms', '999 ms', '1.25 s', '1 min 1 s']);
});

test('quantities', () => {
  expect([0, 512, 2 ** 32, 1.5 * 2 ** 30].map(bytes)).toEqual(['0 B', '512 B', '4 GiB', '1.5 GiB']);
  expect([1, 3, 1000].map(count => counted(count, 'node'))).toEqual(['1 node', '3 nodes', '1,000 nodes']);
});

test('names are in the order in which people count', () => {
  expect(['node-10', 'node-2', 'node-1'].sort(compareNames)).toEqual(['node-1', 'node-2', 'node-10']);
});
