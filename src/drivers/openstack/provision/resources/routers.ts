import { QuintupleoError } from '../../../../support/errors.ts';
import type { Port, Router } from '../../client/network-types.ts';
import { type Member, partOf, type Thing, thingsOf } from '../inventory.ts';
import type { Difference } from './difference.ts';
import { explaining } from './explain.ts';
import type { NetworkRef } from './network-refs.ts';
import { ensureTags, makeLabelled } from './networking.ts';
import { labelFor, type Site, thing } from './site.ts';

/** A router as a lab wants it, its networks looked up. */
export interface DesiredRouter {
  readonly name: string;
  /** ID of the external network. */
  readonly external: string | undefined;
  /** `undefined` leaves it to Neutron: only the cloud's operator may say so in many clouds. */
  readonly snat: boolean | undefined;
  readonly legs: readonly RouterLeg[];
}

/** A network of a lab that a router joins. */
export interface RouterLeg {
  /** Name in the lab. */
  readonly network: string;
  /** `undefined`: the gateway's address of each subnet. */
  readonly address?: string | undefined;
}

/** @param joined - ports by which the router is on networks */
export function routerDifferences(
  found: Member,
  desired: DesiredRouter,
  networks: ReadonlyMap<string, NetworkRef>,
  joined: readonly Port[],
): Difference[] {
  const [router] = thingsOf(found, 'router');
  if (!router) return [];
  const differences: Difference[] = [];
  const external = router.external_gateway_info?.network_id;
  if (external !== desired.external) {
    const text = desired.external === undefined ? 'no external network any more' : 'another external network';
    differences.push({ text, disruptive: external !== undefined });
  }
  const snat = router.external_gateway_info?.enable_snat;
  if (desired.snat !== undefined && snat !== undefined && snat !== desired.snat) {
    differences.push({ text: `SNAT is switched ${snat ? 'on' : 'off'}`, disruptive: false });
  }
  for (const leg of desired.legs) {
    const network = networks.get(leg.network);
    // One that is not there yet is made before.
    if (!network || missingLegs(leg, network, joined).length > 0) {
      differences.push({ text: `joins ${leg.network}`, disruptive: false });
    }
  }
  const ids = new Set(desired.legs.map(({ network }) => networks.get(network)?.network.id));
  if (joined.some(({ network_id }) => !ids.has(network_id))) {
    differences.push({ text: 'leaves a network', disruptive: true });
  }
  return differences;
}

/** The ports by which a router is on networks; not the one on its external network. */
export async function interfacesOf(site: Pick<Site, 'openstack' | 'ctx'>, router: Router): Promise<Port[]> {
  const ports = await site.openstack.network.ports.list({ device_id: router.id }, site.ctx);
  return ports.filter(({ device_owner }) => device_owner !== 'network:router_gateway');
}

/** Makes a router that joins its networks, or makes one that is there what it shall be. */
export async function ensureRouter(
  site: Site,
  desired: DesiredRouter,
  networks: ReadonlyMap<string, NetworkRef>,
  found: Member | undefined,
): Promise<Thing[]> {
  const label = labelFor(site, 'router', desired.name);
  const { network } = site.openstack;
  return explaining(`router ${desired.name} cannot be ${found ? 'changed' : 'made'}`, async () => {
    let [router] = thingsOf(found, 'router');
    if (router) {
      router = await updateRouter(site, router, desired);
      await ensureTags(site, 'routers', router, label);
    } else {
      const body = { name: `${site.lab}-${desired.name}`, ...gatewayBody(desired) };
      router = await makeLabelled(site, 'routers', network.routers, label, body);
    }
    const joined = await interfacesOf(site, router);
    const ids = new Set(desired.legs.map(leg => networks.get(leg.network)?.network.id));
    for (const port of joined.filter(({ network_id }) => !ids.has(network_id))) {
      await network.removeRouterInterface(router.id, { port_id: port.id }, site.ctx);
    }
    const ports: Thing[] = [];
    for (const leg of desired.legs)
      ports.push(...(await join(site, desired, router, leg, networks, joined, found)));
    return [thing(site, 'router', label, router), ...ports];
  });
}

function gatewayBody({ external, snat }: DesiredRouter) {
  if (external === undefined) return {};
  const withSnat = snat === undefined ? {} : { enable_snat: snat };
  return { external_gateway_info: { network_id: external, ...withSnat } };
}

async function updateRouter(site: Site, router: Router, desired: DesiredRouter): Promise<Router> {
  const now = router.external_gateway_info;
  const isSame =
    now?.network_id === desired.external && (desired.snat === undefined || now?.enable_snat === desired.snat);
  if (isSame) return router;
  const body = desired.external === undefined ? { external_gateway_info: null } : gatewayBody(desired);
  return site.openstack.network.routers.update(router.id, body, site.ctx);
}

/** The subnets of a network on which the router is not, or not with the address it shall have. */
function missingLegs(leg: RouterLeg, network: NetworkRef | undefined, joined: readonly Port[]) {
  const addresses = joined.flatMap(({ fixed_ips }) => fixed_ips);
  return legSubnets(leg, network).filter(
    ({ id }) =>
      !addresses.some(
        ({ subnet_id, ip_address }) =>
          subnet_id === id && (leg.address === undefined || ip_address === leg.address),
      ),
  );
}

/** A chosen address is of one subnet; without one the router is the gateway of every subnet that has one. */
function legSubnets({ address }: RouterLeg, network: NetworkRef | undefined) {
  const subnets = network?.subnets ?? [];
  if (address === undefined) return subnets.filter(({ gateway_ip }) => Boolean(gateway_ip));
  const version = address.includes(':') ? 6 : 4;
  return subnets.filter(({ ip_version }) => ip_version === version).slice(0, 1);
}

async function join(
  site: Site,
  { name }: DesiredRouter,
  router: Router,
  leg: RouterLeg,
  networks: ReadonlyMap<string, NetworkRef>,
  joined: readonly Port[],
  found: Member | undefined,
): Promise<Thing[]> {
  const network = networks.get(leg.network);
  if (!network || legSubnets(leg, network).length === 0) throw cannotJoin(name, leg);
  const { openstack, ctx } = site;
  const missing = missingLegs(leg, network, joined);
  if (leg.address === undefined) {
    for (const { id } of missing)
      await openstack.network.addRouterInterface(router.id, { subnet_id: id }, ctx);
    return [];
  }
  const label = labelFor(site, 'router', name, `port-${leg.network}`);
  let port = partOf(found, 'port', label.part);
  if (missing.length === 0) return port ? [thing(site, 'port', label, port)] : [];
  // Of another address, or of a run that ended before it was joined.
  if (port?.device_id) {
    await openstack.network.removeRouterInterface(router.id, { port_id: port.id }, ctx);
    port = undefined;
  }
  port ??= await makeLabelled(site, 'ports', openstack.network.ports, label, {
    name: `${site.lab}-${name}-${leg.network}`,
    network_id: network.network.id,
    fixed_ips: missing.map(({ id }) => ({ subnet_id: id, ip_address: leg.address })),
  });
  await openstack.network.addRouterInterface(router.id, { port_id: port.id }, ctx);
  return [thing(site, 'port', label, port)];
}

function cannotJoin(router: string, { network }: RouterLeg): QuintupleoError {
  return new QuintupleoError(`router ${router} cannot join ${network}: it has no subnet with a gateway`, {
    family: 'config',
    code: 'NETWORK_WITHOUT_GATEWAY',
    remedy: `Give ${network} a subnet, and a gateway or the router an address on it, in the lab file.`,
  });
}
