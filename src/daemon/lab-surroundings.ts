import type { Faults } from '../faults/faults.ts';
import type { Identity } from '../support/certificate.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger } from '../support/log.ts';
import type { BmcService } from './bmc-endpoint.ts';
import type { BootService } from './boot-service.ts';
import type { Drivers } from './drivers.ts';
import type { UdpAndTcp } from './lab-ports.ts';
import type { LabRecord } from './lab-record.ts';
import type { LabRedfishParts } from './lab-redfish.ts';
import type { TcpReservations } from './tcp-reservations.ts';
import type { BootStages } from './watch/boot-stages.ts';
import type { Happenings } from './watch/happenings.ts';
import type { Timeline } from './watch/timeline.ts';

/** What a lab works with. */
export interface LabSurroundings {
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly drivers: Drivers;
  readonly boot: BootService;
  /** Endpoints `ADDRESS:PORT` that BMCs and services of other labs have. */
  readonly portsOfOtherLabs: (lab: string) => UdpAndTcp<ReadonlySet<string>>;
  /** TCP ports that are held for Redfish services. */
  readonly reservations: TcpReservations;
  readonly bmcs: BmcService;
  readonly happenings: Happenings;
  readonly timeline: Timeline;
  /** What is wrong on purpose. */
  readonly faults: Faults;
  readonly stages: BootStages;
  /** Called when a node that is served elsewhere is no longer as it was. */
  readonly touched: (lab: string, node: string) => void;
  /** Hears of each request to a Redfish service when it has been answered. */
  readonly onRedfishAnswer?: LabRedfishParts['onAnswer'];
  /** By which this daemon is known to the services of labs. */
  readonly identity: () => Promise<Identity>;
  /** Called before a lab's nodes are served. */
  readonly prepare?: ((record: LabRecord) => Promise<void>) | undefined;
  /** Whether the host lost power since the daemon last ran. */
  readonly powerLost: boolean;
}
