import { isIPv6 } from 'node:net';
import type { LabSpec, NetworkSpec } from '../../../../node/spec.ts';
import { formatIpv4, parseCidr } from '../../../../support/ipv4.ts';
import { type AddressPool, canonicalAddress, canonicalCidr, firstHostOf } from './addresses.ts';

/** A subnet as a lab wants it, in Neutron's own words. */
export interface DesiredSubnet {
  readonly ip_version: 4 | 6;
  readonly cidr: string;
  readonly gateway_ip: string | null;
  readonly enable_dhcp: boolean;
  readonly dns_nameservers: readonly string[];
  /** `undefined` leaves them to Neutron. */
  readonly allocation_pools?: readonly AddressPool[] | undefined;
  readonly ipv6_address_mode?: 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless' | undefined;
  readonly ipv6_ra_mode?: 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless' | undefined;
}

/** A network that a lab wants to be made. */
export interface DesiredNetwork {
  readonly name: string;
  readonly portSecurity: boolean;
  /** `undefined` leaves it to Neutron. */
  readonly mtu: number | undefined;
  readonly vlanTransparent: boolean | undefined;
  readonly subnets: readonly DesiredSubnet[];
}

/** The extension of Neutron without which Nova plugs in no port that has no address. */
const portsWithoutAddress = 'ip_allocation';

/**
 * What a network of the lab shall be; not for one that exists and is only used.
 * @param extensions - aliases of those that the cloud's Neutron has
 */
export function desiredNetwork(
  network: NetworkSpec,
  lab: LabSpec,
  extensions: ReadonlySet<string>,
): DesiredNetwork {
  const cloud = network.cloud ?? {};
  const subnets: DesiredSubnet[] = [];
  if (cloud.subnet !== false || !extensions.has(portsWithoutAddress)) {
    subnets.push(ipv4Subnet(network, lab));
    if (cloud.cidr6 !== undefined) subnets.push(ipv6Subnet(network, cloud.cidr6, lab));
  }
  return {
    name: network.name,
    portSecurity: cloud.portSecurity ?? false,
    mtu: cloud.mtu,
    vlanTransparent: cloud.vlanTransparent,
    subnets,
  };
}

function ipv4Subnet(network: NetworkSpec, lab: LabSpec): DesiredSubnet {
  const cloud = network.cloud ?? {};
  return {
    ip_version: 4,
    cidr: canonicalCidr(network.cidr),
    gateway_ip: gatewayOf(network, lab) ?? null,
    enable_dhcp: cloud.neutronDhcp ?? false,
    dns_nameservers: nameservers(network, 4),
    allocation_pools: poolsOf(network, 4),
  };
}

function ipv6Subnet(network: NetworkSpec, cidr6: string, lab: LabSpec): DesiredSubnet {
  const { gateway, ipv6Mode, neutronDhcp } = network.cloud ?? {};
  const routed = routersOn(network, lab).length > 0;
  const cidr = canonicalCidr(cidr6);
  const ownGateway = gateway !== undefined && isIPv6(gateway) ? canonicalAddress(gateway) : undefined;
  return {
    ip_version: 6,
    cidr,
    gateway_ip: ownGateway ?? (routed ? canonicalAddress(`${cidr.split('::')[0]}::1`) : null),
    // Neutron takes the modes only together with this, and serves addresses itself only in the dhcpv6 ones.
    enable_dhcp: ipv6Mode !== undefined || (neutronDhcp ?? false),
    dns_nameservers: nameservers(network, 6),
    allocation_pools: poolsOf(network, 6),
    ipv6_address_mode: ipv6Mode,
    // Without a router of Neutron's, somebody else on the network sends the advertisements.
    ipv6_ra_mode: routed ? ipv6Mode : undefined,
  };
}

/** The IPv4 gateway of a network: as the lab file says, or the lab's router. */
export function gatewayOf(network: NetworkSpec, lab: LabSpec): string | undefined {
  const gateway = network.cloud?.gateway;
  return gateway === undefined || isIPv6(gateway) ? routerAddress(network, lab) : gateway;
}

/** The address of whoever serves or relays DHCP on a network for the lab, unless its interface has one: the first or the last. */
export function legAddress(network: NetworkSpec, lab: LabSpec): string | undefined {
  const range = parseCidr(network.cidr);
  if (!range) return undefined;
  const [first, last] = [formatIpv4(range.first + 1), formatIpv4(range.last - 1)];
  return gatewayOf(network, lab) === first ? last : first;
}

/** The address at which machines of a network find the lab's router. */
function routerAddress(network: NetworkSpec, lab: LabSpec): string | undefined {
  const first = routersOn(network, lab).find(({ address }) => address === undefined || !isIPv6(address));
  return first && (first.address ?? firstHostOf(network.cidr));
}

function routersOn(network: NetworkSpec, lab: LabSpec) {
  return (lab.cloud?.routers ?? []).flatMap(({ networks }) =>
    networks.filter(joined => joined.network === network.name),
  );
}

function nameservers(network: NetworkSpec, version: 4 | 6): string[] {
  return (network.cloud?.dnsNameservers ?? []).filter(isOf(version)).map(canonicalAddress);
}

function poolsOf(network: NetworkSpec, version: 4 | 6): AddressPool[] | undefined {
  const pools = (network.cloud?.allocationPools ?? []).filter(({ start }) => isOf(version)(start));
  if (pools.length === 0) return undefined;
  return pools.map(({ start, end }) => ({ start: canonicalAddress(start), end: canonicalAddress(end) }));
}

function isOf(version: 4 | 6): (address: string) => boolean {
  return address => isIPv6(address) === (version === 6);
}
