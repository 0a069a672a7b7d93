import type { Kept } from '../../support/kept-value.ts';

/** What a BMC remembers besides its node's state, set by clients and kept across restarts of the daemon. */
export interface BmcMemoryContent {
  /** Boot option parameters other than the boot flags, by parameter number, as written. */
  readonly bootOptions: Readonly<Record<string, readonly number[]>>;
  /** LAN configuration parameters that clients may write, by parameter number. */
  readonly lan: Readonly<Record<string, readonly number[]>>;
  /** SOL configuration parameters that clients may write, by parameter number. */
  readonly sol: Readonly<Record<string, readonly number[]>>;
  /** Sensor thresholds that clients set, raw, by sensor number. */
  readonly thresholds: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds that the clock of the event log is ahead of the host's. */
  readonly clockOffset: number;
  /** Channel access bytes as last set (volatile and non-volatile are one). */
  readonly channelAccess: readonly number[];
  /** DCMI: management controller ID string. */
  readonly controllerId: string;
}

/** What a new BMC remembers. */
export const emptyMemory: BmcMemoryContent = {
  bootOptions: {},
  lan: {},
  sol: {},
  thresholds: {},
  clockOffset: 0,
  channelAccess: [],
  controllerId: '',
};

/** The memory of one BMC. */
export type BmcMemory = Kept<BmcMemoryContent>;
