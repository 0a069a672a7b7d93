import type { LabSpec, NetworkSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import { thingsOf } from '../inventory.ts';
import type { Lookups } from '../lookups.ts';
import { type DesiredNetwork, desiredNetwork } from '../resources/desired-network.ts';
import { ensureNetwork, networkDifferences } from '../resources/networks.ts';
import type { WantedMember } from './wanted-member.ts';

/** A network that the lab makes. */
export function networkMember(network: NetworkSpec, lab: LabSpec, lookups: Lookups): WantedMember {
  const desired = async () => desiredNetwork(network, lab, await lookups.extensions());
  return {
    kind: 'network',
    name: network.name,
    summary: describe(network),
    differences: async member =>
      thingsOf(member, 'network').length === 0 ? undefined : networkDifferences(member, await desired()),
    needs: async () => {
      const wanted = await desired();
      if (wanted.portSecurity && wanted.subnets.length === 0) throw unusable(wanted);
      return { networks: 1, subnets: wanted.subnets.length };
    },
    make: async (site, member) =>
      ensureNetwork(site, await desired(), member, (await lookups.extensions()).has('port-security')),
  };
}

function describe({ cidr, cloud = {} }: NetworkSpec): string {
  const { subnet, cidr6, portSecurity } = cloud;
  const subnets =
    subnet === false ? 'without subnet, where the cloud can' : [cidr, cidr6 ?? []].flat().join(', ');
  return `${subnets}${portSecurity ? ', with port security' : ''}`;
}

function unusable({ name }: DesiredNetwork): QuintupleoError {
  return new QuintupleoError(`network ${name} has port security but no subnet: Nova plugs nothing into it`, {
    family: 'config',
    code: 'NETWORK_WITHOUT_SUBNET',
    remedy: `Leave out portSecurity or subnet: false for ${name} in the lab file.`,
  });
}
