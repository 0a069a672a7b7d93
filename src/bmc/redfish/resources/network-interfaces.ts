import { collectionBody, link, nodeResource } from '../resource.ts';
import { networkAdapterPath, nicIds, nicPosition } from './ethernet-interfaces.ts';
import { working } from './status.ts';

/** Which network cards a system has; what they are is told by the adapters in its chassis. @see schema NetworkInterface */

export const networkInterfaceCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/NetworkInterfaces',
  schema: 'NetworkInterfaceCollection',
  read: ({ bmc, path }) =>
    collectionBody(
      'Network Interfaces',
      nicIds(bmc).map(id => `${path}/${id}`),
    ),
});

export const networkInterface = nodeResource({
  path: '/redfish/v1/Systems/{system}/NetworkInterfaces/{interface}',
  schema: 'NetworkInterface',
  read: ({ bmc, params: { interface: id = '' } }) => {
    const position = nicPosition(bmc, id);
    if (position === undefined) return undefined;
    const adapter = networkAdapterPath(bmc, id);
    return {
      Id: id,
      Name: `Network Interface ${position + 1}`,
      Ports: link(`${adapter}/Ports`),
      NetworkDeviceFunctions: link(`${adapter}/NetworkDeviceFunctions`),
      Status: working,
      Links: { NetworkAdapter: link(adapter) },
    };
  },
});
