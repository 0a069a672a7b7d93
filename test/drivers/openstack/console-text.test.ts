import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newText, overlap } from '../../../src/drivers/openstack/machines/console-text.ts';

const text = (value: string) => Buffer.from(value);
const boot = 'SeaBIOS (version 1.16.2)\r\nBooting from DVD/CD...\r\niPXE initialising devices...ok\r\n';

test('goes on where a longer window on the same log ends', () => {
  expect(newText(text(boot), text(`${boot}login: `))?.toString()).toBe('login: ');
});

test('goes on from the tail of a log', () => {
  expect(newText(text(`${boot}${'x'.repeat(80)}`), text(`${'x'.repeat(70)}more`))?.toString()).toBe('more');
});

test('finds nothing new in what is known', () => {
  expect(newText(text(boot), text(boot))).toHaveLength(0);
});

test('says when a log began anew, though an end fits a beginning by chance', () => {
  expect(newText(text(`${boot}S`), text('SeaBIOS'))).toBeUndefined();
});

test('says when too much was said meanwhile', () => {
  expect(newText(text(boot), text('y'.repeat(500)))).toBeUndefined();
});

test('whatever is said, windows that overlap tell all of it once', () => {
  const line = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.array(line, { minLength: 2, maxLength: 12 }), lines => {
      let log = Buffer.alloc(0);
      let known = Buffer.alloc(0);
      for (const piece of lines) {
        log = Buffer.concat([log, piece]);
        known = Buffer.concat([known, newText(known, log) ?? Buffer.from('gap')]);
      }
      expect(known).toEqual(log);
    }),
  );
});

test('the overlap is the longest end that is also a beginning', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
  fc.assert(
    fc.property(letters, letters, (before, after) => {
      const lengths = [...after].map((_, at) => at + 1);
      const longest = lengths.filter(length => before.endsWith(after.slice(0, length))).at(-1) ?? 0;
      expect(overlap(text(before), text(after))).toBe(longest);
    }),
  );
});
