import { expect, test } from 'vitest';
import { platformEventTrap } from '../../../src/bmc/ipmi/pet.ts';
import type { EventEntry } from '../../../src/node/event-log.ts';

const uuid = '8c4f6f2e-4a53-4b3a-9e8e-0d5c1f6d7a10';

const entry: EventEntry = {
  id: 1,
  at: Date.UTC(1998, 0, 2),
  kind: 'power-off',
  severity: 'warning',
  message: 'powered off',
};

test('an event is told with the fields of the specification, in their places', () => {
  expect(platformEventTrap(entry, uuid, 0x1_0102)).toEqual({
    specificTrap: 0x22_6f_05, // system ACPI power state, sensor-specific, S5
    fields: Buffer.from(
      [
        '8c4f6f2e4a534b3a9e8e0d5c1f6d7a10', // GUID
        '0102', // sequence number
        '00015180', // a day after 1998 began
        'ffff', // UTC offset unspecified
        '2020', // from IPMI, by IPMI
        '08', // non-critical
        '20', // BMC
        '40', // sensor Host Power
        '0700', // system board
        '05ffff0000000000', // event data
        '19', // English
        '00000000', // no manufacturer
        '0000', // no system ID
        'c1', // no fields of its own
      ].join(''),
      'hex',
    ),
  });
});

test('an event that a client has logged is told as what it is, its end too', () => {
  const record = [0, 0, 0x02, 0, 0, 0, 0, 0x20, 0, 0x04, 0x05, 0x73, 0xef, 0x80, 0x01, 0xff];
  const trap = platformEventTrap({ ...entry, kind: 'record-added', record }, uuid, 1);
  // As a chassis intrusion that has ended is told: 356224.
  expect(trap?.specificTrap).toBe(356_224);
  expect(trap?.fields.subarray(27, 39).toString('hex')).toBe('207300008001ff0000000000'.slice(0, 24));
});

test('a client’s record that is no event is told to nobody', () => {
  const record = [0, 0, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
  expect(platformEventTrap({ ...entry, kind: 'record-added', record }, uuid, 1)).toBeUndefined();
});
