import type { Bmc } from '../bmc.ts';
import { type CommandContext, type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { sdrChangedAt, sensorDataRecords } from '../sdr.ts';
import { allSensors } from '../sensor-model.ts';
import { answer, le16, le32, refuse } from './answer.ts';
import { readPart, recordId } from './records.ts';
import { now } from './sel.ts';
import { Reservations } from './volatile.ts';

/** Sensor data records, as repository and as device SDRs: the same ones. @see IPMI 2.0 §33, §35 */

const reservations = new Reservations();

/** The records never change while a BMC runs. */
const epoch = 0;

/** Reserve and Get SDR Repository Allocation Info are there; nothing can be added or deleted. */
const supportedOperations = 0b0011;

const allocationUnit = 16;
const recordUnits = sensorDataRecords.map(({ bytes }) => Math.ceil(bytes.length / allocationUnit));

export const sdrCommands: readonly IpmiCommand[] = [
  {
    name: 'Get SDR Repository Info',
    netFn: NetFn.storage,
    command: 0x20,
    privilege: 'user',
    length: [0, 0],
    handle: () =>
      answer(
        0x51,
        ...le16(sensorDataRecords.length),
        ...le16(0),
        ...le32(sdrChangedAt),
        ...le32(0),
        supportedOperations,
      ),
  },
  {
    name: 'Get SDR Repository Allocation Info',
    netFn: NetFn.storage,
    command: 0x21,
    privilege: 'user',
    length: [0, 0],
    handle: () =>
      answer(
        ...le16(recordUnits.reduce((total, units) => total + units, 0)),
        ...le16(allocationUnit),
        ...le16(0),
        ...le16(0),
        Math.max(...recordUnits),
      ),
  },
  {
    name: 'Reserve SDR Repository',
    netFn: NetFn.storage,
    command: 0x22,
    privilege: 'user',
    length: [0, 0],
    handle: reserve,
  },
  {
    name: 'Get SDR',
    netFn: NetFn.storage,
    command: 0x23,
    privilege: 'user',
    length: [6, 6],
    handle: ({ bmc }, data) => getRecord(bmc, data),
  },
  {
    name: 'Get SDR Repository Time',
    netFn: NetFn.storage,
    command: 0x28,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => answer(...le32(now(bmc))),
  },
  {
    name: 'Get Device SDR Info',
    netFn: NetFn.sensor,
    command: 0x20,
    privilege: 'user',
    length: [0, 1],
    handle: (_, data) => {
      const countRecords = data.length > 0 && (data.readUInt8(0) & 0x01) !== 0;
      const hasSensorsOnLun0 = 0x01;
      return answer(countRecords ? sensorDataRecords.length : allSensors.length, hasSensorsOnLun0);
    },
  },
  {
    name: 'Get Device SDR',
    netFn: NetFn.sensor,
    command: 0x21,
    privilege: 'user',
    length: [6, 6],
    handle: ({ bmc }, data) => getRecord(bmc, data),
  },
  {
    name: 'Reserve Device SDR Repository',
    netFn: NetFn.sensor,
    command: 0x22,
    privilege: 'user',
    length: [0, 0],
    handle: reserve,
  },
];

function reserve({ bmc }: CommandContext): CommandResponse {
  return answer(...le16(reservations.reserve(bmc, epoch)));
}

function getRecord(bmc: Bmc, data: Buffer): CommandResponse {
  const offset = data.readUInt8(4);
  if (offset !== 0 && !reservations.holds(bmc, data.readUInt16LE(0), epoch)) {
    return refuse(CompletionCode.reservationInvalid);
  }
  const id = data.readUInt16LE(2);
  const index =
    id === recordId.first
      ? 0
      : id === recordId.last
        ? sensorDataRecords.length - 1
        : sensorDataRecords.findIndex(record => record.id === id);
  const record = sensorDataRecords[index];
  if (!record) return refuse(CompletionCode.notPresent);
  return readPart(record.bytes, offset, data.readUInt8(5), sensorDataRecords[index + 1]?.id);
}
