import { describe, expect, test } from 'vitest';
import { selRecord } from '../../src/bmc/ipmi/sel.ts';
import { logMessage } from '../../src/bmc/redfish/nodes/log-message.ts';
import type { EventEntry } from '../../src/node/event-log.ts';
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
