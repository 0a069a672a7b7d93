import type { CloudService } from '../node/cloud-spec.ts';
import type { NodeSpec } from '../node/spec.ts';
import { formatIpv4, parseCidr, parseIpv4 } from '../support/ipv4.ts';
import { defined } from './defined.ts';
import type { BmcDefinition } from './definition.ts';
import { nicMac } from './identity.ts';
import { httpsPort, ipmiPort } from './limits.ts';
import { checkNetworkName } from './networks.ts';
import type { Path, Report } from './problem.ts';
import type { NetworkContent } from './schema.ts';
import type { ServiceContent } from './schema-openstack.ts';

/** What a service instance follows from besides its own section of the file. */
export interface ServiceSurroundings {
  readonly lab: string;
  readonly networks: ReadonlyMap<string, NetworkContent>;
  readonly networkNames: readonly string[];
  readonly nodes: readonly NodeSpec[];
  readonly bmcs: Readonly<Record<string, BmcDefinition>>;
  /** MAC addresses that are given; derived ones are added. */
  readonly macs: Set<string>;
  readonly report: Report;
}

const path: Path = ['service'];

/** The instance that serves a lab's BMCs; `undefined` where this machine does. */
export function resolveService(
  content: ServiceContent | undefined,
  around: ServiceSurroundings,
): CloudService | undefined {
  if (content === undefined || content === 'here' || content.on === 'here') return undefined;
  const { lab, networks, networkNames, nodes, bmcs, macs, report } = around;
  const { network, flavor, floatingIp, availabilityZone } = content;
  checkNetworkName(network, [...path, 'network'], networkNames, report);
  const settings = networks.get(network);
  const range = settings && parseCidr(settings.cidr);
  if (!settings || !range) return undefined;
  if (settings.subnet === false) {
    report([...path, 'network'], `network "${network}" has no subnet, so that BMCs cannot have addresses.`);
  }
  const address = content.address ?? formatIpv4(range.last - 1);
  const addresses = Object.values(bmcs).map(({ ipmi }) => ipmi.address);
  for (const [one, at] of [
    [address, [...path, 'address']] as const,
    ...addresses.map(bmc => [bmc, ['bmc', 'ipmi', 'address']] as const),
  ]) {
    const number = parseIpv4(one) ?? Number.NaN;
    if (number > range.first && number < range.last) continue;
    const remedy = 'There the service instance has its addresses; give the BMCs a range of it.';
    report(at, `address "${one}" is not one of network "${network}" (${settings.cidr}). ${remedy}`);
  }
  if (new Set(addresses).size < addresses.length) {
    const remedy = `Give them a range: address: FIRST-LAST in ${settings.cidr}.`;
    report(['bmc', 'ipmi', 'address'], `each BMC of a service instance has an address of its own. ${remedy}`);
  }
  const strange = Object.values(bmcs).find(({ redfish }) => redfish && !addresses.includes(redfish.address));
  if (strange?.redfish) {
    report(
      ['bmc', 'redfish', 'address'],
      `address "${strange.redfish.address}" is no BMC's. Leave the key away: Redfish is where IPMI is.`,
    );
  }
  if (addresses.includes(address)) {
    report(
      [...path, 'address'],
      `address "${address}" is a BMC's. Give the service instance another one: address: …`,
    );
  }
  const legs = new Set(nodes.flatMap(({ nics }) => nics.slice(0, 1).map(nic => nic.network)));
  legs.delete(network);
  return defined({
    nics: [network, ...legs].map((name, index) => ({
      network: name,
      mac: nicMac(lab, 'service', index, macs),
    })),
    address,
    bmcs: addresses,
    flavor,
    floatingIp,
    availabilityZone,
  });
}

/** Reports networks whose DHCP the lab shall serve, where nobody is who could: neither this machine nor a service instance. */
export function checkLegs(
  service: CloudService | undefined,
  networks: ReadonlyMap<string, NetworkContent>,
  report: Report,
): void {
  for (const [name, content] of networks) {
    const key = content.dhcp ? 'dhcp' : 'dhcpRelay';
    if (!content.dhcp && content.dhcpRelay === undefined) continue;
    const at = ['networks', name, key];
    const what = content.dhcp ? 'dhcp: true' : 'dhcpRelay';
    if (!service && content.interface === undefined) {
      report(
        at,
        `${what} needs a leg of this machine on the network. Say which with "interface", or leave DHCP to the tool.`,
      );
    }
    if (service && !service.nics.some(({ network }) => network === name)) {
      report(
        at,
        `${what} needs the service instance on the network, and it is only where nodes netboot. Leave DHCP to the tool.`,
      );
    }
  }
}

/** BMCs as a service instance has them: each on the ports that IPMI and Redfish have, unless the file says others. */
export function bmcsOfService(
  bmcs: Readonly<Record<string, BmcDefinition>>,
): Readonly<Record<string, BmcDefinition>> {
  return Object.fromEntries(
    Object.entries(bmcs).map(([name, bmc]) => [
      name,
      {
        ...bmc,
        ipmi: { ...bmc.ipmi, port: bmc.ipmi.port ?? ipmiPort },
        redfish: bmc.redfish && { ...bmc.redfish, port: bmc.redfish.port ?? httpsPort },
      },
    ]),
  );
}
