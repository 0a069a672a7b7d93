import type { NodeSpec } from './spec.ts';
import type { NodeState } from './state.ts';

/** What an analogue sensor measures, in that unit. */
export type SensorUnit = 'celsius' | 'volts' | 'rpm' | 'watts' | 'percent';

/** Units as people write them. */
export const sensorUnits: Readonly<Record<SensorUnit, string>> = {
  celsius: '°C',
  volts: 'V',
  rpm: 'rpm',
  watts: 'W',
  percent: '%',
};

/** Limits of an analogue sensor, in its unit. */
export interface Thresholds {
  readonly lowerCritical?: number | undefined;
  readonly lowerNonCritical?: number | undefined;
  readonly upperNonCritical?: number | undefined;
  readonly upperCritical?: number | undefined;
}

/** An analogue sensor that every node has. */
export interface SensorSpec {
  /** At most 16 characters: IPMI's limit for a sensor's ID string. */
  readonly name: string;
  readonly unit: SensorUnit;
  readonly thresholds: Thresholds;
  /** Range that readings can take, in the unit. */
  readonly minimum: number;
  readonly maximum: number;
  /** The reading of a machine that is on; `undefined` where there is nothing to read. */
  readonly read: (load: number) => number;
  /** The reading of a machine that is off; `undefined` when the sensor has no power then. */
  readonly readOff: number | undefined;
}

/**
 * A node's analogue sensors. A virtual machine has no thermometer: the readings are those of a plausible server
 * with the machine's real load, so that they move when it works and vanish when it is off.
 */
export const sensors: readonly SensorSpec[] = [
  {
    name: 'Inlet Temp',
    unit: 'celsius',
    thresholds: { upperNonCritical: 42, upperCritical: 47 },
    minimum: 0,
    maximum: 127,
    read: () => 23,
    readOff: 21,
  },
  {
    name: 'CPU Temp',
    unit: 'celsius',
    thresholds: { upperNonCritical: 85, upperCritical: 95 },
    minimum: 0,
    maximum: 127,
    read: load => 36 + 34 * load,
    readOff: undefined,
  },
  {
    name: 'System Fan',
    unit: 'rpm',
    thresholds: { lowerNonCritical: 1500, lowerCritical: 1000 },
    minimum: 0,
    maximum: 15_000,
    read: load => 4200 + 6000 * load,
    readOff: undefined,
  },
  {
    name: '12V Rail',
    unit: 'volts',
    thresholds: { lowerNonCritical: 11.4, lowerCritical: 10.8, upperNonCritical: 12.6, upperCritical: 13.2 },
    minimum: 0,
    maximum: 15,
    read: () => 12.06,
    readOff: undefined,
  },
  {
    name: 'CPU Load',
    unit: 'percent',
    thresholds: {},
    minimum: 0,
    maximum: 100,
    read: load => 100 * load,
    readOff: undefined,
  },
  {
    name: 'Power Draw',
    unit: 'watts',
    thresholds: { upperNonCritical: 450, upperCritical: 500 },
    minimum: 0,
    maximum: 510,
    read: load => 90 + 160 * load,
    readOff: 8,
  },
];

/** The reading of a sensor now, in its unit; `undefined` when it has none. */
export function readSensor(sensor: SensorSpec, state: NodeState): number | undefined {
  const own = state.readings[sensor.name];
  if (own !== undefined) return own;
  if (state.power !== 'on') return sensor.readOff;
  return sensor.read(state.load ?? 0);
}

/** The node's name and parts, as its FRU and Redfish inventory tell them. */
export function productOf(spec: NodeSpec): { manufacturer: string; model: string; serial: string } {
  return {
    manufacturer: 'QuintupleO',
    model: 'Virtual Bare Metal',
    serial: spec.uuid.slice(0, 8).toUpperCase(),
  };
}
