import { managerPath } from '../nodes/paths.ts';
import { link, nodeResource } from '../resource.ts';
import { working } from './status.ts';

/** How a BMC is reached: as the lab file has it, which alone can change it. @see schema ManagerNetworkProtocol */

export const networkProtocol = nodeResource({
  path: '/redfish/v1/Managers/{manager}/NetworkProtocol',
  schema: 'ManagerNetworkProtocol',
  read: ({ bmc, service }) => {
    const tls = bmc.redfish?.tls ?? service.tls;
    const port = bmc.redfish?.port ?? null;
    return {
      Id: 'NetworkProtocol',
      Name: 'Network Protocol',
      HTTP: { ProtocolEnabled: !tls, Port: tls ? null : port },
      HTTPS: {
        ProtocolEnabled: tls,
        Port: tls ? port : null,
        Certificates: link(`${managerPath(bmc)}/NetworkProtocol/HTTPS/Certificates`),
      },
      IPMI: { ProtocolEnabled: true, Port: bmc.ipmi.port },
      SSDP: { ProtocolEnabled: false },
      SNMP: { ProtocolEnabled: false },
      NTP: { ProtocolEnabled: false },
      SSH: { ProtocolEnabled: false },
      Telnet: { ProtocolEnabled: false },
      KVMIP: { ProtocolEnabled: false },
      Status: working,
    };
  },
});
