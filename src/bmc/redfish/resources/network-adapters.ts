import { firmwareSettings } from '../../../node/firmware-settings.ts';
import type { NicSpec } from '../../../node/spec.ts';
import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { collectionBody, link, type NodeAt, nodeResource } from '../resource.ts';
import {
  ethernetInterfacePath,
  linkStatus,
  networkAdapterPath,
  nicIds,
  nicPosition,
} from './ethernet-interfaces.ts';
import { working } from './status.ts';

/** A node's network cards as hardware: each has one port and one function. @see schemas NetworkAdapter, Port, NetworkDeviceFunction */

export const networkAdapterCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/NetworkAdapters',
  schema: 'NetworkAdapterCollection',
  read: ({ bmc }) =>
    collectionBody(
      'Network Adapters',
      nicIds(bmc).map(id => networkAdapterPath(bmc, id)),
    ),
});

export const networkAdapter = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/NetworkAdapters/{adapter}',
  schema: 'NetworkAdapter',
  read: ofCard(({ id, path, position }) => ({
    Id: id,
    Name: `Network Adapter ${position + 1}`,
    Ports: link(`${path}/Ports`),
    NetworkDeviceFunctions: link(`${path}/NetworkDeviceFunctions`),
    Controllers: [
      {
        ControllerCapabilities: { NetworkPortCount: 1, NetworkDeviceFunctionCount: 1 },
        Links: {
          Ports: [link(`${path}/Ports/1`)],
          'Ports@odata.count': 1,
          NetworkDeviceFunctions: [link(`${path}/NetworkDeviceFunctions/1`)],
          'NetworkDeviceFunctions@odata.count': 1,
        },
      },
    ],
    Status: working,
  })),
});

export const portCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/NetworkAdapters/{adapter}/Ports',
  schema: 'PortCollection',
  read: ofCard(({ path }) => collectionBody('Ports', [`${path}/Ports/1`])),
});

export const port = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/NetworkAdapters/{adapter}/Ports/1',
  schema: 'Port',
  read: ofCard(({ bmc, nic, position }) => ({
    Id: '1',
    Name: 'Port',
    Description: `On the network ${nic.network}`,
    PortId: '1',
    LinkNetworkTechnology: 'Ethernet',
    LinkStatus: linkStatus(bmc),
    Ethernet: { AssociatedMACAddresses: [nic.mac] },
    Status: working,
    Links: {
      EthernetInterfaces: [link(ethernetInterfacePath(bmc, position))],
      'EthernetInterfaces@odata.count': 1,
    },
  })),
});

export const networkDeviceFunctionCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/NetworkAdapters/{adapter}/NetworkDeviceFunctions',
  schema: 'NetworkDeviceFunctionCollection',
  read: ofCard(({ path }) =>
    collectionBody('Network Device Functions', [`${path}/NetworkDeviceFunctions/1`]),
  ),
});

export const networkDeviceFunction = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/NetworkAdapters/{adapter}/NetworkDeviceFunctions/1',
  schema: 'NetworkDeviceFunction',
  read: ofCard(({ bmc, path, nic, position }) => ({
    Id: '1',
    Name: 'Network Device Function',
    NetDevFuncType: 'Ethernet',
    NetDevFuncCapabilities: ['Ethernet'],
    DeviceEnabled: true,
    BootMode: netboots(bmc, position) ? 'PXE' : 'Disabled',
    Ethernet: { MACAddress: nic.mac, PermanentMACAddress: nic.mac },
    Status: working,
    Links: {
      EthernetInterfaces: [link(ethernetInterfacePath(bmc, position))],
      'EthernetInterfaces@odata.count': 1,
      PhysicalNetworkPortAssignment: link(`${path}/Ports/1`),
    },
  })),
});

/** A network card, and where it is shown. */
interface Card {
  readonly bmc: RedfishBmc;
  readonly id: string;
  readonly position: number;
  readonly nic: NicSpec;
  /** The adapter's own path. */
  readonly path: string;
}

/** Reads what a path has of the card that it leads through. */
function ofCard(read: (card: Card) => JsonObject): (at: NodeAt) => JsonObject | undefined {
  return ({ bmc, params: { adapter: id = '' } }) => {
    const position = nicPosition(bmc, id);
    const nic = position === undefined ? undefined : bmc.node.spec.nics[position];
    if (position === undefined || !nic) return undefined;
    return read({ bmc, id, position, nic, path: networkAdapterPath(bmc, id) });
  };
}

/** Where clients cannot set how many cards boot from the network, the first one does. */
function netboots({ node: { spec, state, capabilities } }: RedfishBmc, position: number): boolean {
  const { netbootNics } = firmwareSettings(spec, state.durable.firmware.current);
  const booting = capabilities.firmwareSettings.includes('netbootNics') ? netbootNics : 1;
  return capabilities.bootTargets.includes('pxe') && position < booting;
}
