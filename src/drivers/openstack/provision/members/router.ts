import type { CloudRouter } from '../../../../node/cloud-spec.ts';
import type { LabSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import type { Port } from '../../client/network-types.ts';
import type { OpenStack } from '../../client/openstack.ts';
import { type FoundLab, thingsOf } from '../inventory.ts';
import type { Lookups } from '../lookups.ts';
import { desiredNetwork } from '../resources/desired-network.ts';
import type { Difference } from '../resources/difference.ts';
import { memberOf } from '../resources/network-refs.ts';
import { bringsGateway } from '../resources/networks.ts';
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
        ...renewedLegs(router, lab, found, await lookups.extensions(), ports),
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

/** A network gets a gateway in the same plan, or one in place of that which the router is now. */
function renewedLegs(
  router: CloudRouter,
  lab: LabSpec,
  found: FoundLab,
  extensions: ReadonlySet<string>,
  ports: readonly Port[],
): Difference[] {
  return lab.networks.flatMap(network => {
    const isLeg = router.networks.some(leg => leg.network === network.name);
    const member = isLeg ? memberOf(found, 'network', network.name) : undefined;
    if (!member || !bringsGateway(member, desiredNetwork(network, lab, extensions))) return [];
    const ids = thingsOf(member, 'network').map(({ id }) => id);
    const again = ports.some(({ network_id }) => ids.includes(network_id)) ? ' again' : '';
    return [{ text: `joins ${network.name}${again}`, disruptive: false }];
  });
}

function lacksRouters(what: string): QuintupleoError {
  return new QuintupleoError(`${what} cannot be made: this cloud's Neutron has no routers`, {
    family: 'platform',
    code: 'CLOUD_LACKS',
    remedy: 'Leave routers and floating IPs out of the lab file.',
  });
}
