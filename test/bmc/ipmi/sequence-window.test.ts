import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextSequence, SequenceWindow } from '../../../src/bmc/ipmi/sequence-window.ts';

test('numbers that come in order are taken once', () => {
  const window = new SequenceWindow();
  expect([1, 2, 3, 3, 2, 1].map(number => window.accept(number))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('numbers that come late are taken while they are near', () => {
  const window = new SequenceWindow();
  expect(window.accept(100)).toBe(true);
  expect(window.accept(69)).toBe(true);
  expect(window.accept(69)).toBe(false);
  expect(window.accept(68)).toBe(false);
});

test('a jump ahead is taken, so that a client that lost packets goes on', () => {
  const window = new SequenceWindow(5);
  expect(window.accept(5000)).toBe(true);
  expect(window.accept(4999)).toBe(true);
});

test('the number of packets outside sessions is never taken', () => {
  expect(new SequenceWindow(0xffff_ffff).accept(0)).toBe(false);
});

test('numbers go on after the highest', () => {
  const window = new SequenceWindow(0xffff_fffe);
  expect(window.accept(0xffff_ffff)).toBe(true);
  expect(nextSequence(0xffff_ffff)).toBe(1);
  expect(window.accept(1)).toBe(true);
  expect(window.accept(0xffff_ffff)).toBe(false);
  expect(window.accept(0xffff_fff0)).toBe(true);
});

test('no number is ever taken twice', () => {
  const near = fc.integer({ min: 1, max: 80 });
  fc.assert(
    fc.property(fc.array(near, { maxLength: 200 }), numbers => {
      const window = new SequenceWindow();
      const taken = numbers.filter(number => window.accept(number));
      expect(new Set(taken).size).toBe(taken.length);
    }),
  );
});
