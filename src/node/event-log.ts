import type { Thresholds } from './sensors.ts';

/** A node's event log: what IPMI shows as the System Event Log and Redfish as a LogService. */

/** What happened, for programs. */
export type EventKind =
  | 'power-on'
  | 'power-off'
  | 'booted'
  | 'reset'
  /** A step of a network boot, the first time in that boot. */
  | 'netboot'
  | 'nmi'
  | 'panicked'
  | 'power-failed'
  | 'boot-override-set'
  | 'boot-override-used'
  | 'boot-override-expired'
  | 'firmware-set'
  | 'firmware-taken-up'
  | 'media-inserted'
  | 'media-ejected'
  | 'media-failed'
  | 'watchdog-expired'
  /** A sensor's reading has crossed one of its limits; `sensor` tells which. */
  | 'sensor-crossed'
  | 'log-cleared'
  /** A System Event Log record that a client added by itself; `record` holds it. */
  | 'record-added';

/** A sensor's reading that is beyond a limit since now, or no longer. */
export interface SensorCrossing {
  /** The sensor's. */
  readonly name: string;
  readonly limit: keyof Thresholds;
  readonly beyond: boolean;
  /** In the sensor's unit. */
  readonly reading: number | undefined;
}

/** One entry. */
export interface EventEntry {
  /** 1 to 0xfffe, unique in the log; IPMI's record ID. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: EventKind;
  readonly severity: 'ok' | 'warning' | 'critical';
  readonly message: string;
  /** The 16 bytes of a record that a client added. */
  readonly record?: readonly number[] | undefined;
  readonly sensor?: SensorCrossing | undefined;
}

/** The log. Immutable; holds the newest {@link eventLogCapacity} entries, oldest first. */
export interface EventLog {
  readonly entries: readonly EventEntry[];
  readonly nextId: number;
  /** When an entry was last added, and the log last cleared: milliseconds since the epoch, 0 for never. */
  readonly addedAt: number;
  readonly clearedAt: number;
}

/** How many entries a node keeps. */
export const eventLogCapacity = 512;

export const emptyEventLog: EventLog = { entries: [], nextId: 1, addedAt: 0, clearedAt: 0 };

const lastId = 0xfffe;

/** The log with one more entry; the oldest one makes room for it. */
export function appendEvent(log: EventLog, event: Omit<EventEntry, 'id'>): EventLog {
  const entry: EventEntry = { ...event, id: log.nextId };
  return {
    entries: [...log.entries.slice(Math.max(0, log.entries.length - eventLogCapacity + 1)), entry],
    nextId: log.nextId >= lastId ? 1 : log.nextId + 1,
    addedAt: event.at,
    clearedAt: log.clearedAt,
  };
}

/** The log without its entries. */
export function clearEvents(log: EventLog, at: number): EventLog {
  return { entries: [], nextId: log.nextId, addedAt: log.addedAt, clearedAt: at };
}

/** The log without one entry. */
export function deleteEvent(log: EventLog, id: number, at: number): EventLog {
  return { ...log, entries: log.entries.filter(entry => entry.id !== id), clearedAt: at };
}

/** The entries that have come to a log since it was as `before`. */
export function addedEvents(log: EventLog, before: EventLog): readonly EventEntry[] {
  if (log === before) return [];
  const count = (log.nextId - before.nextId + lastId) % lastId;
  return count === 0 ? [] : log.entries.slice(-count);
}
