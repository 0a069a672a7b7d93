import { readSensor } from '../../../node/sensors.ts';
import { toRaw } from '../../sensor-conversion.ts';
import type { Bmc } from '../bmc.ts';
import { type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import {
  type AnalogSensor,
  type DiscreteSensor,
  ReadingType,
  rawThresholds,
  type Sensor,
  sensorOf,
  thresholdMask,
  thresholdOrder,
} from '../sensor-model.ts';
import { answer, refuse } from './answer.ts';
import { remember } from './parameters.ts';

/** Sensors and events. @see IPMI 2.0 §29, §35 */

const scanning = 0x40;
const eventsEnabled = 0x80;
const unavailable = 0x20;

/** How messages from software that came over LAN name their sender. @see IPMI 2.0 table 5-4 */
const remoteConsole = 0x41;

export const sensorCommands: readonly IpmiCommand[] = [
  {
    name: 'Platform Event Message',
    netFn: NetFn.sensor,
    command: 0x02,
    privilege: 'operator',
    length: [7, 7],
    handle: async ({ bmc }, data) => {
      const systemEvent = 0x02;
      const header = [0, 0, systemEvent, 0, 0, 0, 0, remoteConsole, 0];
      const reply = await bmc.node.command({ type: 'add-record', record: [...header, ...data] });
      return refuse(reply.accepted ? CompletionCode.ok : CompletionCode.outOfSpace);
    },
  },
  {
    name: 'Get Sensor Reading Factors',
    netFn: NetFn.sensor,
    command: 0x23,
    privilege: 'user',
    length: [2, 2],
    handle: (_, data) =>
      withAnalog(data, ({ conversion }) => {
        const nextReading = 0xff; // the factors hold for every reading
        const exponents = (conversion.exponent & 0x0f) << 4;
        return answer(nextReading, conversion.multiplier, 0, 0, 0, 0, exponents);
      }),
  },
  {
    name: 'Get Sensor Hysteresis',
    netFn: NetFn.sensor,
    command: 0x25,
    privilege: 'user',
    length: [2, 2],
    handle: (_, data) => withAnalog(data, () => answer(0, 0)),
  },
  {
    name: 'Set Sensor Thresholds',
    netFn: NetFn.sensor,
    command: 0x26,
    privilege: 'operator',
    length: [8, 8],
    handle: ({ bmc }, data) =>
      withAnalog(data, sensor => {
        const mask = data.readUInt8(1) & 0x3f;
        if ((mask & ~thresholdMask(sensor)) !== 0) return refuse(CompletionCode.invalidField);
        const values = thresholdsOf(bmc, sensor).map((value, bit) =>
          (mask & (1 << bit)) === 0 ? value : data.readUInt8(2 + bit),
        );
        return remember(bmc, 'thresholds', String(sensor.number), values);
      }),
  },
  {
    name: 'Get Sensor Thresholds',
    netFn: NetFn.sensor,
    command: 0x27,
    privilege: 'user',
    length: [1, 1],
    handle: ({ bmc }, data) =>
      withAnalog(data, sensor => answer(thresholdMask(sensor), ...thresholdsOf(bmc, sensor))),
  },
  {
    name: 'Get Sensor Event Enable',
    netFn: NetFn.sensor,
    command: 0x29,
    privilege: 'user',
    length: [1, 1],
    handle: (_, data) =>
      withSensor(data, sensor =>
        sensor.kind === 'analog'
          ? answer(scanning)
          : answer(eventsEnabled | scanning, sensor.offsets & 0xff, sensor.offsets >> 8, 0, 0),
      ),
  },
  {
    name: 'Get Sensor Event Status',
    netFn: NetFn.sensor,
    command: 0x2b,
    privilege: 'user',
    length: [1, 1],
    handle: ({ bmc }, data) =>
      withSensor(data, sensor => {
        if (sensor.kind === 'analog') return answer(scanning, 0, 0, 0, 0);
        const states = sensor.states?.(bmc.node.state) ?? 0;
        return answer(eventsEnabled | scanning, states & 0xff, states >> 8, 0, 0);
      }),
  },
  {
    name: 'Get Sensor Reading',
    netFn: NetFn.sensor,
    command: 0x2d,
    privilege: 'user',
    length: [1, 1],
    handle: ({ bmc }, data) =>
      withSensor(data, sensor =>
        sensor.kind === 'analog' ? analogReading(bmc, sensor) : discreteReading(bmc, sensor),
      ),
  },
  {
    name: 'Get Sensor Type',
    netFn: NetFn.sensor,
    command: 0x2f,
    privilege: 'user',
    length: [1, 1],
    handle: (_, data) =>
      withSensor(data, sensor =>
        answer(sensor.type, sensor.kind === 'analog' ? ReadingType.threshold : ReadingType.sensorSpecific),
      ),
  },
];

type Answered = CommandResponse | Promise<CommandResponse>;

function withSensor(data: Buffer, then: (sensor: Sensor) => Answered): Answered {
  const sensor = sensorOf(data.readUInt8(0));
  return sensor ? then(sensor) : refuse(CompletionCode.notPresent);
}

function withAnalog(data: Buffer, then: (sensor: AnalogSensor) => Answered): Answered {
  return withSensor(data, sensor =>
    sensor.kind === 'analog' ? then(sensor) : refuse(CompletionCode.illegalForSensor),
  );
}

function thresholdsOf(bmc: Bmc, sensor: AnalogSensor): readonly number[] {
  return bmc.memory.value.thresholds[sensor.number] ?? rawThresholds(sensor);
}

function analogReading(bmc: Bmc, sensor: AnalogSensor): CommandResponse {
  const value = readSensor(sensor.spec, bmc.node.state);
  const reserved = 0xc0;
  if (value === undefined) return answer(0, scanning | unavailable, reserved);
  const raw = toRaw(value, sensor.conversion);
  return answer(raw, scanning, reserved | crossed(bmc, sensor, raw));
}

/** The thresholds that a reading is at or beyond, as a mask. */
function crossed(bmc: Bmc, sensor: AnalogSensor, raw: number): number {
  const present = thresholdMask(sensor);
  return thresholdsOf(bmc, sensor).reduce((mask, limit, bit) => {
    if ((present & (1 << bit)) === 0) return mask;
    const isLower = bit < thresholdOrder.length / 2;
    return (isLower ? raw <= limit : raw >= limit) ? mask | (1 << bit) : mask;
  }, 0);
}

function discreteReading(bmc: Bmc, sensor: DiscreteSensor): CommandResponse {
  if (!sensor.states) return refuse(CompletionCode.notPresent);
  const states = sensor.states(bmc.node.state);
  return answer(0, eventsEnabled | scanning, states & 0xff, 0x80 | (states >> 8));
}
