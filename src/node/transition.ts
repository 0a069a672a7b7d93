import { unreachable } from '../support/errors.ts';
import { expireBootOverride, setBootOverride, useBootOverride } from './boot-rules.ts';
import type { Command, Reply } from './command.ts';
import type { Capabilities, Observation } from './driver.ts';
import { clearEvents, deleteEvent } from './event-log.ts';
import { resetFirmware, setFirmware, useSettings } from './firmware-rules.ts';
import { setMedia } from './media-rules.ts';
import type { PowerState } from './power.ts';
import {
  askPower,
  callDone,
  callFailed,
  powerSeen,
  powerWakeTime,
  resumePower,
  settlePower,
} from './power-rules.ts';
import { seeSensor } from './sensor-rules.ts';
import type { NodeState } from './state.ts';
import { forgetTold } from './telling-rules.ts';
import { accepted, type Effect, type Input, keep, record, set, type Turn } from './turn.ts';
import { expireWatchdog, kickWatchdog, setWatchdog, stopWatchdog } from './watchdog-rules.ts';

/** What a transition depends on besides the state. */
export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly capabilities: Capabilities;
}

/** Where a node goes from a state by an input, and what shall be done about it. */
export interface Transition {
  readonly state: NodeState;
  readonly effects: readonly Effect[];
  /** The answer to a command; meaningless for other inputs. */
  readonly reply: Reply;
}

/**
 * What a bare-metal node is: how its state changes. Pure; every rule of power, boot and events is below here,
 * every side effect is data.
 */
export function transition(state: NodeState, input: Input, { now, capabilities }: Circumstances): Transition {
  const turn: Turn = { state, effects: [], now, capabilities };
  passTime(turn);
  const reply = take(turn, input);
  settlePower(turn);
  return { state: turn.state, effects: turn.effects, reply };
}

/** When a state changes by time alone: milliseconds since the epoch; the node wants to be `woken` then. */
export function wakeTime(state: NodeState): number | undefined {
  const { operation, boot } = state.durable;
  const times = [
    operation && powerWakeTime(operation, state.call),
    operation ? undefined : boot.expiresAt,
    state.watchdog.expiresAt,
    Number.isFinite(state.identifyUntil) ? state.identifyUntil : undefined,
    state.call ? undefined : state.tellAt,
  ].filter(time => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function take(turn: Turn, input: Input): Reply {
  switch (input.type) {
    case 'started':
      set(turn, { powerLost: input.powerLost });
      resumePower(turn);
      return accepted;
    case 'command':
      return obey(turn, input.command);
    case 'observed':
      see(turn, input.observation);
      return accepted;
    case 'call-done':
      if (turn.state.call?.id === input.id) callDone(turn, turn.state.call);
      return accepted;
    case 'call-failed':
      if (turn.state.call?.id === input.id) callFailed(turn, turn.state.call, input.kind, input.message);
      return accepted;
    case 'woken':
      return accepted;
    default:
      return unreachable(input);
  }
}

function obey(turn: Turn, command: Command): Reply {
  switch (command.type) {
    case 'power':
      return askPower(turn, command.action, 'command');
    case 'set-boot-override':
      return setBootOverride(turn, command);
    case 'set-firmware':
      return setFirmware(turn, command.settings, command.by);
    case 'reset-firmware':
      return resetFirmware(turn, command.by);
    case 'set-media':
      return setMedia(turn, command);
    case 'set-restore-policy':
      keep(turn, { restorePolicy: command.policy });
      return accepted;
    case 'identify':
      set(turn, { identifyUntil: command.duration > 0 ? turn.now + command.duration : undefined });
      return accepted;
    case 'set-asset-tag':
      keep(turn, { assetTag: command.tag });
      return accepted;
    case 'clear-log':
      set(turn, { log: clearEvents(turn.state.log, turn.now) });
      record(turn, 'log-cleared', `event log cleared (${command.by})`);
      return accepted;
    case 'delete-event':
      return removeEvent(turn, command.id);
    case 'add-record':
      return addRecord(turn, command.record);
    case 'set-watchdog':
      return setWatchdog(turn, command);
    case 'kick-watchdog':
      return kickWatchdog(turn);
    default:
      return unreachable(command);
  }
}

function see(turn: Turn, observation: Observation): void {
  switch (observation.type) {
    case 'power':
      seePower(turn, observation);
      break;
    case 'booted':
      // Firmware that has started is power that is on: seen together, so that nothing comes between them.
      if (!observation.earlier) seePower(turn, { type: 'power', power: 'on' });
      useBootOverride(turn, observation.revision);
      useSettings(turn, observation.settings);
      if (!observation.earlier) noteBoot(turn, observation.cause);
      break;
    case 'fetched':
      seeFetched(turn, observation.what);
      break;
    case 'leased':
      seeLeased(turn, observation.address);
      break;
    case 'panicked':
      record(turn, 'panicked', `the guest panicked: ${observation.detail}`, 'critical');
      break;
    case 'load':
      set(turn, { load: observation.load });
      break;
    case 'sensor':
      seeSensor(turn, observation);
      break;
    default:
      unreachable(observation);
  }
}

/** Loaders try again, and fetch large files in pieces: one boot tells each thing once. */
function seeFetched(turn: Turn, what: string): void {
  const { fetched } = turn.state;
  if (fetched.includes(what) || fetched.length >= mostFetched) return;
  set(turn, { fetched: [...fetched, what] });
  record(turn, 'netboot', what);
}

/** More things than a boot has, and more addresses than a machine has network cards. */
const mostFetched = 16;
const mostLeased = 64;

/** A boot asks for the same address again at each of its stages, and then before the lease ends. */
function seeLeased(turn: Turn, address: string): void {
  const { leased } = turn.state;
  if (leased.includes(address) || leased.length >= mostLeased) return;
  set(turn, { leased: [...leased, address] });
}

function noteBoot(turn: Turn, cause: keyof typeof bootMessage): void {
  const trigger = turn.state.durable.operation?.trigger ?? 'unknown';
  keep(turn, { restartCause: cause === 'guest' ? 'guest' : trigger, bootedAt: turn.now });
  set(turn, { fetched: [], leased: [] });
  record(turn, cause === 'power-on' ? 'booted' : 'reset', bootMessage[cause]);
}

const bootMessage = {
  'power-on': 'firmware started',
  reset: 'hard reset: firmware started',
  guest: 'the guest restarted the machine: firmware started',
} as const;

function seePower(turn: Turn, seen: Observation & { type: 'power' }): void {
  const before = turn.state.durable.lastPower;
  const first = !turn.state.seen;
  const changed = turn.state.power !== seen.power;
  set(turn, { power: seen.power, seen: true });
  if (seen.power !== 'unknown' && seen.power !== before) notePower(turn, before, seen);
  if (changed) powerSeen(turn);
  if (first && turn.state.powerLost) restorePower(turn, before);
}

function notePower(turn: Turn, before: PowerState, seen: Observation & { type: 'power' }): void {
  const { onSince, poweredOn } = turn.state.durable;
  const { operation } = turn.state.durable;
  const byWhom = operation ? `${operation.trigger}: ${operation.action}` : (seen.cause ?? 'cause unknown');
  const detail = seen.detail === undefined ? '' : `: ${seen.detail}`;
  if (seen.power === 'on') {
    keep(turn, { lastPower: 'on', onSince: turn.now });
    record(turn, 'power-on', `powered on (${byWhom})${detail}`);
    return;
  }
  keep(turn, {
    lastPower: 'off',
    onSince: undefined,
    poweredOn: poweredOn + (onSince === undefined ? 0 : turn.now - onSince),
  });
  set(turn, { load: undefined, fetched: [], leased: [] });
  forgetTold(turn);
  stopWatchdog(turn);
  if (before === 'unknown') return;
  const unasked = !operation && seen.cause === 'platform';
  record(turn, 'power-off', `powered off (${byWhom})${detail}`, unasked ? 'warning' : 'ok');
}

/** The host was without power: what the machine does now is the restore policy's to say. @see IPMI 2.0 §28.8 */
function restorePower(turn: Turn, before: PowerState): void {
  set(turn, { powerLost: false });
  const { restorePolicy } = turn.state.durable;
  const wanted = restorePolicy === 'always-on' || (restorePolicy === 'previous' && before === 'on');
  if (wanted && turn.state.power === 'off') askPower(turn, 'on', 'restore-policy');
}

function removeEvent(turn: Turn, id: number): Reply {
  if (!turn.state.log.entries.some(entry => entry.id === id)) {
    return { accepted: false, refusal: 'not-found', message: `there is no event ${id}` };
  }
  set(turn, { log: deleteEvent(turn.state.log, id, turn.now) });
  return accepted;
}

function addRecord(turn: Turn, bytes: readonly number[]): Reply {
  const eventId = turn.state.log.nextId;
  record(turn, 'record-added', 'record added by a client', 'ok', { record: bytes });
  return { accepted: true, eventId };
}

function passTime(turn: Turn): void {
  const { identifyUntil } = turn.state;
  if (identifyUntil !== undefined && turn.now >= identifyUntil) set(turn, { identifyUntil: undefined });
  expireWatchdog(turn);
  expireBootOverride(turn);
  if (turn.state.tellAt !== undefined && turn.now >= turn.state.tellAt) set(turn, { tellAt: undefined });
}
