import type { CloudRouter } from '../../../../node/cloud-spec.ts';
import type { LabSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import type { OpenStack } from '../../client/openstack.ts';
import { type FoundLab, thingsOf } from '../inventory.ts';
import type { Lookups } from '../lookups.ts';
import { desiredNetwork } from '../resources/desired-network.ts';
import type { Difference } from '../resources/difference.ts';
import { memberOf } from '../resources/network-refs.ts';
import { networkDifferences } from '../resources/networks.ts';
import { type DesiredRouter, ensureRouter, interfacesOf, routerDifferences } from '../resources/routers.ts';
import type { WantedMember } from './wanted-member.ts';

/** A router of the lab. */
export function routerMember(
  router: CloudRouter,
  lab: LabSpec,
  lookups: Lookups,
  openstack: OpenStack,
): WantedMember {
  const { name, external, snat } = router;
  const what = `router ${name}`;
  const desired = async (): Promise<DesiredRouter> => ({
    name,
    snat,
    legs: router.networks,
    external: external === undefined ? undefined : await lookups.externalNetwork(external, what),
  });
  const joined = router.networks.map(({ network }) => network).join(', ') || 'no network';
  return {
    kind: 'router',
    name,
    summary: external === undefined ? `joins ${joined}` : `joins ${joined} and ${external}`,
    differences: async (member, found) => {
      const [existing] = thingsOf(member, 'router');
      if (!existing) return undefined;
      const ports = await interfacesOf({ openstack, ctx: { reason: 'plan' } }, existing);
      return [
        ...routerDifferences(member, await desired(), await lookups.networks(found), ports),
        ...renewedLegs(router, lab, found, await lookups.extensions()),
      ];
    },
    needs: async () => {
      if (!(await lookups.extensions()).has('router')) throw lacksRouters(what);
      await desired();
      return { routers: 1, ports: router.networks.length };
    },
    make: async (site, member, found) =>
      ensureRouter(site, await desired(), await lookups.networks(found), member),
  };
}

/** A network whose subnet is made anew in the same plan throws its routers out. */
function renewedLegs(
  router: CloudRouter,
  lab: LabSpec,
  found: FoundLab,
  extensions: ReadonlySet<string>,
): Difference[] {
  return lab.networks.flatMap(network => {
    const isJoined = router.networks.some(leg => leg.network === network.name);
    const member = isJoined ? memberOf(found, 'network', network.name) : undefined;
    const renewed =
      member &&
      networkDifferences(member, desiredNetwork(network, lab, extensions)).some(one => one.disruptive);
    return renewed ? [{ text: `joins ${network.name} again`, disruptive: false }] : [];
  });
}

function lacksRouters(what: string): QuintupleoError {
  return new QuintupleoError(`${what} cannot be made: this cloud's Neutron has no routers`, {
    family: 'platform',
    code: 'CLOUD_LACKS',
    remedy: 'Leave routers and floating IPs out of the lab file.',
  });
}
