import type { EventEntry } from '../../node/event-log.ts';
import { selRecord } from './sel.ts';
import { allSensors } from './sensor-model.ts';

/** Enterprise of platform event traps: wired for management, PET, version 1. */
export const petEnterprise = '1.3.6.1.4.1.3183.1.1';

/** Object whose value a trap's one variable is. */
export const petVariable = `${petEnterprise}.1`;

/** A platform event, as an SNMP trap tells it. */
export interface PlatformEventTrap {
  /** SNMP's specific trap: sensor type, event type and offset. */
  readonly specificTrap: number;
  /** The value of {@link petVariable}. */
  readonly fields: Buffer;
}

/** Record type of events in the System Event Log. */
const systemEvent = 0x02;

/** Seconds from 1970 to 1998, when a trap's time begins. */
const epoch = Date.UTC(1998, 0, 1) / 1000;

const severities = { ok: 0x02, warning: 0x08, critical: 0x10 } as const;

const unspecifiedOffset = 0xffff;
const ipmiSource = 0x20;
const bmcAddress = 0x20;
const english = 0x19;
const endOfFields = 0xc1;

/**
 * The trap of an event; `undefined` for a record of a client's own that is no platform event.
 * @param uuid - the node's, in RFC 4122's writing
 * @param sequence - tells traps apart
 * @see IPMI Platform Event Trap Format Specification 1.0, §3
 */
export function platformEventTrap(
  entry: EventEntry,
  uuid: string,
  sequence: number,
): PlatformEventTrap | undefined {
  const record = selRecord(entry, 0);
  if (record.readUInt8(2) !== systemEvent) return undefined;
  const [sensorType, sensorNumber, eventType] = [10, 11, 12].map(place => record.readUInt8(place)) as [
    number,
    number,
    number,
  ];
  const data = record.subarray(13, 16);
  const entity = allSensors.find(({ number }) => number === sensorNumber)?.entity ?? 0;
  // Bit 7 of the record's event type says that an event has ended; a trap has it with the offset.
  const offset = (eventType & 0x80) | (data.readUInt8(0) & 0x0f);
  const fields = Buffer.alloc(47);
  fields.write(uuid.replaceAll('-', ''), 0, 'hex');
  fields.writeUInt16BE(sequence & 0xffff, 16);
  fields.writeUInt32BE((Math.floor(entry.at / 1000) - epoch) >>> 0, 18);
  fields.writeUInt16BE(unspecifiedOffset, 22);
  fields.set([ipmiSource, ipmiSource, severities[entry.severity], bmcAddress, sensorNumber, entity], 24);
  fields.set(data, 31);
  fields[39] = english;
  // No manufacturer and no system of its own: zeros.
  fields[46] = endOfFields;
  return { specificTrap: (sensorType << 16) | ((eventType & 0x7f) << 8) | offset, fields };
}
