/** A node's watchdog timer, run by its BMC. @see IPMI 2.0 §27 */

/** What the watchdog does when it expires. */
export type WatchdogAction = 'none' | 'reset' | 'off' | 'cycle';

/** How a client set the watchdog up. */
export interface WatchdogSettings {
  /** What uses it: IPMI's timer use (1 BIOS FRB2 … 5 OEM). */
  readonly use: number;
  readonly action: WatchdogAction;
  /** Milliseconds from start to expiry. */
  readonly interval: number;
  /** No event when it expires. */
  readonly dontLog: boolean;
  /** IPMI's pre-time-out interrupt (0 none) and its lead in seconds: kept and read back, never raised. */
  readonly preTimeoutInterrupt: number;
  readonly preTimeoutInterval: number;
}

/** The watchdog. */
export interface Watchdog {
  readonly settings: WatchdogSettings | undefined;
  /** Milliseconds since the epoch at which it expires; `undefined` while it does not run. */
  readonly expiresAt: number | undefined;
  /** Bits of the timer uses that have expired since a client last cleared them. */
  readonly expiredUses: number;
}

export const idleWatchdog: Watchdog = { settings: undefined, expiresAt: undefined, expiredUses: 0 };
