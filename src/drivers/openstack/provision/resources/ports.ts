import { isIPv6 } from 'node:net';
import type { NodeSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import type { CreatePort, Port } from '../../client/network-types.ts';
import { type Member, partOf, type Thing } from '../inventory.ts';
import { canonicalAddress } from './addresses.ts';
import type { Difference } from './difference.ts';
import { explaining } from './explain.ts';
import type { Label } from './label.ts';
import type { NetworkRef } from './network-refs.ts';
import { ensureTags, makeLabelled } from './networking.ts';
import { labelFor, type Site, thing } from './site.ts';

/** A network card as a lab wants it. */
export interface DesiredPort {
  /** `port-0`; with a VLAN `port-0-vlan-100`. */
  readonly part: string;
  /** Name in the lab. */
  readonly network: string;
  readonly mac: string;
  /** `undefined` leaves them to Neutron. */
  readonly addresses: readonly string[] | undefined;
  /** Whether it is filtered; `undefined`: as its network says. */
  readonly portSecurity: boolean | undefined;
  /** IDs; of filtered ports only. */
  readonly securityGroups: readonly string[] | undefined;
  /** Whether a trunk carries it, rather than the server itself. */
  readonly inTrunk: boolean;
}

/** The network cards of a node, in their order; those of VLANs come after the card that carries them. */
export function portsOfNode(node: NodeSpec, filtered: (network: string) => boolean): DesiredPort[] {
  return node.nics.flatMap(({ mac, network, cloud }, index) => {
    const port = (part: string, fields: { network: string; mac: string }): DesiredPort => ({
      part,
      ...fields,
      addresses: undefined,
      // Bare metal serves DHCP, routes, and sends from addresses that Neutron does not know.
      portSecurity: filtered(fields.network),
      securityGroups: undefined,
      inTrunk: false,
    });
    return [
      { ...port(`port-${index}`, { network, mac }), addresses: cloud?.addresses },
      ...(cloud?.vlans ?? []).map(({ vlan, ...fields }) => ({
        ...port(vlanPart(index, vlan), fields),
        inTrunk: true,
      })),
    ];
  });
}

/** Names the part of a node that is its network card's VLAN. */
export function vlanPart(nic: number, vlan: number): string {
  return `port-${nic}-vlan-${vlan}`;
}

/** What of a port is not as it shall be. */
export function portDifferences(
  port: Port,
  desired: DesiredPort,
  network: NetworkRef | undefined,
  server: string,
): Difference[] {
  const texts: string[] = [];
  const where = `${desired.network} ${desired.mac}`;
  if (desired.portSecurity === false && port.port_security_enabled === true) {
    texts.push(`port security is switched on (${where})`);
  }
  if (desired.portSecurity === true && port.port_security_enabled === false) {
    texts.push(`port security is switched off (${where})`);
  }
  if (!hasSecurityGroups(port, desired)) texts.push(`other security groups (${where})`);
  if (!hasAddresses(port, desired, network)) {
    texts.push(`${desired.addresses ? 'other addresses' : 'it has no address'} (${where})`);
  }
  if (port.device_id !== server && !desired.inTrunk) texts.push(`not plugged in (${where})`);
  return texts.map(text => ({ text, disruptive: false }));
}

function hasSecurityGroups(port: Port, { portSecurity, securityGroups }: DesiredPort): boolean {
  if (!securityGroups || !(portSecurity ?? port.port_security_enabled)) return true;
  const has = port.security_groups;
  return has.length === securityGroups.length && securityGroups.every(group => has.includes(group));
}

function hasAddresses(port: Port, desired: DesiredPort, network: NetworkRef | undefined): boolean {
  const has = port.fixed_ips.map(({ ip_address }) => canonicalAddress(ip_address));
  if (desired.addresses) {
    return desired.addresses.every(address => has.includes(canonicalAddress(address)));
  }
  return has.length > 0 || network === undefined || network.subnets.length === 0;
}

/** Whether a port can become what is wanted; its network and MAC address are for ever. */
export function isSameCard(port: Port, desired: DesiredPort, network: NetworkRef): boolean {
  return port.network_id === network.network.id && port.mac_address.toLowerCase() === desired.mac;
}

/** Makes a port, or makes one that is there what it shall be. */
export async function ensurePort(
  site: Site,
  owner: Pick<Label, 'kind' | 'name'>,
  desired: DesiredPort,
  network: NetworkRef,
  found: Member | undefined,
): Promise<Thing<'port'>> {
  const label = labelFor(site, owner.kind, owner.name, desired.part);
  const { ports } = site.openstack.network;
  return explaining(`${owner.name}: its port on ${desired.network} cannot be made`, async () => {
    checkAddresses(owner.name, desired, network);
    let port = partOf(found, 'port', desired.part);
    if (port && !isSameCard(port, desired, network)) {
      await ports.delete(port.id, site.ctx);
      port = undefined;
    }
    const name = `${site.lab}-${owner.name}-${desired.part.slice('port-'.length)}`;
    if (port) {
      const update = updateBody(port, desired, network);
      if (update) port = await ports.update(port.id, update, site.ctx);
      await ensureTags(site, 'ports', port, label);
    } else {
      const body = createBody(name, desired, network);
      port = await makeLabelled(site, 'ports', ports, label, body);
    }
    return thing(site, 'port', label, port);
  });
}

function checkAddresses(owner: string, { network: name, addresses }: DesiredPort, network: NetworkRef): void {
  if (!addresses || addresses.length === 0 || network.subnets.length > 0) return;
  throw new QuintupleoError(`${owner} wants the address ${addresses[0]} on ${name}, which has no subnet`, {
    family: 'config',
    code: 'NETWORK_WITHOUT_SUBNET',
    remedy: `Leave the addresses out in the lab file, or give ${name} a subnet.`,
  });
}

function createBody(name: string, desired: DesiredPort, network: NetworkRef): CreatePort {
  return {
    name,
    network_id: network.network.id,
    mac_address: desired.mac,
    ...(desired.addresses ? { fixed_ips: fixedIps(desired.addresses, network) } : {}),
    ...security(desired, network.network.port_security_enabled),
  };
}

function updateBody(port: Port, desired: DesiredPort, network: NetworkRef): Partial<CreatePort> | undefined {
  const body = {
    ...(hasAddresses(port, desired, network) ? {} : { fixed_ips: fixedIps(desired.addresses, network) }),
    ...security(desired, port.port_security_enabled),
  };
  return Object.keys(body).length > 0 ? body : undefined;
}

/** Addresses that were chosen, or one on each subnet; machines make themselves the ones of SLAAC. */
function fixedIps(addresses: readonly string[] | undefined, { subnets }: NetworkRef) {
  if (addresses) {
    const subnetOf = (address: string) => {
      const ofVersion = subnets.filter(({ ip_version }) => (ip_version === 6) === isIPv6(address));
      return ofVersion.length === 1 ? ofVersion[0]?.id : undefined;
    };
    return addresses.map(address => {
      const subnet_id = subnetOf(address);
      return { ip_address: address, ...(subnet_id === undefined ? {} : { subnet_id }) };
    });
  }
  return subnets.map(({ id }) => ({ subnet_id: id }));
}

/** @param now - as it is: of the port itself, or of the network from which a new port takes it */
function security(desired: DesiredPort, now: boolean | undefined): Partial<CreatePort> {
  // Clouds without the extension do not know the field.
  if (now === undefined) return {};
  const wanted = desired.portSecurity ?? now;
  if (!wanted) return now ? { port_security_enabled: false, security_groups: [] } : {};
  const groups = desired.securityGroups ? { security_groups: desired.securityGroups } : {};
  return now ? groups : { port_security_enabled: true, ...groups };
}
