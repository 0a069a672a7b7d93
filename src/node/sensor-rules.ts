import type { Observation } from './driver.ts';
import type { EventLog } from './event-log.ts';
import { readSensor, type SensorSpec, sensors, sensorUnits, type Thresholds } from './sensors.ts';
import { record, set, type Turn } from './turn.ts';

/**
 * A sensor reads something of its own, or again what follows from the machine. The event log tells of each limit that it
 * crosses: against what the log itself told last, so that its entries pair up over restarts.
 */
export function seeSensor(turn: Turn, { name, reading }: Observation & { type: 'sensor' }): void {
  const sensor = sensors.find(one => one.name === name);
  if (!sensor) return;
  const { [name]: _, ...others } = turn.state.readings;
  set(turn, { readings: reading === undefined ? others : { ...others, [name]: reading } });
  const { log } = turn.state;
  const now = readSensor(sensor, turn.state);
  for (const limit of limits) {
    const beyond = isBeyond(sensor, limit, now);
    if (beyond !== isToldBeyond(log, name, limit)) tellCrossing(turn, sensor, limit, beyond, now);
  }
}

/** Names of the sensors of which a log tells that they are beyond a limit. */
export function sensorsToldBeyond(log: EventLog): readonly string[] {
  return sensors.map(({ name }) => name).filter(name => limits.some(limit => isToldBeyond(log, name, limit)));
}

/** In the order in which a reading that gets worse crosses them. */
const limits = ['lowerNonCritical', 'lowerCritical', 'upperNonCritical', 'upperCritical'] as const;

const names: Readonly<Record<keyof Thresholds, string>> = {
  lowerNonCritical: 'lower non-critical',
  lowerCritical: 'lower critical',
  upperNonCritical: 'upper non-critical',
  upperCritical: 'upper critical',
};

function tellCrossing(
  turn: Turn,
  sensor: SensorSpec,
  limit: keyof Thresholds,
  beyond: boolean,
  reading: number | undefined,
): void {
  const { name, unit, thresholds } = sensor;
  const shown = reading === undefined ? 'no reading' : `${reading} ${sensorUnits[unit]}`;
  const message = `${name}: ${shown}, ${beyond ? 'beyond' : 'within'} its ${names[limit]} limit of ${thresholds[limit]}`;
  const severity = beyond ? (limit.endsWith('NonCritical') ? 'warning' : 'critical') : 'ok';
  record(turn, 'sensor-crossed', message, severity, { sensor: { name, limit, beyond, reading } });
}

/** By the newest entry about it; a log that has none, or none any more, tells nothing. */
function isToldBeyond({ entries }: EventLog, name: string, limit: keyof Thresholds): boolean {
  const newest = entries.findLast(({ sensor }) => sensor?.name === name && sensor.limit === limit);
  return newest?.sensor?.beyond ?? false;
}

/** A reading at a limit is beyond it. @see IPMI 2.0 table 35-14 */
function isBeyond(sensor: SensorSpec, limit: keyof Thresholds, reading: number | undefined): boolean {
  const value = sensor.thresholds[limit];
  if (value === undefined || reading === undefined) return false;
  return limit.startsWith('lower') ? reading <= value : reading >= value;
}
