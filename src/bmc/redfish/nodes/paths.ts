import type { EventEntry } from '../../../node/event-log.ts';
import type { RedfishBmc } from '../model.ts';

/** The paths of a node's three faces. Names of nodes need no encoding. */

export const systems = '/redfish/v1/Systems';
export const managers = '/redfish/v1/Managers';
export const chassis = '/redfish/v1/Chassis';

export function systemPath({ id }: RedfishBmc): string {
  return `${systems}/${id}`;
}

export function managerPath({ id }: RedfishBmc): string {
  return `${managers}/${id}`;
}

export function chassisPath({ id }: RedfishBmc): string {
  return `${chassis}/${id}`;
}

/** ID of a node's one log, which IPMI shows as the System Event Log. */
export const logId = 'EventLog';

/** Where events say that a log entry is. */
export function logEntryPath(bmc: RedfishBmc, entry: EventEntry): string {
  return `${systemPath(bmc)}/LogServices/${logId}/Entries/${entry.id}`;
}
