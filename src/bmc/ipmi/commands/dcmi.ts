import { eventLogCapacity } from '../../../node/event-log.ts';
import { readSensor } from '../../../node/sensors.ts';
import type { Bmc } from '../bmc.ts';
import { type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { sensorDataRecords } from '../sdr.ts';
import { type AnalogSensor, allSensors, Entity, SensorType } from '../sensor-model.ts';
import { answer, carryOut, le16, le32, refuse } from './answer.ts';
import { lanChannel } from './lan-channel.ts';
import { now } from './sel.ts';

/** Data Center Manageability Interface. @see DCMI 1.5 §6 */

const dcmi = 0xdc;

/** DCMI 1.5, second revision of its parameters. */
const conformance = [1, 5, 2];

const bmcAddress = 0x20;
const noChannel = 0xff;

/** Texts are read and written in pieces of at most so many bytes. */
const pieceLength = 16;
const assetTagLength = 63;
/** With the NUL at its end. */
const controllerIdLength = 64;

const systemPowerStatistics = 1;

/** How long the readings are that power statistics are made of: milliseconds. */
const powerSample = 1000;

/** DCMI's own entities for temperatures, and those that sensor data records use for the same. */
const temperatureEntity: ReadonlyMap<number, number> = new Map([
  [0x40, Entity.airInlet],
  [Entity.airInlet, Entity.airInlet],
  [0x41, Entity.processor],
  [Entity.processor, Entity.processor],
]);

export const dcmiCommands: readonly IpmiCommand[] = [
  {
    name: 'Get DCMI Capabilities Info',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x01,
    privilege: 'none',
    length: [1, 1],
    handle: (_, data) => {
      const bytes = capabilities[data.readUInt8(0)];
      return bytes ? answer(...conformance, ...bytes) : refuse(CompletionCode.invalidField);
    },
  },
  {
    name: 'Get Power Reading',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x02,
    privilege: 'user',
    length: [3, 3],
    handle: ({ bmc }, data) =>
      data.readUInt8(0) === systemPowerStatistics ? powerReading(bmc) : refuse(CompletionCode.invalidField),
  },
  {
    name: 'Get Asset Tag',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x06,
    privilege: 'user',
    length: [2, 2],
    handle: ({ bmc }, data) => readText(latin1(bmc.node.state.durable.assetTag), data),
  },
  {
    name: 'Get DCMI Sensor Info',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x07,
    privilege: 'user',
    length: [4, 4],
    handle: (_, data) => {
      const found = temperatures(data);
      if (!found) return refuse(CompletionCode.invalidField);
      // A sensor's record has the place in the records that the sensor has among the sensors.
      const ids = found.map(sensor => sensorDataRecords[allSensors.indexOf(sensor)]?.id ?? 0);
      return answer(ids.length, ids.length, ...ids.flatMap(le16));
    },
  },
  {
    name: 'Set Asset Tag',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x08,
    privilege: 'operator',
    length: [2, 2 + pieceLength],
    handle: async ({ bmc }, data) => {
      const text = writeText(latin1(bmc.node.state.durable.assetTag), data, assetTagLength);
      if (!text) return refuse(CompletionCode.parameterOutOfRange);
      const response = await carryOut(bmc, { type: 'set-asset-tag', tag: text.toString('latin1') });
      return response.code === CompletionCode.ok ? answer(text.length) : response;
    },
  },
  {
    name: 'Get Management Controller Identifier String',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x09,
    privilege: 'user',
    length: [2, 2],
    handle: ({ bmc }, data) => readText(latin1(`${controllerId(bmc)}\0`), data),
  },
  {
    name: 'Set Management Controller Identifier String',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x0a,
    privilege: 'administrator',
    length: [2, 2 + pieceLength],
    handle: async ({ bmc }, data) => {
      const text = writeText(latin1(controllerId(bmc)), data, controllerIdLength);
      if (!text) return refuse(CompletionCode.parameterOutOfRange);
      await bmc.memory.change({ controllerId: text.toString('latin1').replace(/\0.*$/s, '') });
      return answer(text.length);
    },
  },
  {
    name: 'Get Temperature Readings',
    netFn: NetFn.groupExtension,
    group: dcmi,
    command: 0x10,
    privilege: 'user',
    length: [4, 4],
    handle: ({ bmc }, data) => {
      const found = temperatures(data);
      if (!found) return refuse(CompletionCode.invalidField);
      const readings = found.flatMap(sensor => {
        const value = readSensor(sensor.spec, bmc.node.state);
        const instance = 1;
        return value === undefined ? [] : [Math.round(value) & 0x7f, instance];
      });
      return answer(readings.length / 2, readings.length / 2, ...readings);
    },
  },
];

/** By parameter selector. @see DCMI 1.5 table 6-3 */
const capabilities: Readonly<Record<number, readonly number[]>> = {
  // Power can be read; there is no channel besides the primary LAN channel.
  1: [0x00, 0x01, 0x00],
  // The event log rolls over by single records; GUID and asset tag; temperatures are read when asked for.
  2: [...le16(0xa000 | eventLogCapacity), 0x05, 0x00],
  3: [bmcAddress, 0x01],
  4: [lanChannel, noChannel, noChannel],
  // No rolling averages.
  5: [0],
};

/** No statistics are kept: least, most and mean are of the one reading. @see DCMI 1.5 table 6-16 */
function powerReading(bmc: Bmc): CommandResponse {
  const sensor = allSensors.find(
    (candidate): candidate is AnalogSensor => candidate.kind === 'analog' && candidate.spec.unit === 'watts',
  );
  const watts = Math.round((sensor && readSensor(sensor.spec, bmc.node.state)) ?? 0);
  const measuring = 0x40;
  return answer(
    ...[watts, watts, watts, watts].flatMap(le16),
    ...le32(now(bmc)),
    ...le32(powerSample),
    measuring,
  );
}

/** The sensors that a request for temperatures is for; `undefined` if there can be none. */
function temperatures(data: Buffer): AnalogSensor[] | undefined {
  const entity = temperatureEntity.get(data.readUInt8(1));
  if (data.readUInt8(0) !== SensorType.temperature || data.readUInt8(1) === 0) return undefined;
  const instance = data.readUInt8(2); // 0 for all, from that of the next byte on
  if (instance > 1 || (instance === 0 && data.readUInt8(3) > 1)) return [];
  return allSensors.filter(
    (sensor): sensor is AnalogSensor =>
      sensor.kind === 'analog' && sensor.type === SensorType.temperature && sensor.entity === entity,
  );
}

function controllerId(bmc: Bmc): string {
  return bmc.memory.value.controllerId || bmc.node.spec.name;
}

/** Answers a piece of a text: request and answer have offset and count, total length and bytes. */
function readText(text: Buffer, data: Buffer): CommandResponse {
  const offset = data.readUInt8(0);
  const count = data.readUInt8(1);
  if (offset > text.length || count > pieceLength) return refuse(CompletionCode.parameterOutOfRange);
  return answer(text.length, ...text.subarray(offset, offset + count));
}

/** A text with a piece written into it, which becomes its end; `undefined` if that makes it too long. */
function writeText(text: Buffer, data: Buffer, most: number): Buffer | undefined {
  const offset = data.readUInt8(0);
  const count = data.readUInt8(1);
  const piece = data.subarray(2);
  if (offset > text.length || count !== piece.length || offset + count > most) return undefined;
  return Buffer.concat([text.subarray(0, offset), piece]);
}

/** Bytes as they come and go: a piece may end within a character of another encoding. */
function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
