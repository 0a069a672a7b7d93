import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selRecord } from '../../src/bmc/ipmi/sel.ts';
import { logMessage } from '../../src/bmc/redfish/nodes/log-message.ts';
import type { EventEntry } from '../../src/node/event-log.ts';
import { sensorsToldBeyond } from '../../src/node/sensor-rules.ts';
import { readSensor, sensors } from '../../src/node/sensors.ts';
import { initialState, type NodeState } from '../../src/node/state.ts';
import { transition } from '../../src/node/transition.ts';
import { everything } from './model.ts';

const now = Date.UTC(2026, 0, 1);

function see(state: NodeState, name: string, reading: number | undefined): NodeState {
  const input = { type: 'observed', observation: { type: 'sensor', name, reading } } as const;
  return transition(state, input, { now, capabilities: everything }).state;
}

const reading = (state: NodeState, name: string) => {
  const sensor = sensors.find(one => one.name === name);
  return sensor && readSensor(sensor, state);
};

const told = (state: NodeState) =>
  state.log.entries.map(({ severity, message }) => `${severity}: ${message}`);

describe('a sensor that reads something of its own', () => {
  test('reads that, on or off, until it no longer does', () => {
    const hot = see(initialState(), 'CPU Temp', 99);
    expect(reading(hot, 'CPU Temp')).toBe(99);
    expect(reading(hot, 'Inlet Temp')).toBe(21);
    expect(reading(see(hot, 'CPU Temp', undefined), 'CPU Temp')).toBeUndefined();
  });

  test('tells of each limit that it crosses, both ways', () => {
    const hot = see(initialState(), 'Inlet Temp', 47);
    expect(told(hot)).toEqual([
      'warning: Inlet Temp: 47 °C, beyond its upper non-critical limit of 42',
      'critical: Inlet Temp: 47 °C, beyond its upper critical limit of 47',
    ]);
    expect(told(see(hot, 'Inlet Temp', 43)).slice(2)).toEqual([
      'ok: Inlet Temp: 43 °C, within its upper critical limit of 47',
    ]);
    expect(told(see(hot, 'Inlet Temp', undefined)).slice(2)).toEqual([
      'ok: Inlet Temp: 21 °C, within its upper non-critical limit of 42',
      'ok: Inlet Temp: 21 °C, within its upper critical limit of 47',
    ]);
  });

  test('is beyond a limit, or no longer, by what the log told before a restart', () => {
    const hot = see(initialState(), 'Inlet Temp', 44);
    const restarted = initialState(hot.durable, hot.log);
    expect(sensorsToldBeyond(restarted.log)).toEqual(['Inlet Temp']);
    expect(see(restarted, 'Inlet Temp', 44).log).toBe(hot.log);
    const well = see(restarted, 'Inlet Temp', undefined);
    expect(told(well).slice(1)).toEqual(['ok: Inlet Temp: 21 °C, within its upper non-critical limit of 42']);
    expect(sensorsToldBeyond(well.log)).toEqual([]);
  });

  test('is beyond a limit anew when the log that told so is cleared', () => {
    const clear = { type: 'command', command: { type: 'clear-log', by: 'ipmi' } } as const;
    const hot = see(initialState(), 'Inlet Temp', 44);
    const { state } = transition(hot, clear, { now, capabilities: everything });
    expect(see(state, 'Inlet Temp', undefined).log).toBe(state.log);
    expect(told(see(state, 'Inlet Temp', 44)).slice(-1)).toEqual([
      'warning: Inlet Temp: 44 °C, beyond its upper non-critical limit of 42',
    ]);
  });

  test('has entries that pair up, over restarts too', () => {
    const step = fc.record({
      name: fc.constantFrom(...sensors.map(({ name }) => name)),
      reading: fc.option(fc.double({ min: 0, max: 510, noNaN: true }), { nil: undefined }),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        let state = initialState();
        for (const { name, reading, restart } of steps) {
          if (restart) state = initialState(state.durable, state.log);
          state = see(state, name, reading);
        }
        const beyond = new Map<string, boolean>();
        for (const { sensor } of state.log.entries) {
          const key = `${sensor?.name} ${sensor?.limit}`;
          expect(sensor?.beyond).toBe(!(beyond.get(key) ?? false));
          beyond.set(key, sensor?.beyond === true);
        }
      }),
    );
  });

  test('is none that the node does not have', () => {
    expect(see(initialState(), 'Coffee Level', 3).log.entries).toEqual([]);
  });
});

describe('an event of a limit that was crossed', () => {
  const entry: EventEntry = {
    id: 5,
    at: now,
    kind: 'sensor-crossed',
    severity: 'critical',
    message: 'CPU Temp: 99 °C, beyond its upper critical limit of 95',
    sensor: { name: 'CPU Temp', limit: 'upperCritical', beyond: true, reading: 99 },
  };

  test('is a threshold event of IPMI: upper critical, going high, with reading and limit', () => {
    const bytes = [...selRecord(entry, 0)];
    expect(bytes.slice(10)).toEqual([
      0x01, // temperature
      0x02, // the sensor
      0x01, // threshold, assertion
      0x59, // reading and limit follow; upper critical going high
      99 * 2, // in half degrees
      95 * 2,
    ]);
    const over = {
      ...entry,
      sensor: { name: 'CPU Temp', limit: 'upperCritical', beyond: false, reading: 40 },
    } as const;
    expect(selRecord(over, 0)[12]).toBe(0x81);
    const fan = {
      ...entry,
      sensor: { name: 'System Fan', limit: 'lowerCritical', beyond: true, reading: 0 },
    } as const;
    expect((selRecord(fan, 0)[13] ?? 0) & 0x0f).toBe(2);
  });

  test("is Redfish's message of a threshold", () => {
    expect(logMessage('node-0', entry)).toMatchObject({
      MessageId: expect.stringMatching(/^ResourceEvent\..*\.ResourceErrorThresholdExceeded$/),
      MessageArgs: ['CPU Temp', '95'],
      MessageSeverity: 'Critical',
      Message: entry.message,
    });
  });
});
