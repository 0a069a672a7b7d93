import type { LabSpec, NetworkSpec } from '../../../node/spec.ts';
import { QuintupleoError } from '../../../support/errors.ts';
import { thingsOf } from '../inventory.ts';
import type { Lookups } from '../lookups.ts';
import { type DesiredNetwork, desiredNetwork } from '../resources/desired-network.ts';
import { ensureNetwork, networkDifferences } from '../resources/networks.ts';
import type { WantedMember } from './wanted-member.ts';

/** A network that the lab makes. */
export function networkMember(network: NetworkSpec, lab: LabSpec, lookups: Lookups): WantedMember {
  const desired = desiredNetwork(network, lab);
  const subnets = desired.subnets.map(({ cidr }) => cidr).join(', ') || 'without subnet';
  return {
    kind: 'network',
    name: network.name,
    summary: `${subnets}${desired.portSecurity ? ', with port security' : ''}`,
    differences: async member =>
      thingsOf(member, 'network').length === 0 ? undefined : networkDifferences(member, desired),
    needs: async () => {
      if (desired.portSecurity && desired.subnets.length === 0) throw unusable(desired);
      return { networks: 1, subnets: desired.subnets.length };
    },
    make: async (site, member) =>
      ensureNetwork(site, desired, member, (await lookups.extensions()).has('port-security')),
  };
}

function unusable({ name }: DesiredNetwork): QuintupleoError {
  return new QuintupleoError(`network ${name} has port security but no subnet: Nova plugs nothing into it`, {
    family: 'config',
    code: 'NETWORK_WITHOUT_SUBNET',
    remedy: `Leave out portSecurity or subnet: false for ${name} in the lab file.`,
  });
}
