/** What clients set of a BMC through Redfish besides the node's own state; kept over restarts. */
export interface BmcSettings {
  /** The operating system's host name, as its agent may tell: ComputerSystem.HostName. */
  readonly hostName: string;
  /** Versions that updates have put in place, by firmware inventory ID. */
  readonly firmware: Readonly<Record<string, string>>;
}

/** What a new BMC has. */
export const newBmcSettings: BmcSettings = { hostName: '', firmware: {} };

/** What clients set of a service; kept over restarts. */
export interface ServiceSettings {
  /** Seconds of silence after which a session has ended. @see SessionService.SessionTimeout */
  readonly sessionTimeout: number;
  /** @see AccountService: wrong passwords until an account is locked, and for how long; seconds. 0: never */
  readonly lockoutThreshold: number;
  readonly lockoutDuration: number;
  readonly lockoutCounterResetAfter: number;
}

/** What a new service has. */
export const newServiceSettings: ServiceSettings = {
  sessionTimeout: 1800,
  lockoutThreshold: 5,
  lockoutDuration: 30,
  lockoutCounterResetAfter: 30,
};
