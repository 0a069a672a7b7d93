import { isIPv6 } from 'node:net';
import { bmcMac, gateway, subnetMask } from '../../lan.ts';
import type { JsonObject } from '../json.ts';
import { managerPath } from '../nodes/paths.ts';
import { collectionBody, nodeResource } from '../resource.ts';
import { working } from './status.ts';

/** The BMC's own network card: its addresses are the lab file's to set. @see schema EthernetInterface */

const interfaceId = 'eth0';

export const managerEthernetCollection = nodeResource({
  path: '/redfish/v1/Managers/{manager}/EthernetInterfaces',
  schema: 'EthernetInterfaceCollection',
  read: ({ bmc }) =>
    collectionBody('BMC Network Interfaces', [`${managerPath(bmc)}/EthernetInterfaces/${interfaceId}`]),
});

export const managerEthernet = nodeResource({
  path: '/redfish/v1/Managers/{manager}/EthernetInterfaces/{interface}',
  schema: 'EthernetInterface',
  read: ({ bmc, params }) => {
    if (params.interface !== interfaceId) return undefined;
    const addresses = [
      ...new Set([bmc.ipmi.address, bmc.redfish?.address].filter(address => address !== undefined)),
    ];
    const mac = Buffer.from(bmcMac(bmc.node.spec.uuid))
      .toString('hex')
      .replace(/..(?=.)/g, '$&:');
    return {
      Id: interfaceId,
      Name: 'BMC Network Interface',
      EthernetInterfaceType: 'Virtual',
      InterfaceEnabled: true,
      LinkStatus: 'LinkUp',
      MACAddress: mac,
      PermanentMACAddress: mac,
      IPv4Addresses: addresses.filter(address => !isIPv6(address)).map(ipv4),
      IPv6Addresses: addresses.filter(isIPv6).map(ipv6),
      Status: working,
    };
  },
});

function ipv4(address: string): JsonObject {
  const bytes = address.split('.').map(Number);
  return {
    Address: address,
    SubnetMask: subnetMask(bytes).join('.'),
    AddressOrigin: 'Static',
    Gateway: gateway(bytes).join('.'),
  };
}

function ipv6(address: string): JsonObject {
  return { Address: address, PrefixLength: 128, AddressOrigin: 'Static' };
}
