import { expect, test } from 'vitest';
import { selRecord } from '../../../src/bmc/ipmi/sel.ts';
import type { EventEntry, EventKind } from '../../../src/node/event-log.ts';

const at = Date.UTC(2026, 0, 1);
const entry = (kind: EventKind, record?: number[]): EventEntry => ({
  id: 0x0102,
  at,
  kind,
  severity: 'ok',
  message: '',
  record,
});

// Sensor type, sensor number, direction and type, event data.
test.each<[EventKind, string]>([
  ['power-on', '22406f00ffff'],
  ['power-off', '22406f05ffff'],
  ['power-failed', '09476f05ffff'],
  ['booted', '1d436f00ffff'],
  ['reset', '1d436f01ffff'],
  ['netboot', '0f486fc213ff'],
  ['nmi', '13456f00ffff'],
  ['panicked', '20466f01ffff'],
  ['watchdog-expired', '23416f00ffff'],
  ['log-cleared', '10426f02ffff'],
  ['boot-override-set', '12446f8001ff'],
  ['boot-override-used', '12446f8002ff'],
  ['boot-override-expired', '12446f8003ff'],
])('%s is a record of its sensor', (kind, event) => {
  expect(selRecord(entry(kind), 0).toString('hex')).toBe(`020102${'00b95569'}200004${event}`);
});

test('a client’s record gets its ID and, unless it has no place for it, the time', () => {
  const bytes = Array.from({ length: 16 }, () => 0xc0);
  expect(selRecord(entry('record-added', bytes), 1000).toString('hex')).toBe(
    `0201c0${'01b95569'}${'c0'.repeat(9)}`,
  );
  bytes[2] = 0xe0;
  expect(selRecord(entry('record-added', bytes), 0).toString('hex')).toBe(`0201e0${'c0'.repeat(13)}`);
});
