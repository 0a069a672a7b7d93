import type { EventEntry, EventKind, SensorCrossing } from '../../node/event-log.ts';
import { toRaw } from '../sensor-conversion.ts';
import {
  allSensors,
  type DiscreteSensor,
  discreteSensors,
  ReadingType,
  thresholdOrder,
} from './sensor-model.ts';

/** System Event Log records of a node's events. @see IPMI 2.0 §32 */

/** Bytes of a record. */
export const selRecordLength = 16;

/** Records of this type and above have no timestamp. */
const firstWithoutTimestamp = 0xe0;

interface EventCode {
  readonly sensor: DiscreteSensor;
  readonly offset: number;
  /** Tells events of one offset apart: an OEM code in event data 2. */
  readonly detail?: number;
  /** The extension code that the specification has for the sensor, in event data 2. */
  readonly extension?: number;
}

const eventCodes: Readonly<Record<Exclude<EventKind, 'record-added' | 'sensor-crossed'>, EventCode>> = {
  'power-on': { sensor: discreteSensors.power, offset: 0 },
  'power-off': { sensor: discreteSensors.power, offset: 5 },
  'power-failed': { sensor: discreteSensors.powerControl, offset: 5 },
  booted: { sensor: discreteSensors.boot, offset: 0 },
  reset: { sensor: discreteSensors.boot, offset: 1 },
  netboot: { sensor: discreteSensors.netboot, offset: 2, extension: 0x13 }, // starting the operating system's boot
  nmi: { sensor: discreteSensors.interrupt, offset: 0 },
  panicked: { sensor: discreteSensors.osStop, offset: 1 },
  'boot-override-set': { sensor: discreteSensors.bootOverride, offset: 0, detail: 1 },
  'boot-override-used': { sensor: discreteSensors.bootOverride, offset: 0, detail: 2 },
  'boot-override-expired': { sensor: discreteSensors.bootOverride, offset: 0, detail: 3 },
  'firmware-set': { sensor: discreteSensors.bootOverride, offset: 0, detail: 4 },
  'firmware-taken-up': { sensor: discreteSensors.bootOverride, offset: 0, detail: 5 },
  'media-inserted': { sensor: discreteSensors.bootOverride, offset: 0, detail: 6 },
  'media-ejected': { sensor: discreteSensors.bootOverride, offset: 0, detail: 7 },
  'media-failed': { sensor: discreteSensors.bootOverride, offset: 0, detail: 8 },
  'watchdog-expired': { sensor: discreteSensors.watchdog, offset: 0 },
  'log-cleared': { sensor: discreteSensors.eventLog, offset: 2 },
};

/**
 * The 16 bytes of an event.
 * @param clockOffset - milliseconds that the BMC's clock is ahead of the host's
 */
export function selRecord(entry: EventEntry, clockOffset: number): Buffer {
  const record = recordOf(entry);
  record.writeUInt16LE(entry.id, 0);
  if (record.readUInt8(2) < firstWithoutTimestamp) record.writeUInt32LE(selTime(entry.at, clockOffset), 3);
  return record;
}

/**
 * A time as the event log tells it: seconds since the epoch.
 * @param at - milliseconds since the epoch
 */
export function selTime(at: number, clockOffset: number): number {
  return Math.floor((at + clockOffset) / 1000) >>> 0;
}

function recordOf(entry: EventEntry): Buffer {
  switch (entry.kind) {
    case 'record-added':
      return Buffer.from(entry.record ?? []);
    case 'sensor-crossed':
      return crossingRecord(entry.sensor);
    default: {
      const code = eventCodes[entry.kind];
      // Begins; none of them is told to end.
      return systemEvent(code.sensor, ReadingType.sensorSpecific, [...eventData(code), 0xff]);
    }
  }
}

/** @see IPMI 2.0 table 32-1 */
function systemEvent(
  sensor: { readonly type: number; readonly number: number },
  directionAndType: number,
  data: readonly [number, number, number],
): Buffer {
  return Buffer.from([
    ...[0, 0], // record ID
    0x02, // system event record
    ...[0, 0, 0, 0], // timestamp
    ...[0x20, 0x00], // made by this BMC
    0x04, // event message revision
    ...[sensor.type, sensor.number, directionAndType],
    ...data,
  ]);
}

/** An event that ends. @see IPMI 2.0 table 29-6 */
const deassertion = 0x80;
/** The reading in event data 2, the limit in event data 3. @see IPMI 2.0 table 29-6 */
const readingAndLimit = 0x50;

function crossingRecord(crossing: SensorCrossing | undefined): Buffer {
  const sensor = allSensors.find(one => one.kind === 'analog' && one.name === crossing?.name);
  // From a version with other sensors.
  if (!crossing || sensor?.kind !== 'analog') {
    return systemEvent({ type: 0, number: 0xff }, ReadingType.threshold, [0, 0xff, 0xff]);
  }
  const { limit, beyond, reading } = crossing;
  const bit = thresholdOrder.indexOf(limit);
  // Two offsets a limit, going low and going high: those of lower limits are told going low, of upper ones going high.
  const offset = 2 * bit + (limit.startsWith('lower') ? 0 : 1);
  const type = ReadingType.threshold | (beyond ? 0 : deassertion);
  const value = sensor.spec.thresholds[limit];
  if (reading === undefined || value === undefined) return systemEvent(sensor, type, [offset, 0xff, 0xff]);
  const [seen, allowed] = [toRaw(reading, sensor.conversion), toRaw(value, sensor.conversion)];
  return systemEvent(sensor, type, [readingAndLimit | offset, seen, allowed]);
}

/** What event data 2 holds, if anything. @see IPMI 2.0 table 29-6 */
const oemInData2 = 0x80;
const extensionInData2 = 0xc0;

/** Event data 1 and 2. */
function eventData({ offset, detail, extension }: EventCode): [number, number] {
  if (detail !== undefined) return [oemInData2 | offset, detail];
  if (extension !== undefined) return [extensionInData2 | offset, extension];
  return [offset, 0xff];
}
