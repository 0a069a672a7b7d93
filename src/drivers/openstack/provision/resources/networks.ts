import type { CreateSubnet, Network, Port, Subnet } from '../../client/network-types.ts';
import { type Member, partOf, type Thing, thingsOf } from '../inventory.ts';
import { canonicalCidr, poolsAround } from './addresses.ts';
import type { DesiredNetwork, DesiredSubnet } from './desired-network.ts';
import type { Difference } from './difference.ts';
import { explaining } from './explain.ts';
import { labelOf } from './label.ts';
import { ensureTags, makeLabelled } from './networking.ts';
import { labelFor, type Site, thing } from './site.ts';

/** Device owners of ports by which routers are on a network: plain, distributed, highly available. */
const routerOwners =
  /^network:(router_interface|router_interface_distributed|ha_router_replicated_interface)$/;

/** What of a network is not as it shall be; a person may have changed it, or the lab file. */
export function networkDifferences(found: Member, desired: DesiredNetwork): Difference[] {
  const [network] = thingsOf(found, 'network');
  if (!network) return [{ text: 'was not finished', disruptive: false }];
  const subnets = thingsOf(found, 'subnet');
  return [...settingDifferences(network, desired), ...subnetDifferences(subnets, desired.subnets)];
}

function settingDifferences(network: Network, desired: DesiredNetwork): Difference[] {
  const differences: Difference[] = [];
  const { port_security_enabled: portSecurity, mtu } = network;
  if (portSecurity !== undefined && portSecurity !== desired.portSecurity) {
    differences.push({ text: `port security is switched ${portSecurity ? 'on' : 'off'}`, disruptive: false });
  }
  if (desired.mtu !== undefined && typeof mtu === 'number' && mtu !== desired.mtu) {
    differences.push({ text: `MTU ${mtu} → ${desired.mtu}`, disruptive: false });
  }
  if (network.admin_state_up === false) differences.push({ text: 'it is switched off', disruptive: false });
  return differences;
}

function subnetDifferences(subnets: readonly Subnet[], desired: readonly DesiredSubnet[]): Difference[] {
  const differences: Difference[] = [];
  for (const version of [4, 6] as const) {
    const subnet = subnets.find(({ ip_version }) => ip_version === version);
    const wanted = desired.find(({ ip_version }) => ip_version === version);
    if (!subnet && wanted) differences.push({ text: `new subnet ${wanted.cidr}`, disruptive: false });
    if (!subnet) continue;
    if (!wanted) {
      differences.push({
        text: `no subnet ${subnet.cidr} any more: ports lose their addresses`,
        disruptive: true,
      });
    } else if (!matches(subnet, wanted)) {
      const text = `${subnet.cidr} → ${wanted.cidr}: ports lose their addresses and get others`;
      differences.push({ text, disruptive: true });
    } else {
      differences.push(...detailDifferences(subnet, wanted));
    }
  }
  return differences;
}

/** Whether a subnet can become what is wanted without being made anew. */
function matches(subnet: Subnet, wanted: DesiredSubnet): boolean {
  return (
    subnet.ip_version === wanted.ip_version &&
    canonicalCidr(subnet.cidr) === wanted.cidr &&
    (subnet.ipv6_address_mode ?? undefined) === wanted.ipv6_address_mode &&
    (subnet.ipv6_ra_mode ?? undefined) === wanted.ipv6_ra_mode
  );
}

function detailDifferences(subnet: Subnet, wanted: DesiredSubnet): Difference[] {
  const texts: string[] = [];
  if (subnet.enable_dhcp !== wanted.enable_dhcp) {
    texts.push(`Neutron's DHCP is switched ${subnet.enable_dhcp ? 'on' : 'off'}`);
  }
  const gateway = subnet.gateway_ip ?? null;
  if (gateway !== wanted.gateway_ip) {
    texts.push(`gateway ${gateway ?? 'none'} → ${wanted.gateway_ip ?? 'none'}`);
  }
  if (!sameSet(subnet.dns_nameservers, wanted.dns_nameservers)) texts.push('other DNS servers');
  if (
    wanted.allocation_pools &&
    !sameSet(subnet.allocation_pools.map(rangeOf), wanted.allocation_pools.map(rangeOf))
  ) {
    texts.push('other allocation pools');
  }
  return texts.map(text => ({ text, disruptive: false }));
}

/** Whether a network gets a subnet with a gateway that it has not, or another gateway. */
export function bringsGateway(found: Member, { subnets }: DesiredNetwork): boolean {
  const existing = thingsOf(found, 'subnet');
  return subnets.some(
    wanted =>
      wanted.gateway_ip !== null &&
      !existing.some(subnet => matches(subnet, wanted) && subnet.gateway_ip === wanted.gateway_ip),
  );
}

/** Makes a network with its subnets, or makes one that is there, wholly or by half, what it shall be. */
export async function ensureNetwork(
  site: Site,
  desired: DesiredNetwork,
  found: Member | undefined,
  hasPortSecurity: boolean,
): Promise<Thing[]> {
  const what = `network ${desired.name} cannot be ${found ? 'changed' : 'made'}`;
  return explaining(what, async () => {
    const label = labelFor(site, 'network', desired.name);
    let [network] = thingsOf(found, 'network');
    if (network) {
      network = await updateNetwork(site, network, desired);
      await ensureTags(site, 'networks', network, label);
    } else {
      network = await makeLabelled(site, 'networks', site.openstack.network.networks, label, {
        name: `${site.lab}-${desired.name}`,
        ...(hasPortSecurity ? { port_security_enabled: desired.portSecurity } : {}),
        mtu: desired.mtu,
        vlan_transparent: desired.vlanTransparent,
      });
    }
    const subnets = await ensureSubnets(site, network, desired, found);
    return [thing(site, 'network', label, network), ...subnets];
  });
}

async function updateNetwork(site: Site, network: Network, desired: DesiredNetwork): Promise<Network> {
  if (settingDifferences(network, desired).length === 0) return network;
  const { networks } = site.openstack.network;
  return networks.update(
    network.id,
    {
      admin_state_up: true,
      ...(network.port_security_enabled === undefined ? {} : { port_security_enabled: desired.portSecurity }),
      ...(desired.mtu === undefined ? {} : { mtu: desired.mtu }),
    },
    site.ctx,
  );
}

async function ensureSubnets(
  site: Site,
  network: Network,
  desired: DesiredNetwork,
  found: Member | undefined,
): Promise<Thing[]> {
  const existing = thingsOf(found, 'subnet');
  const kept = new Map<DesiredSubnet, Subnet>();
  for (const wanted of desired.subnets) {
    const subnet = existing.find(candidate => matches(candidate, wanted));
    if (subnet) kept.set(wanted, subnet);
  }
  const doomed = existing.filter(subnet => ![...kept.values()].includes(subnet));
  // First, for the new ones may overlap them.
  for (const subnet of doomed) await removeSubnet(site, network, subnet);

  const subnets: Thing[] = [];
  let isNew = false;
  for (const wanted of desired.subnets) {
    const label = labelFor(site, 'network', desired.name, `subnet-${wanted.ip_version}`);
    let subnet = kept.get(wanted);
    if (subnet) {
      subnet = await updateSubnet(site, subnet, wanted);
      await ensureTags(site, 'subnets', subnet, label);
    } else {
      const body = createBody(network, wanted, `${site.lab}-${desired.name}-${wanted.ip_version}`);
      subnet = await makeLabelled(site, 'subnets', site.openstack.network.subnets, label, body);
      isNew = true;
    }
    subnets.push(thing(site, 'subnet', label, subnet));
  }
  if (isNew && found) await giveAddresses(site, network, subnets);
  return subnets;
}

function createBody(network: Network, wanted: DesiredSubnet, name: string): CreateSubnet {
  return { network_id: network.id, name, ...wanted, ...poolsBody(wanted) };
}

/** A gateway's address must not be in a pool; where there is none yet, its usual place is kept free. */
function poolsBody({ cidr, gateway_ip, allocation_pools, ipv6_address_mode }: DesiredSubnet) {
  if (allocation_pools) return { allocation_pools };
  // Where addresses are made of MAC addresses there is nothing to give away.
  if (ipv6_address_mode === 'slaac' || ipv6_address_mode === 'dhcpv6-stateless') return {};
  return { allocation_pools: poolsAround(cidr, gateway_ip ?? undefined) };
}

async function updateSubnet(site: Site, subnet: Subnet, wanted: DesiredSubnet): Promise<Subnet> {
  if (detailDifferences(subnet, wanted).length === 0) return subnet;
  const { enable_dhcp, gateway_ip, dns_nameservers } = wanted;
  const body = { enable_dhcp, gateway_ip, dns_nameservers, ...poolsBody(wanted) };
  return site.openstack.network.subnets.update(subnet.id, body, site.ctx);
}

/** Takes a subnet from a network whose machines stay: those of the lab lose their addresses on it. */
async function removeSubnet(site: Site, network: Network, subnet: Subnet): Promise<void> {
  const { ports, subnets } = site.openstack.network;
  for (const port of await ports.list({ network_id: network.id }, site.ctx)) {
    if (!port.fixed_ips.some(({ subnet_id }) => subnet_id === subnet.id)) continue;
    if (routerOwners.test(port.device_owner)) {
      await site.openstack.network.removeRouterInterface(port.device_id, { port_id: port.id }, site.ctx);
    } else if (isOfLab(port, site)) {
      const others = port.fixed_ips.filter(({ subnet_id }) => subnet_id !== subnet.id);
      await ports.update(port.id, { fixed_ips: others }, site.ctx);
    }
  }
  await subnets.delete(subnet.id, site.ctx);
}

/** Gives the lab's ports on a network that have no address an address on each of its subnets. */
async function giveAddresses(site: Site, network: Network, made: readonly Thing[]): Promise<void> {
  const { ports } = site.openstack.network;
  const fixed_ips = made.map(({ id }) => ({ subnet_id: id }));
  for (const port of await ports.list({ network_id: network.id }, site.ctx)) {
    if (isOfLab(port, site) && port.fixed_ips.length === 0)
      await ports.update(port.id, { fixed_ips }, site.ctx);
  }
}

function isOfLab(port: Port, site: Site): boolean {
  const label = labelOf({ tags: port.tags });
  return label?.lab === site.lab && label.owner === site.owner;
}

function rangeOf({ start, end }: { start: string; end: string }): string {
  return `${start}-${end}`;
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every(value => other.includes(value));
}

/** The subnet of a network by version of its addresses. */
export function subnetOf(found: Member | undefined, version: 4 | 6): Subnet | undefined {
  return partOf(found, 'subnet', `subnet-${version}`);
}
