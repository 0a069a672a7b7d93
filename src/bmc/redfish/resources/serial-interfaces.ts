import { managerPath } from '../nodes/paths.ts';
import { collectionBody, nodeResource } from '../resource.ts';

/** A node's serial port, which IPMI's Serial over LAN reaches. @see schema SerialInterface */

const serialId = 'ttyS0';

export const serialInterfaceCollection = nodeResource({
  path: '/redfish/v1/Managers/{manager}/SerialInterfaces',
  schema: 'SerialInterfaceCollection',
  read: ({ bmc }) =>
    collectionBody('Serial Interfaces', [`${managerPath(bmc)}/SerialInterfaces/${serialId}`]),
});

export const serialInterface = nodeResource({
  path: '/redfish/v1/Managers/{manager}/SerialInterfaces/{interface}',
  schema: 'SerialInterface',
  read: ({ params }) => {
    if (params.interface !== serialId) return undefined;
    return {
      Id: serialId,
      Name: 'Serial Interface',
      InterfaceEnabled: true,
      SignalType: 'Rs232',
      BitRate: '115200',
      DataBits: '8',
      Parity: 'None',
      StopBits: '1',
      FlowControl: 'None',
    };
  },
});
