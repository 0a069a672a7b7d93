import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sdrChangedAt, sensorDataRecords } from '../../../src/bmc/ipmi/sdr.ts';
import { allSensors } from '../../../src/bmc/ipmi/sensor-model.ts';
import { type Conversion, toRaw } from '../../../src/bmc/sensor-conversion.ts';
import { sensors } from '../../../src/node/sensors.ts';

const value = (raw: number, { multiplier, exponent }: Conversion) => raw * multiplier * 10 ** exponent;
const recordOf = (name: string) =>
  sensorDataRecords.find(({ bytes }) => bytes.toString('latin1').endsWith(name));

describe('analogue sensors', () => {
  test.each(allSensors.filter(sensor => sensor.kind === 'analog'))('$name fits its byte', sensor => {
    const { spec, conversion } = sensor;
    const step = value(1, conversion);
    expect(spec.minimum).toBe(0); // the conversion has no offset
    expect(value(255, conversion)).toBeGreaterThanOrEqual(spec.maximum - 1e-9);
    expect(spec.name.length).toBeLessThanOrEqual(16);
    for (const load of [0, 0.5, 1]) {
      const reading = spec.read(load);
      expect(Math.abs(value(toRaw(reading, conversion), conversion) - reading)).toBeLessThanOrEqual(
        step / 2 + 1e-9,
      );
    }
  });

  test('a full record, byte by byte', () => {
    expect(recordOf('12V Rail')?.bytes.toString('hex')).toBe(
      [
        '0400' + '51' + '01' + '33', // record 4, SDR 1.5, full, 51 more bytes
        '20' + '00' + '04', // BMC, LUN 0, sensor 4
        '07' + '01', // system board
        '71' + '4b' + '02' + '01', // initialisation, capabilities, voltage, threshold
        '0030' + '0030' + '1b1b', // lower, upper thresholds compared; settable and readable
        '00' + '04' + '00', // unsigned volts
        '00' + '0600' + '0000' + '00' + 'e0', // linear; 6 × 10^-2
        '00000000' + 'fa00', // maximum 15.00 V, minimum 0
        '00dcd2' + '00b4be', // 13.2, 12.6; 10.8, 11.4
        '0000' + '000000',
        Buffer.from('\xc812V Rail', 'latin1').toString('hex'),
      ].join(''),
    );
  });

  test('there is one for each of the node’s', () => {
    expect(sensors.map(({ name }) => recordOf(name)?.bytes[3])).toEqual(sensors.map(() => 0x01));
  });
});

test('state sensors have compact records, others of events only', () => {
  expect(recordOf('Host Power')?.bytes.toString('hex')).toBe(
    [
      '0700' + '51' + '02' + '25', // record 7, SDR 1.5, compact, 37 more bytes
      '200040' + '0701' + '6342' + '226f', // BMC, LUN 0, sensor 40h; system board; ACPI power state
      '2100' + '0000' + '2100', // S0 and S5 are logged when they begin, and can be read
      'c00000' + '0100' + '0000' + '00000000',
      Buffer.from('\xcaHost Power', 'latin1').toString('hex'),
    ].join(''),
  );
  expect(recordOf('NMI')?.bytes.toString('hex')).toBe(
    '0c00' + '51' + '03' + '0f' + '200045' + '0701' + '136f' + '0100' + '0000' + 'c3' + '4e4d49',
  );
});

test('the locators come last and tell their own length', () => {
  expect(sensorDataRecords.slice(-2).map(({ bytes }) => bytes[3])).toEqual([0x11, 0x12]);
  for (const { bytes } of sensorDataRecords) expect(bytes.length).toBe(5 + bytes.readUInt8(4));
});

test('record IDs and sensor numbers are unique', () => {
  expect(new Set(sensorDataRecords.map(({ id }) => id)).size).toBe(sensorDataRecords.length);
  expect(new Set(allSensors.map(({ number }) => number)).size).toBe(allSensors.length);
});

test('whoever changes the records says when, or clients go on with those that they cached', () => {
  const digest = createHash('sha256').update(Buffer.concat(sensorDataRecords.map(({ bytes }) => bytes)));
  expect([
    new Date(sdrChangedAt * 1000).toISOString().slice(0, 10),
    digest.digest('hex').slice(0, 16),
  ]).toEqual(['2026-11-23', '9ea0fe8986736824']);
});
