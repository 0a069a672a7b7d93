import type { BootOverride } from './boot.ts';
import type { EventLog } from './event-log.ts';
import type { PowerAction, PowerState, RestorePolicy } from './power.ts';
import type { Watchdog } from './watchdog.ts';

/** One driver call that an operation consists of. A `cycle` is `off`, then `on`. */
export type OperationStep = 'on' | 'off' | 'soft-off' | 'reset' | 'nmi';

/**
 * How far an operation is.
 * `acting` the driver's call is under way; `verifying` it is done and the proof has not been seen; `waiting` it
 * could not be done now and is tried again at `until` or when the machine's power is seen to change.
 */
export type OperationPhase =
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
  /** Names the driver call under way, so that the end of an older one is not taken for it. */
  readonly attempt: number;
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

/** Why the machine last started. @see IPMI 2.0 table 28-11 */
export type RestartCause = 'unknown' | 'command' | 'watchdog' | 'restore-policy' | 'guest';

/** What survives a restart of the daemon. */
export interface DurableState {
  readonly boot: BootOverride;
  readonly operation: Operation | undefined;
  /** What was asked for meanwhile: done when `operation` has ended. Later commands replace it. */
  readonly pending: PowerAction | undefined;
  /** The power state last seen, for the restore policy. */
  readonly lastPower: PowerState;
  readonly restorePolicy: RestorePolicy;
  readonly restartCause: RestartCause;
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
  /** When the machine was seen to power on; `undefined` while it is off. Milliseconds since the epoch. */
  readonly onSince: number | undefined;
  readonly lastResult: OperationResult | undefined;
  /** Identify light: lit until then; `Infinity` until told otherwise, `undefined` dark. */
  readonly identifyUntil: number | undefined;
  readonly watchdog: Watchdog;
  /** Share of its processors in use, 0 to 1, where the driver can tell. */
  readonly load: number | undefined;
}
