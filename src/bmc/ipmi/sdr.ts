import type { SensorUnit } from '../../node/sensors.ts';
import { toRaw } from '../sensor-conversion.ts';
import {
  type AnalogSensor,
  allSensors,
  type DiscreteSensor,
  Entity,
  ReadingType,
  rawThresholds,
  type Sensor,
  thresholdMask,
} from './sensor-model.ts';

/** Sensor data records: what sensors and parts a BMC has. The same for every BMC. @see IPMI 2.0 §43 */

/** A record and the number under which it is read. */
export interface SensorDataRecord {
  readonly id: number;
  readonly bytes: Buffer;
}

/** This BMC's own address and, in its devices' records, its access address. */
const bmcAddress = 0x20;

/** What Get Device ID and the controller's own record say that it is: chassis, FRU, SEL, SDR and sensor device. */
export const deviceSupport = 0b1000_1111;

/** When the records were last changed: clients that cache them read them anew by this. Seconds since the epoch. */
export const sdrChangedAt = Date.UTC(2026, 10, 23, 13) / 1000;

const RecordType = { full: 0x01, compact: 0x02, eventOnly: 0x03, fruLocator: 0x11, mcLocator: 0x12 } as const;

// Units of IPMI 2.0 table 43-15; a percentage is a modifier of "unspecified".
const unitCode: Readonly<Record<SensorUnit, number>> = {
  celsius: 1,
  volts: 4,
  rpm: 18,
  watts: 6,
  percent: 0,
};

/** Every record, ready to be read. */
export const sensorDataRecords: readonly SensorDataRecord[] = [
  ...allSensors.map(sensorRecord),
  fruLocator(),
  controllerLocator(),
].map(({ type, body }, index) => {
  const header = Buffer.from([0, 0, 0x51, type, body.length]);
  header.writeUInt16LE(index + 1, 0);
  return { id: index + 1, bytes: Buffer.concat([header, body]) };
});

interface Draft {
  readonly type: number;
  /** What follows the five bytes of header. */
  readonly body: Buffer;
}

function sensorRecord(sensor: Sensor): Draft {
  if (sensor.kind === 'analog') return fullRecord(sensor);
  return sensor.states ? compactRecord(sensor) : eventOnlyRecord(sensor);
}

/** @see IPMI 2.0 §43.1 */
function fullRecord(sensor: AnalogSensor): Draft {
  const { spec, conversion } = sensor;
  const mask = thresholdMask(sensor);
  const lower = mask & 0b000_111;
  const upper = mask >> 3;
  const [lowerNonCritical, lowerCritical, lowerNonRecoverable, ...uppers] = rawThresholds(sensor);
  const [upperNonCritical, upperCritical, upperNonRecoverable] = uppers;
  const body = [
    ...[bmcAddress, 0, sensor.number],
    ...[sensor.entity, 1],
    mask === 0 ? 0b0110_0001 : 0b0111_0001, // scanning and thresholds are set up at start; scanning is on
    mask === 0 ? 0b0100_0011 : 0b0100_1011, // re-arms by itself; thresholds can be read and set; logs no events
    ...[sensor.type, ReadingType.threshold],
    ...[0, lower << 4], // lower thresholds that readings are compared with
    ...[0, upper << 4],
    ...[mask, mask], // readable, settable
    ...[spec.unit === 'percent' ? 1 : 0, unitCode[spec.unit], 0],
    0, // linear
    ...[conversion.multiplier, 0], // M, tolerance
    ...[0, 0, 0], // B, accuracy
    (conversion.exponent & 0x0f) << 4, // R exponent, B exponent
    ...[0, 0, 0, 0], // no nominal reading
    ...[toRaw(spec.maximum, conversion), toRaw(spec.minimum, conversion)],
    ...[upperNonRecoverable ?? 0, upperCritical ?? 0, upperNonCritical ?? 0],
    ...[lowerNonRecoverable ?? 0, lowerCritical ?? 0, lowerNonCritical ?? 0],
    ...[0, 0], // hysteresis
    ...[0, 0, 0],
  ];
  return { type: RecordType.full, body: Buffer.concat([Buffer.from(body), idString(sensor.name)]) };
}

/** @see IPMI 2.0 §43.2 */
function compactRecord(sensor: DiscreteSensor): Draft {
  const body = [
    ...[bmcAddress, 0, sensor.number],
    ...[sensor.entity, 1],
    0b0110_0011, // scanning and events are on
    0b0100_0010, // re-arms by itself; its events cannot be switched one by one
    ...[sensor.type, ReadingType.sensorSpecific],
    ...mask16(sensor.offsets), // logged when they begin
    ...mask16(0),
    ...mask16(sensor.offsets), // readable
    ...[0xc0, 0, 0], // no analogue reading
    ...[1, 0], // stands for one sensor
    ...[0, 0],
    ...[0, 0, 0, 0],
  ];
  return { type: RecordType.compact, body: Buffer.concat([Buffer.from(body), idString(sensor.name)]) };
}

/** @see IPMI 2.0 §43.3 */
function eventOnlyRecord(sensor: DiscreteSensor): Draft {
  const body = [
    ...[bmcAddress, 0, sensor.number],
    ...[sensor.entity, 1],
    ...[sensor.type, ReadingType.sensorSpecific],
    ...[1, 0],
    ...[0, 0],
  ];
  return { type: RecordType.eventOnly, body: Buffer.concat([Buffer.from(body), idString(sensor.name)]) };
}

/** @see IPMI 2.0 §43.8 */
function fruLocator(): Draft {
  const body = [
    bmcAddress,
    ...[0, 0x80, 0], // FRU 0, a logical one, on this controller
    0,
    ...[0x10, 0], // FRU inventory behind this controller
    ...[Entity.systemBoard, 1],
    0,
  ];
  return { type: RecordType.fruLocator, body: Buffer.concat([Buffer.from(body), idString('System')]) };
}

/** @see IPMI 2.0 §43.9 */
function controllerLocator(): Draft {
  const body = [
    ...[bmcAddress, 0],
    0, // needs no initialisation, tells nothing of power states
    deviceSupport,
    ...[0, 0, 0],
    ...[Entity.managementController, 1],
    0,
  ];
  return { type: RecordType.mcLocator, body: Buffer.concat([Buffer.from(body), idString('BMC')]) };
}

function mask16(mask: number): [number, number] {
  return [mask & 0xff, mask >> 8];
}

/** 8-bit ASCII with its type/length byte. @see IPMI 2.0 §43.15 */
function idString(name: string): Buffer {
  const text = Buffer.from(name, 'latin1').subarray(0, 16);
  return Buffer.concat([Buffer.from([0xc0 | text.length]), text]);
}
