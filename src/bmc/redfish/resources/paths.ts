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
