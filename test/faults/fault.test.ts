import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { conversionFor, fromRaw, toRaw } from '../../src/bmc/sensor-conversion.ts';
import {
  type FaultContent,
  faultKinds,
  faultSchema,
  isDisturbance,
  parseFault,
} from '../../src/faults/fault.ts';
import { faultText } from '../../src/faults/fault-text.ts';
import { sensors } from '../../src/node/sensors.ts';
import { QuintupleoError } from '../../src/support/errors.ts';

const examples: readonly FaultContent[] = [
  { kind: 'bmc-unreachable' },
  { kind: 'bmc-slow', delay: '2s', jitter: '500ms' },
  { kind: 'bmc-lossy', loss: 0.2, reorder: 0.05 },
  { kind: 'wrong-password' },
  { kind: 'sessions-exhausted' },
  { kind: 'bmc-resets', every: '30s' },
  { kind: 'clock-skew', by: '-1h' },
  { kind: 'command-ignored', actions: ['off'] },
  { kind: 'power-stuck', at: 'on' },
  { kind: 'wrong-power-state', shows: 'off' },
  { kind: 'flapping-power-state', every: '5s' },
  { kind: 'boot-device-forgotten' },
  { kind: 'driver-errors', rate: 0.5 },
  { kind: 'driver-slow', delay: '10s' },
  { kind: 'nic-unplugged' },
  { kind: 'disk-fails', disk: 1 },
  { kind: 'disk-full' },
  { kind: 'disk-read-only' },
  { kind: 'firmware-hangs' },
  { kind: 'dhcp-lost' },
  { kind: 'tftp-lost' },
  { kind: 'http-lost' },
  { kind: 'http-slow', delay: '3s' },
  { kind: 'http-errors', rate: 0.3, status: 500 },
  { kind: 'sensor-over-threshold', sensor: 'CPU Temp', value: 99 },
  { kind: 'cloud-errors' },
  { kind: 'cloud-slow', delay: '4s' },
  { kind: 'cloud-rate-limited', retryAfter: '7s' },
];

describe('faults as data', () => {
  test('every kind can be written, and says what it does', () => {
    expect(examples.map(({ kind }) => kind)).toEqual(faultKinds.map(({ kind }) => kind));
    const texts = examples.map(example => faultText(parseFault(example)));
    expect(new Set(texts).size).toBe(examples.length);
    expect(texts).toContain('datagrams to and from the BMC: 20 % lost, 5 % late');
    expect(texts).toContain("the BMC's clock is 1h slow");
  });

  test('what is wrong with one is told with what it can have', () => {
    const remedyOf = (content: unknown) => {
      try {
        parseFault(content);
      } catch (error) {
        return error instanceof QuintupleoError ? error.remedy : undefined;
      }
      return undefined;
    };
    expect(remedyOf({ kind: 'bmc-slwo' })).toContain('bmc-slow');
    expect(remedyOf({ kind: 'nic-unplugged', nik: 1 })).toBe(
      'Its settings are nic: Which card, counted from 0. Default: `0`.',
    );
    expect(remedyOf({ kind: 'http-lost', delay: '1s' })).toBe('It has no settings.');
  });

  test('durations are read as milliseconds, and settings have their defaults', () => {
    expect(parseFault({ kind: 'bmc-slow', delay: '2s' })).toEqual({
      kind: 'bmc-slow',
      delay: 2000,
      jitter: 0,
    });
    expect(parseFault({ kind: 'clock-skew', by: '-5min' })).toEqual({ kind: 'clock-skew', by: -300_000 });
    expect(parseFault({ kind: 'driver-errors' })).toEqual({
      kind: 'driver-errors',
      rate: 1,
      error: 'transient',
    });
    expect(parseFault({ kind: 'disk-fails' })).toEqual({ kind: 'disk-fails', disk: 0 });
  });

  test.each([
    [{ kind: 'bmc-on-fire' }, 'kind: is no kind of fault.'],
    [
      { kind: 'bmc-slow', delay: 2 },
      'delay: is not a duration. Write a number and its unit: 200ms, 60s, 5min.',
    ],
    [{ kind: 'bmc-resets', every: '1s' }, 'every: must be a duration from 3s to 24h.'],
    [{ kind: 'bmc-lossy', loss: 2 }, 'loss: must be a number from 0 to 1: 0.1 is one time in ten.'],
    [
      { kind: 'sensor-over-threshold', sensor: 'CPU Temp', value: 128 },
      'value: must be from 0 to 127 °C, the range of CPU Temp.',
    ],
    [
      { kind: 'sensor-over-threshold', sensor: '12V Rail', value: -12 },
      'value: must be from 0 to 15 V, the range of 12V Rail.',
    ],
    [{ kind: 'bmc-unreachable', delay: '2s' }, 'fault: Unrecognized key: "delay"'],
  ])('%j is refused', (content, message) => {
    expect(() => parseFault(content)).toThrow(message);
  });

  test.each(sensors)('$name can be made to read all that it can tell by IPMI', sensor => {
    const { minimum, maximum } = sensor;
    const conversion = conversionFor(maximum);
    const between = fc.double({ min: minimum, max: maximum, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(between, fc.constantFrom(minimum, maximum)), value => {
        parseFault({ kind: 'sensor-over-threshold', sensor: sensor.name, value });
        const step = fromRaw(1, conversion);
        expect(Math.abs(fromRaw(toRaw(value, conversion), conversion) - value)).toBeLessThanOrEqual(step);
      }),
    );
  });

  test('whatever comes in place of a fault is refused or read, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map(text => JSON.parse(text)),
          fc.anything(),
        ),
        content => {
          try {
            parseFault(content);
          } catch (error) {
            expect(error).toMatchObject({ code: 'FAULT_INVALID', family: 'config' });
          }
        },
      ),
    );
  });

  test('each kind and each setting is described', () => {
    for (const { description, settings } of faultKinds) {
      expect(description).toMatch(/^[A-Z].*\.$/);
      for (const setting of settings) expect(setting.description, setting.name).toMatch(/^[A-Z].*\.$/);
    }
    const slow = faultKinds.find(({ kind }) => kind === 'bmc-slow');
    expect(slow?.settings.map(({ name, optional }) => [name, optional])).toEqual([
      ['delay', false],
      ['jitter', true],
    ]);
  });

  test('editors can be told what a fault may be', () => {
    const schema = z.toJSONSchema(faultSchema, { io: 'input', target: 'draft-7' });
    expect(schema.oneOf ?? schema.anyOf).toHaveLength(faultKinds.length);
  });

  test('those that only a driver can make are known', () => {
    const made = examples.map(parseFault).filter(isDisturbance);
    const machine = faultKinds.filter(({ group }) => group === 'machine');
    expect(made.map(({ kind }) => kind)).toEqual(machine.map(({ kind }) => kind));
  });
});
