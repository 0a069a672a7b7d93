import type { RedfishBmc } from '../model.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { numberedId, numberedIds, positionOf } from './numbered.ts';
import { chassisPath, systemPath } from './paths.ts';
import { working } from './status.ts';

/** Network cards of a node's system. @see schema EthernetInterface */

const prefix = 'NIC';

/** The card of that position, from 0 on. */
export function ethernetInterfacePath(bmc: RedfishBmc, position: number): string {
  return `${systemPath(bmc)}/EthernetInterfaces/${numberedId(prefix, position)}`;
}

export const ethernetInterfaceCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/EthernetInterfaces',
  schema: 'EthernetInterfaceCollection',
  read: ({ bmc, path }) =>
    collectionBody(
      'Ethernet Interfaces',
      numberedIds(prefix, bmc.node.spec.nics.length).map(id => `${path}/${id}`),
    ),
});

export const ethernetInterface = nodeResource({
  path: '/redfish/v1/Systems/{system}/EthernetInterfaces/{interface}',
  schema: 'EthernetInterface',
  read: ({ bmc, params }) => {
    const { spec, state } = bmc.node;
    const position = positionOf(params.interface, prefix, spec.nics.length);
    if (position === undefined) return undefined;
    const nic = spec.nics[position];
    return {
      Id: params.interface,
      Name: `Network Card ${position + 1}`,
      Description: `On the network ${nic?.network}`,
      EthernetInterfaceType: 'Physical',
      MACAddress: nic?.mac,
      PermanentMACAddress: nic?.mac,
      InterfaceEnabled: true,
      LinkStatus: state.power === 'on' ? 'LinkUp' : 'LinkDown',
      Status: working,
      Links: { Chassis: link(chassisPath(bmc)) },
    };
  },
});
