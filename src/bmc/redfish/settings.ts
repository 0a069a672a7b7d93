import type { MediaSlot } from '../../node/media.ts';

/** What clients set of a BMC through Redfish besides the node's own state; kept over restarts. */
export interface BmcSettings {
  /** The operating system's host name, as its agent may tell: ComputerSystem.HostName. */
  readonly hostName: string;
  /** Versions that updates have put in place, by firmware inventory ID. */
  readonly firmware: Readonly<Record<string, string>>;
  /** Whether a server that media are fetched from must show who it is; it must unless clients have said otherwise. */
  readonly verifyMediaServer: Readonly<Partial<Record<MediaSlot, boolean>>>;
}

/** What a new BMC has. */
export const newBmcSettings: BmcSettings = { hostName: '', firmware: {}, verifyMediaServer: {} };

/** What clients set of a service; kept over restarts. */
export interface ServiceSettings {
  /** Seconds of silence after which a session has ended. @see SessionService.SessionTimeout */
  readonly sessionTimeout: number;
  /** @see AccountService: wrong passwords until an account is locked, and for how long; seconds. 0: never */
  readonly lockoutThreshold: number;
  readonly lockoutDuration: number;
  readonly lockoutCounterResetAfter: number;
  /** Minutes after which a task that has ended is forgotten. @see TaskService.TaskAutoDeleteTimeoutMinutes */
  readonly taskAutoDelete: number;
  /** How often an event is sent again, and after how many seconds each time. @see EventService.DeliveryRetryAttempts */
  readonly eventRetryAttempts: number;
  readonly eventRetryInterval: number;
  /** Whether a server that firmware is fetched from must show who it is. @see UpdateService.VerifyRemoteServerCertificate */
  readonly verifyUpdateServer: boolean;
}

/** What a new service has. */
export const newServiceSettings: ServiceSettings = {
  sessionTimeout: 1800,
  lockoutThreshold: 5,
  lockoutDuration: 30,
  lockoutCounterResetAfter: 30,
  taskAutoDelete: 60,
  eventRetryAttempts: 3,
  eventRetryInterval: 30,
  verifyUpdateServer: false,
};
