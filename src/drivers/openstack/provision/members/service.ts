import type { CloudService } from '../../../../node/cloud-spec.ts';
import { type ServiceSettings, serviceInterface, settingsText } from '../../../../node/service-settings.ts';
import type { LabSpec, NetworkSpec } from '../../../../node/spec.ts';
import { version } from '../../../../support/version.ts';
import type { OpenStack } from '../../client/openstack.ts';
import { ensureServiceImage, type ServiceImageSource, serviceNeeds } from '../../service/image.ts';
import { chooseFlavor } from '../flavors.ts';
import type { FoundLab } from '../inventory.ts';
import type { Lookups } from '../lookups.ts';
import { legAddress } from '../resources/desired-network.ts';
import { ensureFloatingIp, floatingIpDifferences } from '../resources/floating-ips.ts';
import { machineDifferences } from '../resources/machine-differences.ts';
import { type DesiredMachine, ensureMachine } from '../resources/machines.ts';
import type { NetworkRef } from '../resources/network-refs.ts';
import type { DesiredPort } from '../resources/ports.ts';
import { checkMachine } from './machine-checks.ts';
import { machineNeeds } from './machine-parts.ts';
import type { WantedMember } from './wanted-member.ts';

/** What the service instances of labs are made with. */
export interface ServiceParts {
  readonly image: ServiceImageSource;
  /** SHA-256 fingerprint of the certificate of this daemon, which commands them. */
  readonly manager: () => Promise<string>;
}

/** Name of the one service instance of a lab. */
export const serviceName = 'bmc';

/** The instance that serves the lab's BMCs. */
export function serviceMember(
  service: CloudService,
  lab: LabSpec,
  owner: string,
  around: { readonly lookups: Lookups; readonly openstack: OpenStack; readonly parts: ServiceParts },
): WantedMember {
  const { lookups, openstack, parts } = around;
  const ports = portsOf(service, lab);
  const compared = { ports, trunks: [], aspects: aspectsOf(service), metadata: {} };
  const external = async () =>
    service.floatingIp === undefined
      ? undefined
      : lookups.externalNetwork(service.floatingIp, 'the service instance');
  const machine = async (networks: ReadonlyMap<string, NetworkRef>): Promise<DesiredMachine> => {
    const flavor = await flavorOf(service, lookups);
    return {
      ...compared,
      kind: 'service',
      name: serviceName,
      volumes: [],
      flavor,
      endsOff: false,
      body: async () => ({
        name: `${lab.name}-${serviceName}`,
        flavorRef: flavor.id,
        imageRef: await ensureServiceImage(openstack, parts.image, { reason: 'up' }),
        availability_zone: service.availabilityZone,
        config_drive: true,
        user_data: Buffer.from(
          settingsText(settingsOf(service, lab.name, owner, networks, await parts.manager())),
        ).toString('base64'),
      }),
    };
  };
  return {
    kind: 'service',
    name: serviceName,
    summary: `serves ${service.bmcs.length} BMCs on ${service.nics[0]?.network}, commanded at ${service.address}`,
    differences: async (member, found: FoundLab) => {
      const differences = machineDifferences(member, compared, await lookups.networks(found));
      return differences && [...differences, ...floatingIpDifferences(member, await external())];
    },
    needs: async () => {
      const wanted = await machine(new Map());
      const named = { zone: service.availabilityZone, keypair: undefined };
      await checkMachine('the service instance', wanted, named, lookups);
      return { ...machineNeeds(wanted), floatingIps: (await external()) === undefined ? 0 : 1 };
    },
    make: async (site, member, found, anew) => {
      const networks = await lookups.networks(found);
      const made = await ensureMachine(site, await machine(networks), networks, member, anew);
      const first = made.find(({ type }) => type === 'port')?.id;
      const isSame = made.some(({ id }) =>
        member?.things.some(thing => thing.type === 'port' && thing.id === id),
      );
      const owner = { kind: 'service', name: serviceName, address: service.address } as const;
      const kept = isSame ? member : undefined;
      return [...made, ...(await ensureFloatingIp(site, owner, await external(), first, kept))];
    },
  };
}

async function flavorOf({ flavor }: CloudService, lookups: Lookups) {
  const { memory, disk } = serviceNeeds;
  const needs = { cpus: 1, memory: memory * 2 ** 20, root: disk, ephemeral: 0 };
  return chooseFlavor(await lookups.flavors(), needs, flavor, 'the service instance');
}

function portsOf({ nics, address, bmcs }: CloudService, lab: LabSpec): DesiredPort[] {
  return nics.map(({ network, mac }, index) => {
    const spec = lab.networks.find(({ name }) => name === network);
    const hasSubnet = spec?.cloud?.subnet !== false;
    return {
      part: `port-${index}`,
      network,
      mac,
      addresses: hasSubnet ? (index === 0 ? [address, ...bmcs] : dhcpAddresses(spec, lab)) : undefined,
      // It answers at the BMCs' addresses, and as a DHCP server.
      portSecurity: false,
      securityGroups: undefined,
      inTrunk: false,
    };
  });
}

/** Where it serves or relays DHCP, so that Neutron gives the address to nobody else; `undefined`: it does not. */
function dhcpAddresses(network: NetworkSpec | undefined, lab: LabSpec): string[] | undefined {
  if (!network || !(network.dhcp || network.cloud?.dhcpRelay !== undefined)) return undefined;
  const address = legAddress(network, lab);
  return address === undefined ? undefined : [address];
}

/** What decides whether it must be made anew; BMCs come and go without that. */
function aspectsOf({ nics, address, flavor, availabilityZone }: CloudService) {
  return { flavor, image: version, nics: { nics, address }, place: availabilityZone };
}

function settingsOf(
  { nics, address }: CloudService,
  lab: string,
  owner: string,
  networks: ReadonlyMap<string, NetworkRef>,
  manager: string,
): ServiceSettings {
  const refs = nics.flatMap(({ network }) => networks.get(network) ?? []);
  const first = refs[0];
  const prefix = first?.spec.cidr.split('/')[1] ?? '24';
  const routed = refs.flatMap(({ subnets }) => subnets).find(({ gateway_ip }) => gateway_ip);
  return {
    lab,
    owner,
    manager,
    interfaces: nics.map(({ mac, network }, index) => ({
      mac,
      name: serviceInterface(index),
      addresses: index === 0 ? [`${address}/${prefix}`] : [],
      mtu: networks.get(network)?.network.mtu ?? undefined,
    })),
    routes: routed?.gateway_ip ? [{ to: 'default', via: routed.gateway_ip }] : [],
    nameservers: routed?.dns_nameservers ?? [],
  };
}
