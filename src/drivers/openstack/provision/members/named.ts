import type { CloudHost, CloudServerGroup } from '../../../../node/cloud-spec.ts';
import { ensureGroup, ensureKeypair, groupDifferences, keypairDifferences } from '../resources/named.ts';
import type { WantedMember } from './wanted-member.ts';

/** A server group of the lab. */
export function groupMember(group: CloudServerGroup): WantedMember {
  return {
    kind: 'server-group',
    name: group.name,
    summary: group.policy,
    differences: async member => groupDifferences(member, group),
    needs: async () => ({ serverGroups: 1 }),
    make: (site, member) => ensureGroup(site, group, member),
  };
}

/** The key of a host that has one of its own. */
export function keypairMember({ name, publicKey }: CloudHost): WantedMember[] {
  if (publicKey === undefined) return [];
  const desired = { name, publicKey };
  return [
    {
      kind: 'keypair',
      name,
      summary: `for host ${name}`,
      differences: async member => keypairDifferences(member, desired),
      needs: async () => ({}),
      make: (site, member) => ensureKeypair(site, desired, member),
    },
  ];
}
