import {
  readSensor,
  type SensorSpec,
  type SensorUnit,
  sensors,
  type Thresholds,
} from '../../../node/sensors.ts';
import { conversionFor, fromRaw, toRaw } from '../../sensor-conversion.ts';
import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';

/** A node's sensors: those that IPMI tells, with the same readings. @see schema Sensor */

/** A sensor as Redfish has it. */
export interface ShownSensor {
  readonly id: string;
  /** As IPMI numbers it. */
  readonly number: number;
  readonly spec: SensorSpec;
  readonly context: string;
}

/** What a sensor's unit is called. @see UCUM */
export const readingOf: Readonly<Record<SensorUnit, { readonly type: string; readonly units: string }>> = {
  celsius: { type: 'Temperature', units: 'Cel' },
  volts: { type: 'Voltage', units: 'V' },
  rpm: { type: 'Rotational', units: '{rev}/min' },
  watts: { type: 'Power', units: 'W' },
  percent: { type: 'Percent', units: '%' },
};

/** Where a sensor sits; by default on the board. @see schema PhysicalContext */
const contexts: Readonly<Record<string, string>> = {
  'Inlet Temp': 'Intake',
  'CPU Temp': 'CPU',
  'System Fan': 'Fan',
  'CPU Load': 'CPU',
  'Power Draw': 'PowerSupply',
};

/** All of them, in IPMI's order. */
export const shownSensors: readonly ShownSensor[] = sensors.map((spec, index) => ({
  id: spec.name.replaceAll(' ', ''),
  number: index + 1,
  spec,
  context: contexts[spec.name] ?? 'SystemBoard',
}));

/** Those that measure in a unit. */
export function sensorsOf(unit: SensorUnit): readonly ShownSensor[] {
  return shownSensors.filter(({ spec }) => spec.unit === unit);
}

/** The sensor that measures in a unit and sits somewhere; a node has each of those that are asked for. */
export function sensorAt(unit: SensorUnit, context: string): ShownSensor {
  const found = sensorsOf(unit).find(sensor => sensor.context === context);
  if (!found) throw new RangeError(`there is no sensor of ${unit} at ${context}`);
  return found;
}

/** The path of a sensor. */
export function sensorPath(bmc: RedfishBmc, { id }: ShownSensor): string {
  return `/redfish/v1/Chassis/${bmc.id}/Sensors/${id}`;
}

/** A sensor's reading now, in the steps in which IPMI tells it; `null` when it has none. */
export function readingNow(bmc: RedfishBmc, { spec }: ShownSensor): number | null {
  const value = readSensor(spec, bmc.node.state);
  return value === undefined ? null : stepped(spec, value);
}

/** A sensor's limits, in the same steps. */
export function limitsOf(bmc: RedfishBmc, { spec }: ShownSensor): Thresholds {
  const limits = bmc.thresholds?.(spec) ?? spec.thresholds;
  const step = (value: number | undefined) => (value === undefined ? undefined : stepped(spec, value));
  return {
    lowerCritical: step(limits.lowerCritical),
    lowerNonCritical: step(limits.lowerNonCritical),
    upperNonCritical: step(limits.upperNonCritical),
    upperCritical: step(limits.upperCritical),
  };
}

/** How a sensor is: without a reading it has no power. */
export function sensorStatus(bmc: RedfishBmc, sensor: ShownSensor): JsonObject {
  const reading = readingNow(bmc, sensor);
  if (reading === null) return { State: 'UnavailableOffline' };
  const limits = limitsOf(bmc, sensor);
  const beyond = (lower: number | undefined, upper: number | undefined) =>
    (lower !== undefined && reading <= lower) || (upper !== undefined && reading >= upper);
  if (beyond(limits.lowerCritical, limits.upperCritical)) return { State: 'Enabled', Health: 'Critical' };
  if (beyond(limits.lowerNonCritical, limits.upperNonCritical))
    return { State: 'Enabled', Health: 'Warning' };
  return { State: 'Enabled', Health: 'OK' };
}

/** The short form in which other resources show a sensor. */
export function excerptOf(bmc: RedfishBmc, sensor: ShownSensor): JsonObject {
  return { DataSourceUri: sensorPath(bmc, sensor), Reading: readingNow(bmc, sensor) };
}

function stepped(spec: SensorSpec, value: number): number {
  const conversion = conversionFor(spec.maximum);
  return fromRaw(toRaw(value, conversion), conversion);
}

function thresholdBodies(bmc: RedfishBmc, sensor: ShownSensor): JsonObject | undefined {
  const limits = limitsOf(bmc, sensor);
  const named: readonly (readonly [string, number | undefined, string])[] = [
    ['LowerCritical', limits.lowerCritical, 'Decreasing'],
    ['LowerCaution', limits.lowerNonCritical, 'Decreasing'],
    ['UpperCaution', limits.upperNonCritical, 'Increasing'],
    ['UpperCritical', limits.upperCritical, 'Increasing'],
  ];
  const present = named.flatMap(([name, Reading, Activation]) =>
    Reading === undefined ? [] : [[name, { Reading, Activation }] as const],
  );
  return present.length === 0 ? undefined : Object.fromEntries(present);
}

/** @see schema SensorCollection */
export const sensorCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Sensors',
  schema: 'SensorCollection',
  read: ({ bmc }) =>
    collectionBody(
      'Sensors',
      shownSensors.map(sensor => sensorPath(bmc, sensor)),
    ),
});

/** @see schema Sensor */
export const sensor = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Sensors/{sensor}',
  schema: 'Sensor',
  read: ({ bmc, params }) => {
    const found = shownSensors.find(({ id }) => id === params.sensor);
    if (!found) return undefined;
    const { spec, id, context } = found;
    const { type, units } = readingOf[spec.unit];
    return {
      Id: id,
      Name: spec.name,
      ReadingType: type,
      ReadingUnits: units,
      Reading: readingNow(bmc, found),
      ReadingRangeMin: spec.minimum,
      ReadingRangeMax: spec.maximum,
      Thresholds: thresholdBodies(bmc, found),
      PhysicalContext: context,
      Implementation: 'Synthesized',
      Status: sensorStatus(bmc, found),
      RelatedItem: [link(`/redfish/v1/Chassis/${bmc.id}`)],
      'RelatedItem@odata.count': 1,
    };
  },
});
