import { type BootOverride, noOverride } from './boot.ts';
import type { MachineAct } from './driver.ts';
import { type EventLog, emptyEventLog } from './event-log.ts';
import { noSettings, type SettingsState } from './firmware-settings.ts';
import { type MediaState, noMedia } from './media.ts';
import type { PowerAction, PowerState, RestorePolicy } from './power.ts';
import { idleWatchdog, type Watchdog } from './watchdog.ts';

/** One driver call that an operation consists of. A `cycle` is `off`, then `on`. */
export type OperationStep = 'on' | 'off' | 'soft-off' | 'reset' | 'nmi';

/**
 * How far an operation is.
 * `queued` the driver is to be called as soon as it is free; `acting` the driver's call is under way; `verifying` it is done and the proof has not been seen; `waiting` it
 * could not be done now and is tried again at `until` or when the machine's power is seen to change.
 */
export type OperationPhase =
  | { readonly name: 'queued' }
  | { readonly name: 'acting' }
  | { readonly name: 'verifying' }
  | { readonly name: 'waiting'; readonly until: number; readonly reason: string };

/** A power command that is being carried out. */
export interface Operation {
  /** Grows with every operation of the node. */
  readonly id: number;
  readonly action: PowerAction;
  /** Steps to do, the current one first. */
  readonly steps: readonly [OperationStep, ...OperationStep[]];
  readonly phase: OperationPhase;
  /** How often the current step was tried and has to be tried again. */
  readonly retries: number;
  /** What set it off, and so why the machine starts if it does. */
  readonly trigger: RestartCause;
  readonly startedAt: number;
  /** Milliseconds since the epoch at which the current step has failed. */
  readonly deadline: number;
}

/** How the latest operation ended. */
export interface OperationResult {
  readonly id: number;
  readonly action: PowerAction;
  readonly outcome: 'done' | 'failed' | 'superseded';
  /** What happened, for people; empty when done. */
  readonly message: string;
  readonly at: number;
}

/** A power command that waits for the operation before it to end. */
export interface PendingAction {
  /** The ID that its operation will have. */
  readonly id: number;
  readonly action: PowerAction;
  readonly trigger: RestartCause;
}

/** A driver call that is under way. */
export interface DriverCall {
  /** Grows with every call of the node, so that the end of an older call is not taken for this one's. */
  readonly id: number;
  readonly act: MachineAct;
  readonly aborted: boolean;
}

/** Why the machine last started. @see IPMI 2.0 table 28-11 */
export type RestartCause = 'unknown' | 'command' | 'watchdog' | 'restore-policy' | 'guest';

/** Revisions of what a machine has been told. */
export interface Told {
  readonly boot: number | undefined;
  readonly settings: number | undefined;
  readonly media: number | undefined;
}

const nothingTold: Told = { boot: undefined, settings: undefined, media: undefined };

/** What survives a restart of the daemon. */
export interface DurableState {
  readonly boot: BootOverride;
  readonly firmware: SettingsState;
  readonly media: MediaState;
  readonly operation: Operation | undefined;
  /** What was asked for meanwhile: done when `operation` has ended. Later commands replace it. */
  readonly pending: PendingAction | undefined;
  /** The power state last seen, for the restore policy. */
  readonly lastPower: PowerState;
  readonly restorePolicy: RestorePolicy;
  readonly restartCause: RestartCause;
  /** When the machine was seen to power on; `undefined` while it is off. Milliseconds since the epoch. */
  readonly onSince: number | undefined;
  /** When firmware was last seen to start: milliseconds since the epoch. */
  readonly bootedAt: number | undefined;
  /** Milliseconds that the machine was powered on before `onSince`. */
  readonly poweredOn: number;
  readonly nextOperationId: number;
  /** Set by clients: DCMI's and Redfish's asset tag. */
  readonly assetTag: string;
}

/** Everything that a node knows of itself. Immutable; changed by the transition function only. */
export interface NodeState {
  readonly durable: DurableState;
  readonly log: EventLog;
  /** Observed, never intended. */
  readonly power: PowerState;
  /** Whether the driver has been heard since the daemon started. */
  readonly seen: boolean;
  /** Whether a driver call has failed and none has been done since: what is observed may still change by it. */
  readonly unsure: boolean;
  /** Whether the host lost power while the daemon was away, so that the restore policy is due. */
  readonly powerLost: boolean;
  /** How the latest operations ended, newest last. */
  readonly results: readonly OperationResult[];
  readonly call: DriverCall | undefined;
  readonly nextCallId: number;
  /** What the machine has been told, by revision; `undefined` when that is not known. */
  readonly told: Told;
  /** When to tell it again after it could not be told. */
  readonly tellAt: number | undefined;
  /** Why the machine does not have the media that it shall have; `undefined` while nothing is known against it. */
  readonly mediaProblem: string | undefined;
  /** What was fetched of the latest boot, each thing once. */
  readonly fetched: readonly string[];
  /** Addresses that the machine was seen to be given since that boot. */
  readonly leased: readonly string[];
  /** Identify light: lit until then; `Infinity` until told otherwise, `undefined` dark. */
  readonly identifyUntil: number | undefined;
  readonly watchdog: Watchdog;
  /** Share of its processors in use, 0 to 1, where the driver can tell. */
  readonly load: number | undefined;
  /** Of sensors that read something of their own, rather than what follows from the machine: by name, in their unit. */
  readonly readings: Readonly<Record<string, number>>;
}

/** A node that was never powered on and of which nothing has been seen. */
export const newDurableState: DurableState = {
  boot: noOverride,
  firmware: noSettings,
  media: noMedia,
  operation: undefined,
  pending: undefined,
  lastPower: 'unknown',
  restorePolicy: 'always-off',
  restartCause: 'unknown',
  onSince: undefined,
  bootedAt: undefined,
  poweredOn: 0,
  nextOperationId: 1,
  assetTag: '',
};

/** The state of a node as the daemon starts, from what was kept of it. */
export function initialState(
  kept: Partial<DurableState> = newDurableState,
  log: EventLog = emptyEventLog,
): NodeState {
  return {
    // A part that an older version did not keep is as in a new node.
    durable: { ...newDurableState, ...kept },
    log,
    power: 'unknown',
    seen: false,
    unsure: false,
    powerLost: false,
    results: [],
    call: undefined,
    nextCallId: 1,
    told: nothingTold,
    tellAt: undefined,
    mediaProblem: undefined,
    fetched: [],
    leased: [],
    identifyUntil: undefined,
    watchdog: idleWatchdog,
    load: undefined,
    readings: {},
  };
}
