import type { Reservations } from '../../host/reservations.ts';
import type { NetworkSpec, NodeSpec } from '../../node/spec.ts';
import { parseCidr, parseIpv4 } from '../../support/ipv4.ts';
import type { OpenStack } from './client/openstack.ts';

/** Ports that are asked for by one URL, which must not grow too long. */
const portsAtOnce = 50;

/** The IPv4 addresses that Neutron gave to a lab's nodes on one of its networks, by MAC address: who serves DHCP there gives out the same. */
export async function reservationsOf(
  openstack: OpenStack,
  { name, cidr }: NetworkSpec,
  nodes: readonly NodeSpec[],
): Promise<Reservations> {
  const range = parseCidr(cidr);
  const isOnNetwork = (address: string) => {
    const number = parseIpv4(address);
    return range !== undefined && number !== undefined && number >= range.first && number <= range.last;
  };
  const nics = nodes.flatMap(node => node.nics).filter(({ network }) => network === name);
  const reservations: Record<string, string> = {};
  for (let at = 0; at < nics.length; at += portsAtOnce) {
    const query = { mac_address: nics.slice(at, at + portsAtOnce).map(({ mac }) => mac) };
    for (const port of await openstack.network.ports.list(query, { reason: 'dhcp' })) {
      const address = port.fixed_ips.map(({ ip_address }) => ip_address).find(isOnNetwork);
      if (address !== undefined) reservations[port.mac_address] = address;
    }
  }
  return reservations;
}
