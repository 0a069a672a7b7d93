import { describe, expect, test } from 'vitest';
import type { TimelineEntry } from '../../src/daemon/api-watch.ts';
import { placeIn, severityOf, storiesOf } from '../../web/src/node/story.ts';

type Told = Partial<TimelineEntry> & Pick<TimelineEntry, 'at' | 'kind' | 'text'>;

function timeline(...told: readonly Told[]): readonly TimelineEntry[] {
  return told.map((entry, index) => ({ id: index + 1, lab: 'l', node: 'n', severity: 'ok', ...entry }));
}

const powerOn = timeline(
  { at: 1000, kind: 'request', text: 'power on', request: 'r1' },
  { at: 1001, kind: 'operation', text: 'operation 1: on (command)', request: 'r1' },
  { at: 1002, kind: 'call', text: 'driver: on', request: 'r1' },
  { at: 1400, kind: 'cloud', text: 'POST: 409', request: 'r1', milliseconds: 300, severity: 'warning' },
  { at: 1802, kind: 'call', text: 'driver: on: done', request: 'r1', milliseconds: 800 },
  { at: 61_000, kind: 'observation', text: 'seen: power on' },
  { at: 61_000, kind: 'event', text: 'powered on' },
  { at: 61_001, kind: 'operation', text: 'operation 1: on done', request: 'r1' },
);

const texts = (entries: readonly TimelineEntry[]) =>
  storiesOf(entries).map(story => story.entries.map(entry => entry.text));

describe('the stories of a timeline', () => {
  test('take what was seen while an operation was under way for its outcome, however late', () => {
    expect(texts(powerOn)).toEqual([
      [
        'power on',
        'operation 1: on (command)',
        'POST: 409',
        'driver: on: done',
        'seen: power on',
        'powered on',
        'operation 1: on done',
      ],
    ]);
  });

  test('keep what somebody did behind our back apart', () => {
    const later = { id: 9, at: 90_000, lab: 'l', node: 'n', severity: 'ok', kind: 'observation' } as const;
    const stories = storiesOf([...powerOn, { ...later, text: 'seen: power off' }]);
    expect(stories).toHaveLength(2);
    expect(stories[1]?.request).toBeUndefined();
  });

  test('keep requests apart that overlap', () => {
    const entries = timeline(
      { at: 0, kind: 'request', text: 'power on', request: 'a' },
      { at: 1, kind: 'operation', text: 'began', request: 'a' },
      { at: 2, kind: 'request', text: 'boot from pxe', request: 'b' },
      { at: 3, kind: 'operation', text: 'ended', request: 'a' },
    );
    expect(texts(entries)).toEqual([['power on', 'began', 'ended'], ['boot from pxe']]);
  });

  test('show a call that goes on', () => {
    expect(texts(powerOn.slice(0, 3))[0]).toContain('driver: on');
  });

  test('are as bad as the worst of them', () => {
    const [story] = storiesOf(powerOn);
    expect(story && severityOf(story)).toBe('warning');
  });

  test('place a call from when it began', () => {
    const [story] = storiesOf(powerOn);
    const [call] = powerOn.filter(entry => entry.milliseconds === 800);
    const place = story && call ? placeIn(story, call) : undefined;
    expect(place?.from).toBeCloseTo(2 / 60_001);
    expect(place?.to).toBeCloseTo(802 / 60_001);
  });
});
