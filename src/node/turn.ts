import type { Command, Reply } from './command.ts';
import type { Capabilities, DriverErrorKind, MachineAct, Observation } from './driver.ts';
import { appendEvent, type EventEntry } from './event-log.ts';
import type { DurableState, NodeState } from './state.ts';

/** What can happen to a node. */
export type Input =
  /** The daemon has started, with what was kept of the node. */
  | { readonly type: 'started'; readonly powerLost: boolean }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'observed'; readonly observation: Observation }
  /** The driver call of that id has ended. */
  | { readonly type: 'call-done'; readonly id: number }
  | {
      readonly type: 'call-failed';
      readonly id: number;
      readonly kind: DriverErrorKind;
      readonly message: string;
    }
  /** Time has come to {@link wakeTime}, or past it. */
  | { readonly type: 'woken' };

/** What shall be done about it. */
export type Effect =
  | { readonly type: 'call'; readonly id: number; readonly act: MachineAct }
  | { readonly type: 'abort-call'; readonly id: number };

/**
 * One transition in the making. The rules change `state` and add to `effects`; nothing outside a
 * transition ever sees it.
 */
export interface Turn {
  state: NodeState;
  readonly effects: Effect[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly capabilities: Capabilities;
}

/** Replaces part of the state. */
export function set(turn: Turn, change: Partial<NodeState>): void {
  turn.state = { ...turn.state, ...change };
}

/** Replaces part of what survives a restart. */
export function keep(turn: Turn, change: Partial<DurableState>): void {
  turn.state = { ...turn.state, durable: { ...turn.state.durable, ...change } };
}

/** Adds to the event log. */
export function record(
  turn: Turn,
  kind: EventEntry['kind'],
  message: string,
  severity: EventEntry['severity'] = 'ok',
  more: Pick<EventEntry, 'record' | 'sensor'> = {},
): void {
  set(turn, { log: appendEvent(turn.state.log, { at: turn.now, kind, severity, message, ...more }) });
}

/** Says yes. */
export const accepted: Reply = { accepted: true };
