import { type SensorSpec, type SensorUnit, sensors, type Thresholds } from '../../node/sensors.ts';
import type { NodeState } from '../../node/state.ts';
import { type Conversion, conversionFor, fromRaw, toRaw } from '../sensor-conversion.ts';

/** IPMI's sensors: the node's analogue ones and those that tell states and events. Shared by every BMC. */

/** Sensor type codes. @see IPMI 2.0 table 42-3 */
export const SensorType = {
  temperature: 0x01,
  voltage: 0x02,
  fan: 0x04,
  powerUnit: 0x09,
  otherUnits: 0x0b,
  firmwareProgress: 0x0f,
  eventLogging: 0x10,
  systemEvent: 0x12,
  criticalInterrupt: 0x13,
  systemBoot: 0x1d,
  osStop: 0x20,
  acpiPowerState: 0x22,
  watchdog: 0x23,
} as const;

/** Event/reading types: by thresholds, or by the states that the sensor type defines. @see IPMI 2.0 table 42-1 */
export const ReadingType = { threshold: 0x01, sensorSpecific: 0x6f } as const;

/** What a sensor belongs to. @see IPMI 2.0 table 43-13 */
export const Entity = {
  processor: 0x03,
  managementController: 0x06,
  systemBoard: 0x07,
  powerUnit: 0x13,
  fan: 0x1d,
  operatingSystem: 0x23,
  airInlet: 0x37,
} as const;

/** Thresholds in the order of their bits and of Get Sensor Thresholds; virtual machines have no non-recoverable ones. */
export const thresholdOrder: readonly (keyof Thresholds | undefined)[] = [
  'lowerNonCritical',
  'lowerCritical',
  undefined,
  'upperNonCritical',
  'upperCritical',
  undefined,
];

/** An analogue sensor. */
export interface AnalogSensor {
  readonly kind: 'analog';
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly entity: number;
  readonly conversion: Conversion;
  readonly spec: SensorSpec;
}

/** A sensor that tells states or, without `states`, only events. */
export interface DiscreteSensor {
  readonly kind: 'discrete';
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly entity: number;
  /** Offsets of the states that it can tell or log, as a mask. */
  readonly offsets: number;
  /** The states that are so now, as a mask; `undefined` for a sensor that only logs events. */
  readonly states?: ((state: NodeState) => number) | undefined;
}

export type Sensor = AnalogSensor | DiscreteSensor;

const typeOf: Readonly<Record<SensorUnit, number>> = {
  celsius: SensorType.temperature,
  volts: SensorType.voltage,
  rpm: SensorType.fan,
  watts: SensorType.otherUnits,
  percent: SensorType.otherUnits,
};

const entityOf: Readonly<Record<string, number>> = {
  'Inlet Temp': Entity.airInlet,
  'CPU Temp': Entity.processor,
  'System Fan': Entity.fan,
  'CPU Load': Entity.processor,
  'Power Draw': Entity.powerUnit,
};

const analogSensors: readonly AnalogSensor[] = sensors.map((spec, index) => ({
  kind: 'analog',
  number: index + 1,
  name: spec.name,
  type: typeOf[spec.unit],
  entity: entityOf[spec.name] ?? Entity.systemBoard,
  conversion: conversionFor(spec.maximum),
  spec,
}));

/** States and events. Numbers are apart from the analogue ones, so that a new one moves none of them. */
export const discreteSensors = {
  power: {
    kind: 'discrete',
    number: 0x40,
    name: 'Host Power',
    type: SensorType.acpiPowerState,
    entity: Entity.systemBoard,
    offsets: 0b10_0001, // S0 working, S5 soft-off
    states: state => (state.power === 'on' ? 0b1 : state.power === 'off' ? 0b10_0000 : 0),
  },
  watchdog: {
    kind: 'discrete',
    number: 0x41,
    name: 'Watchdog',
    type: SensorType.watchdog,
    entity: Entity.managementController,
    offsets: 0b1, // timer expired
    states: state => (state.watchdog.expiredUses === 0 ? 0 : 1),
  },
  eventLog: {
    kind: 'discrete',
    number: 0x42,
    name: 'SEL',
    type: SensorType.eventLogging,
    entity: Entity.managementController,
    offsets: 0b100, // log area cleared
    states: () => 0,
  },
  boot: {
    kind: 'discrete',
    number: 0x43,
    name: 'Firmware Start',
    type: SensorType.systemBoot,
    entity: Entity.systemBoard,
    offsets: 0b11, // initiated by power-up, by hard reset
  },
  bootOverride: {
    kind: 'discrete',
    number: 0x44,
    name: 'Boot Override',
    type: SensorType.systemEvent,
    entity: Entity.systemBoard,
    offsets: 0b1, // system reconfigured
  },
  interrupt: {
    kind: 'discrete',
    number: 0x45,
    name: 'NMI',
    type: SensorType.criticalInterrupt,
    entity: Entity.systemBoard,
    offsets: 0b1, // front panel NMI
  },
  osStop: {
    kind: 'discrete',
    number: 0x46,
    name: 'Guest OS',
    type: SensorType.osStop,
    entity: Entity.operatingSystem,
    offsets: 0b10, // run-time stop
  },
  powerControl: {
    kind: 'discrete',
    number: 0x47,
    name: 'Power Control',
    type: SensorType.powerUnit,
    entity: Entity.powerUnit,
    offsets: 0b10_0000, // soft power control failure
  },
  netboot: {
    kind: 'discrete',
    number: 0x48,
    name: 'Network Boot',
    type: SensorType.firmwareProgress,
    entity: Entity.systemBoard,
    offsets: 0b100, // firmware progress
  },
} as const satisfies Record<string, DiscreteSensor>;

/** Every sensor, by ascending number. */
export const allSensors: readonly Sensor[] = [...analogSensors, ...Object.values(discreteSensors)];

const byNumber = new Map(allSensors.map(sensor => [sensor.number, sensor]));

/** The sensor of that number. */
export function sensorOf(number: number): Sensor | undefined {
  return byNumber.get(number);
}

/** A sensor's thresholds as raw bytes in {@link thresholdOrder}, 0 where it has none. */
export function rawThresholds(sensor: AnalogSensor): number[] {
  return thresholdOrder.map(name => {
    const value = name && sensor.spec.thresholds[name];
    return value === undefined ? 0 : toRaw(value, sensor.conversion);
  });
}

/** The limits that raw bytes in {@link thresholdOrder} stand for, of those that a sensor has. */
export function thresholdsOfRaw({ spec, conversion }: AnalogSensor, raw: readonly number[]): Thresholds {
  const limits = thresholdOrder.flatMap((name, place) =>
    name && spec.thresholds[name] !== undefined ? [[name, fromRaw(raw[place] ?? 0, conversion)]] : [],
  );
  return Object.fromEntries(limits);
}

/** Which thresholds a sensor has, as the mask of Get Sensor Thresholds. */
export function thresholdMask(sensor: AnalogSensor): number {
  return thresholdOrder.reduce(
    (mask, name, bit) => (name && sensor.spec.thresholds[name] !== undefined ? mask | (1 << bit) : mask),
    0,
  );
}
