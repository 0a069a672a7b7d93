import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRecording } from '../../src/console/recording.ts';

const begun = Date.UTC(2026, 0, 1);
const bytes = (text: string) => Buffer.from(text);

describe('a console as text', () => {
  test('has the time at which each line began, and nothing that moves a cursor', () => {
    const recording = createRecording('text', 'pair/node-0', begun);
    expect(recording.begin()).toBe('');
    expect(recording.add(bytes('\x1b[2J\x1b[1;31mGRU'), begun)).toBe('');
    expect(recording.add(bytes('B\x1b[0m\r\nLinux'), begun + 1_500)).toBe('2026-01-01T00:00:00.000Z GRUB\n');
    expect(recording.remark('connected anew', begun + 2_000)).toBe(
      '2026-01-01T00:00:01.500Z Linux\n2026-01-01T00:00:02.000Z --- connected anew\n',
    );
    expect(recording.end()).toBe('');
  });

  test('cuts a line that never ends', () => {
    const recording = createRecording('text', 'pair/node-0', begun);
    expect(recording.add(bytes('x'.repeat(5_000)), begun)).toHaveLength(5_000 + 26);
  });

  test('loses no character, however the bytes come in pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-zäöü€😀 ]{1,20}$/u), { minLength: 1 }),
        fc.integer({ min: 1, max: 7 }),
        (lines, size) => {
          const recording = createRecording('text', 'n', begun);
          const all = bytes(`${lines.join('\r\n')}\r\n`);
          let written = '';
          for (let at = 0; at < all.length; at += size)
            written += recording.add(all.subarray(at, at + size), begun);
          written += recording.end();
          expect(written).toBe(
            lines
              .map(one => `2026-01-01T00:00:00.000Z ${one}`.trimEnd())
              .join('\n')
              .concat('\n'),
          );
        },
      ),
    );
  });
});

describe('a console for asciinema', () => {
  test('has a header, then what came and when', () => {
    const recording = createRecording('asciicast', 'pair/node-0', begun);
    const file =
      recording.begin() +
      recording.add(bytes('boot: \x1b[1m'), begun + 250) +
      recording.remark('connected anew', begun + 1_000) +
      recording.end();
    expect(
      file
        .trimEnd()
        .split('\n')
        .map(text => JSON.parse(text)),
    ).toEqual([
      { version: 2, width: 80, height: 25, timestamp: begun / 1000, title: 'pair/node-0' },
      [0.25, 'o', 'boot: \x1b[1m'],
      [1, 'm', 'connected anew'],
    ]);
  });

  test('keeps a character together that came in two pieces', () => {
    const recording = createRecording('asciicast', 'n', begun);
    const euro = bytes('€');
    expect(recording.add(euro.subarray(0, 1), begun)).toBe('');
    expect(JSON.parse(recording.add(euro.subarray(1), begun))).toEqual([0, 'o', '€']);
  });
});
