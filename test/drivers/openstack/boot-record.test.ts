import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ask,
  askedEarlyFor,
  type BootRecord,
  begin,
  foundOn,
  noBoots,
  nowOff,
  nowOn,
  setNext,
  unaskedFor,
  withdraw,
} from '../../../src/drivers/openstack/machines/boot-record.ts';
import type { BootTarget, NextBoot } from '../../../src/node/boot.ts';
import type { FirmwareAnswer } from '../../../src/node/firmware.ts';
import { noChange } from '../../../src/node/firmware-settings.ts';

const boot = (target: BootTarget, revision: number): NextBoot => ({ target, settings: noChange, revision });
const answerTo = ({ target }: NextBoot): FirmwareAnswer => ({ kind: target === 'pxe' ? 'network' : 'disk' });
const asked = (record: BootRecord, name: string, at = 0) => ask(record, name, at, answerTo);
const running = (record: BootRecord): BootRecord => ({ ...record, wasOff: false });

describe('a power-on', () => {
  const begun = begin(noBoots, boot('pxe', 5), 'power-on');

  test('is told by the question when firmware asks before Nova says that the machine is on', () => {
    const { record, seen, answer } = asked(begun, 'a');
    expect(answer).toEqual({ kind: 'network' });
    expect(seen).toEqual([{ type: 'booted', revision: 5, settings: 0, cause: 'power-on' }]);
    expect(nowOn(record, 1_000).seen).toEqual([]);
  });

  test('is told by Nova when firmware has not asked, and firmware still gets that boot', () => {
    const { record, seen } = nowOn(begun, 1_000);
    expect(seen).toEqual([{ type: 'booted', revision: 5, settings: 0, cause: 'power-on' }]);
    const later = asked(setNext(record, boot('disk', 6)), 'a', 5_000);
    expect(later).toMatchObject({ answer: { kind: 'network' }, seen: [] });
  });

  test('that was not done leaves nothing that a question could use', () => {
    expect(asked(running(withdraw(begun)), 'a').seen).toMatchObject([{ cause: 'guest' }]);
  });

  test('by somebody else boots what was next', () => {
    const { seen, record } = nowOn(setNext(noBoots, boot('pxe', 3)), 0);
    expect(seen).toEqual([{ type: 'booted', revision: 3, settings: 0, cause: 'power-on' }]);
    expect(asked(record, 'a', 1)).toMatchObject({ answer: { kind: 'network' }, seen: [] });
  });
});

describe('a reset', () => {
  const begun = begin(running(setNext(noBoots, boot('disk', 1))), boot('pxe', 7), 'reset');

  test('is told when Nova has done it, however early firmware asks', () => {
    const early = asked(begun, 'before or after');
    expect(early).toMatchObject({ answer: { kind: 'network' }, seen: [] });
    expect(nowOn(early.record, 1_000).seen).toEqual([
      { type: 'booted', revision: 7, settings: 0, cause: 'reset' },
    ]);
  });

  test('keeps its boot for another question soon after, since the first may have been of the boot it cut short', () => {
    const done = nowOn(asked(begun, 'cut short').record, 1_000).record;
    const next = setNext(done, boot('disk', 8));
    expect(asked(next, 'after', 1_000 + askedEarlyFor - 1)).toMatchObject({
      answer: { kind: 'network' },
      seen: [],
    });
    expect(asked(next, 'much later', 1_000 + askedEarlyFor)).toMatchObject({
      answer: { kind: 'disk' },
      seen: [{ revision: 8, cause: 'guest' }],
    });
  });

  test('that nobody can know to be done is not told to whoever finds the machine on', () => {
    expect(foundOn({ ...begun, last: 1 }, 0).seen).toMatchObject([{ revision: 1, earlier: true }]);
  });
});

describe('a restart by the guest', () => {
  const on = running(setNext(noBoots, boot('pxe', 2)));

  test('boots what is next, and says so', () => {
    expect(asked(on, 'a')).toMatchObject({
      answer: { kind: 'network' },
      seen: [{ type: 'booted', revision: 2, settings: 0, cause: 'guest' }],
    });
  });

  test('boots once, however often its firmware asks', () => {
    const first = asked(on, 'a');
    const again = asked(setNext(first.record, boot('disk', 3)), 'a');
    expect(again).toMatchObject({ answer: first.answer, seen: [] });
    expect(asked(again.record, 'b').answer).toEqual({ kind: 'disk' });
  });
});

test('a boot that firmware does not ask for is let go in the end', () => {
  const { record } = nowOn(begin(noBoots, boot('pxe', 5), 'power-on'), 0);
  const next = setNext(record, boot('disk', 6));
  expect(asked(next, 'a', unaskedFor - 1).answer).toEqual({ kind: 'network' });
  expect(asked(next, 'a', unaskedFor).answer).toEqual({ kind: 'disk' });
});

test('a boot that was begun ends with the power', () => {
  const { record } = nowOn(begin(noBoots, boot('pxe', 5), 'power-on'), 0);
  const off = setNext(nowOff(record), boot('disk', 6));
  expect(asked(off, 'a', 1)).toMatchObject({ answer: { kind: 'disk' }, seen: [{ cause: 'power-on' }] });
});

test('whoever finds the machine on is told the boot that was told last', () => {
  const { record } = nowOn(begin(noBoots, boot('pxe', 5), 'power-on'), 0);
  expect(foundOn(record, 10).seen).toEqual([
    { type: 'booted', revision: 5, settings: 0, cause: 'power-on', earlier: true },
  ]);
  expect(foundOn(noBoots, 10).seen).toEqual([]);
});

test('a boot that an act began is told exactly once, whatever happens in between', () => {
  const step = fc.oneof(
    fc.constant('on' as const),
    fc.record({ ask: fc.constantFrom('a', 'b'), at: fc.nat(60_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), steps => {
      let record = begin(noBoots, boot('pxe', 9), 'power-on');
      let told = 0;
      for (const what of [...steps, 'on' as const]) {
        const next =
          what === 'on' ? nowOn(record, 0) : asked(setNext(record, boot('disk', 10)), what.ask, what.at);
        record = next.record;
        told += next.seen.filter(seen => seen.type === 'booted' && seen.revision === 9).length;
      }
      expect(told).toBe(1);
    }),
  );
});
