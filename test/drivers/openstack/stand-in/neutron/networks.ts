import { ApiFault, isFields, text } from '../service.ts';
import { contains, formatAddress, overlaps, parseAddress, parseCidr } from './addresses.ts';
import { type Item, invalidInput, type Kind } from './kind.ts';

/** Ports that go with their network without a word. */
const automatic = ['network:dhcp', 'network:router_centralized_snat'];

export const networkKind: Kind = {
  plural: 'networks',
  singular: 'network',
  label: 'Network',
  attributes: {
    name: '',
    admin_state_up: true,
    description: '',
    mtu: undefined,
    port_security_enabled: true,
    vlan_transparent: null,
    availability_zone_hints: [],
    dns_domain: '',
  },
  changeable: ['name', 'admin_state_up', 'description', 'mtu', 'port_security_enabled', 'dns_domain'],
  forbidden: [
    'provider:network_type',
    'provider:physical_network',
    'provider:segmentation_id',
    'router:external',
    'shared',
    'is_default',
  ],
  shown: ['subnets', 'availability_zones'],
  quota: 'network',
  create: (wanted, { store }) => {
    const mtu = wanted.mtu ?? store.maxMtu;
    if (Number(mtu) > store.maxMtu)
      throw invalidInput(`Requested MTU is too big, maximum is ${store.maxMtu}.`);
    return {
      ...wanted,
      mtu,
      status: 'ACTIVE',
      subnets: [],
      shared: false,
      'router:external': false,
      availability_zones: [],
      ipv4_address_scope: null,
      ipv6_address_scope: null,
    };
  },
  update: (_network, changes, { store }) => {
    if (Number(changes.mtu ?? 0) > store.maxMtu) {
      throw invalidInput(`Requested MTU is too big, maximum is ${store.maxMtu}.`);
    }
    return changes;
  },
  remove: (network, { store }) => {
    const ports = store.all('ports').filter(port => port.network_id === network.id);
    const inUse = ports.filter(port => !automatic.includes(String(port.device_owner)));
    if (inUse.length > 0) {
      throw new ApiFault(
        409,
        `Unable to complete operation on network ${network.id}. There are one or more ports still in use on the network, id for these ports is: ${inUse.map(({ id }) => id).join(',')}.`,
        'NetworkInUse',
      );
    }
    for (const port of ports) store.drop('ports', port.id);
    for (const subnet of store.all('subnets')) {
      if (subnet.network_id === network.id) store.drop('subnets', subnet.id);
    }
  },
};

export const subnetKind: Kind = {
  plural: 'subnets',
  singular: 'subnet',
  label: 'Subnet',
  attributes: {
    name: '',
    description: '',
    network_id: undefined,
    ip_version: undefined,
    cidr: undefined,
    gateway_ip: undefined,
    allocation_pools: undefined,
    dns_nameservers: [],
    host_routes: [],
    enable_dhcp: true,
    ipv6_ra_mode: null,
    ipv6_address_mode: null,
    subnetpool_id: null,
    service_types: [],
  },
  required: ['network_id', 'ip_version', 'cidr'],
  changeable: [
    'name',
    'description',
    'gateway_ip',
    'allocation_pools',
    'dns_nameservers',
    'host_routes',
    'enable_dhcp',
    'service_types',
  ],
  quota: 'subnet',
  create: (wanted, { store, projectId }) => {
    const network = store.get('networks', wanted.network_id, projectId);
    const cidr = parseCidr(String(wanted.cidr));
    if (!cidr) throw invalidInput(`${wanted.cidr} is not in a CIDR format.`);
    if (cidr.version !== wanted.ip_version) {
      throw invalidInput(
        `Requested subnet with cidr ${wanted.cidr} does not match ip_version '${wanted.ip_version}'`,
      );
    }
    const others = store.all('subnets').filter(subnet => subnet.network_id === network.id);
    if (others.some(subnet => overlaps(cidr, subnetCidr(subnet)))) {
      throw invalidInput(
        `Requested subnet with cidr: ${wanted.cidr} for network: ${network.id} overlaps with another subnet.`,
      );
    }
    // SLAAC leaves the first address to the router's anycast.
    const firstAddress =
      wanted.ipv6_address_mode === null || cidr.version === 4 ? cidr.first + 1n : cidr.first;
    const gateway =
      wanted.gateway_ip === undefined ? formatAddress(firstAddress, cidr.version) : wanted.gateway_ip;
    const last = cidr.version === 4 ? cidr.last - 1n : cidr.last;
    return {
      ...wanted,
      cidr: `${formatAddress(cidr.first, cidr.version)}/${cidr.prefix}`,
      gateway_ip: gateway,
      allocation_pools:
        wanted.allocation_pools ??
        poolsWithout(
          cidr.first + 1n,
          last,
          typeof gateway === 'string' ? parseAddress(gateway) : undefined,
        ).map(({ start, end }) => ({
          start: formatAddress(start, cidr.version),
          end: formatAddress(end, cidr.version),
        })),
    };
  },
  created: (subnet, { store }) => {
    const network = store.find('networks', subnet.network_id);
    if (network) network.subnets = [...(Array.isArray(network.subnets) ? network.subnets : []), subnet.id];
  },
  remove: (subnet, { store }) => {
    const using = store.all('ports').filter(port => addressesIn(port, subnet).length > 0);
    if (using.some(port => !automatic.includes(String(port.device_owner)))) {
      throw new ApiFault(
        409,
        `Unable to complete operation on subnet ${subnet.id}: One or more ports have an IP allocation from this subnet.`,
        'SubnetInUse',
      );
    }
    const network = store.find('networks', subnet.network_id);
    if (network && Array.isArray(network.subnets)) {
      network.subnets = network.subnets.filter(id => id !== subnet.id);
    }
  },
};

function poolsWithout(
  first: bigint,
  last: bigint,
  gap: bigint | undefined,
): { start: bigint; end: bigint }[] {
  if (gap === undefined || gap < first || gap > last) return [{ start: first, end: last }];
  return [
    { start: first, end: gap - 1n },
    { start: gap + 1n, end: last },
  ].filter(({ start, end }) => start <= end);
}

export function subnetCidr(subnet: Item): NonNullable<ReturnType<typeof parseCidr>> {
  const cidr = parseCidr(String(subnet.cidr));
  if (!cidr) throw new Error(`subnet ${subnet.id} without CIDR`);
  return cidr;
}

export interface FixedIp {
  readonly subnet_id: string;
  readonly ip_address: string;
}

export function fixedIps(port: Item): readonly FixedIp[] {
  const list = Array.isArray(port.fixed_ips) ? port.fixed_ips : [];
  return list.filter(isFields).map(entry => ({
    subnet_id: text(entry.subnet_id) ?? '',
    ip_address: text(entry.ip_address) ?? '',
  }));
}

export const addressesIn = (port: Item, subnet: Item): readonly string[] =>
  fixedIps(port).flatMap(({ subnet_id, ip_address }) => (subnet_id === subnet.id ? [ip_address] : []));

/** First address of a subnet's pools that nothing has. */
export function freeAddress(subnet: Item, taken: ReadonlySet<string>): string | undefined {
  const { version } = subnetCidr(subnet);
  const pools = Array.isArray(subnet.allocation_pools) ? subnet.allocation_pools.filter(isFields) : [];
  for (const pool of pools) {
    const end = parseAddress(String(pool.end));
    for (let number = parseAddress(String(pool.start)); number <= end; number++) {
      const address = formatAddress(number, version);
      if (!taken.has(address)) return address;
    }
  }
  return undefined;
}

export const subnetFor = (subnets: readonly Item[], address: string): Item | undefined =>
  subnets.find(subnet => contains(subnetCidr(subnet), address));
