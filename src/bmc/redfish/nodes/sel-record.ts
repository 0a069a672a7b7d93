import type { JsonObject } from '../json.ts';

/** System Event Log records that clients of IPMI have added, as Redfish tells them. @see IPMI 2.0 §32, schema LogEntry */

const systemEvent = 0x02;
const deassertion = 0x80;
const thresholdType = 0x01;
const firstOemSensor = 0xc0;

/**
 * The properties of a log entry that a record decides.
 * @param record - 16 bytes
 */
export function selProperties(record: readonly number[]): JsonObject {
  const bytes = Buffer.from(record);
  const type = bytes.readUInt8(2);
  if (type !== systemEvent) {
    return {
      EntryType: 'Oem',
      OemRecordFormat: `IPMI SEL record of type ${hex(bytes.subarray(2, 3))}`,
      Message: bytes.toString('hex'),
    };
  }
  const sensorType = bytes.readUInt8(10);
  const sensorName = sensorTypes[sensorType];
  const number = bytes.readUInt8(11);
  const code = entryCode(bytes);
  return {
    EntryType: 'SEL',
    EntryCode: code,
    SensorType: sensorName ?? 'OEM',
    ...(sensorName === undefined && {
      OemSensorType: `${sensorType < firstOemSensor ? 'reserved' : 'OEM'} ${hex([sensorType])}`,
    }),
    SensorNumber: number,
    GeneratorId: hex([bytes.readUInt8(8), bytes.readUInt8(7)]),
    MessageId: hex(bytes.subarray(12, 16)),
    Message: `${sensorName ?? 'OEM sensor'} ${hex([number])}: ${code}`,
  };
}

function entryCode(bytes: Buffer): string {
  const direction = bytes.readUInt8(12);
  const offset = bytes.readUInt8(13) & 0x0f;
  const threshold = (direction & 0x7f) === thresholdType ? thresholdCodes[offset] : undefined;
  return threshold ?? ((direction & deassertion) === 0 ? 'Assert' : 'Deassert');
}

function hex(bytes: Uint8Array | readonly number[]): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** @see IPMI 2.0 table 42-2 (threshold offsets) */
const thresholdCodes: readonly string[] = ['Lower', 'Upper'].flatMap(side =>
  ['Non-critical', 'Critical', 'Non-recoverable'].flatMap(level =>
    ['low', 'high'].map(way => `${side} ${level} - going ${way}`),
  ),
);

/** @see IPMI 2.0 table 42-3; named as in schema LogEntry */
const sensorTypes: readonly (string | undefined)[] = [
  undefined,
  'Temperature',
  'Voltage',
  'Current',
  'Fan',
  'Physical Chassis Security',
  'Platform Security Violation Attempt',
  'Processor',
  'Power Supply / Converter',
  'PowerUnit',
  'CoolingDevice',
  'Other Units-based Sensor',
  'Memory',
  'Drive Slot/Bay',
  'POST Memory Resize',
  'System Firmware Progress',
  'Event Logging Disabled',
  'Watchdog',
  'System Event',
  'Critical Interrupt',
  'Button/Switch',
  'Module/Board',
  'Microcontroller/Coprocessor',
  'Add-in Card',
  'Chassis',
  'ChipSet',
  'Other FRU',
  'Cable/Interconnect',
  'Terminator',
  'SystemBoot/Restart',
  'Boot Error',
  'BaseOSBoot/InstallationStatus',
  'OS Stop/Shutdown',
  'Slot/Connector',
  'System ACPI PowerState',
  'Watchdog',
  'Platform Alert',
  'Entity Presence',
  'Monitor ASIC/IC',
  'LAN',
  'Management Subsystem Health',
  'Battery',
  'Session Audit',
  'Version Change',
  'FRUState',
];
