import type { RedfishBmc } from '../model.ts';
import { chassisPath, systemPath } from '../nodes/paths.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { numberedId, numberedIds, positionOf } from './numbered.ts';
import { working } from './status.ts';

/** Network cards of a node's system. @see schema EthernetInterface */

const prefix = 'NIC';

/** IDs of a node's network cards: `NIC1` is the one that netboots first. */
export function nicIds({ node }: RedfishBmc): readonly string[] {
  return numberedIds(prefix, node.spec.nics.length);
}

/** The position, from 0 on, of the card of that ID; `undefined` when there is none. */
export function nicPosition({ node }: RedfishBmc, id: string | undefined): number | undefined {
  return positionOf(id, prefix, node.spec.nics.length);
}

/** The card of that position, from 0 on. */
export function ethernetInterfacePath(bmc: RedfishBmc, position: number): string {
  return `${systemPath(bmc)}/EthernetInterfaces/${numberedId(prefix, position)}`;
}

/** The same card as hardware. */
export function networkAdapterPath(bmc: RedfishBmc, id: string): string {
  return `${chassisPath(bmc)}/NetworkAdapters/${id}`;
}

/** Links of a machine that is off are down. */
export function linkStatus({ node }: RedfishBmc): 'LinkUp' | 'LinkDown' {
  return node.state.power === 'on' ? 'LinkUp' : 'LinkDown';
}

export const ethernetInterfaceCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/EthernetInterfaces',
  schema: 'EthernetInterfaceCollection',
  read: ({ bmc, path }) =>
    collectionBody(
      'Ethernet Interfaces',
      nicIds(bmc).map(id => `${path}/${id}`),
    ),
});

export const ethernetInterface = nodeResource({
  path: '/redfish/v1/Systems/{system}/EthernetInterfaces/{interface}',
  schema: 'EthernetInterface',
  read: ({ bmc, params: { interface: id = '' } }) => {
    const position = nicPosition(bmc, id);
    if (position === undefined) return undefined;
    const nic = bmc.node.spec.nics[position];
    const adapter = networkAdapterPath(bmc, id);
    return {
      Id: id,
      Name: `Network Card ${position + 1}`,
      Description: `On the network ${nic?.network}`,
      EthernetInterfaceType: 'Physical',
      MACAddress: nic?.mac,
      PermanentMACAddress: nic?.mac,
      InterfaceEnabled: true,
      LinkStatus: linkStatus(bmc),
      Status: working,
      Links: {
        Chassis: link(chassisPath(bmc)),
        NetworkDeviceFunctions: [link(`${adapter}/NetworkDeviceFunctions/1`)],
        'NetworkDeviceFunctions@odata.count': 1,
        Ports: [link(`${adapter}/Ports/1`)],
        'Ports@odata.count': 1,
      },
    };
  },
});
