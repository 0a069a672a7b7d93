import type { LabSpec, NetworkSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import { isOpenStackError } from '../../client/api-error.ts';
import type { CallContext } from '../../client/call.ts';
import type { Network, Subnet } from '../../client/network-types.ts';
import type { OpenStack } from '../../client/openstack.ts';
import { type FoundLab, type Member, thingsOf } from '../inventory.ts';

/** A network of a lab as its ports need it, whether the lab made it or only uses it. */
export interface NetworkRef {
  readonly spec: NetworkSpec;
  readonly network: Network;
  readonly subnets: readonly Subnet[];
}

/** The network that a lab uses though it did not make it. */
export async function findExisting(
  openstack: OpenStack,
  spec: NetworkSpec,
  reference: string,
  ctx: CallContext,
): Promise<NetworkRef> {
  const network = await findNetwork(openstack, reference, `network ${spec.name}`, ctx);
  const subnets = await openstack.network.subnets.list({ network_id: network.id }, ctx);
  return { spec, network, subnets };
}

/**
 * The one network of that ID or name.
 * @param what - what needs it, for messages
 * @throws QuintupleoError `NETWORK_NOT_FOUND`, `NETWORK_AMBIGUOUS`
 */
export async function findNetwork(
  openstack: OpenStack,
  reference: string,
  what: string,
  ctx: CallContext,
): Promise<Network> {
  const { networks } = openstack.network;
  const named = await networks.list({ name: reference }, ctx);
  const [network, another] = named;
  if (network && !another) return network;
  if (another) {
    throw new QuintupleoError(`${what}: the cloud has ${named.length} networks with the name ${reference}`, {
      family: 'config',
      code: 'NETWORK_AMBIGUOUS',
      remedy: `Give the ID of one in the lab file: ${named.map(({ id }) => id).join(', ')}.`,
    });
  }
  try {
    return await networks.get(reference, ctx);
  } catch (error) {
    if (!isOpenStackError(error, 'not-found', 'bad-request')) throw error;
    throw new QuintupleoError(`${what}: the cloud has no network ${reference} that this project can see`, {
      family: 'config',
      code: 'NETWORK_NOT_FOUND',
      remedy: 'Look at the names with: openstack network list.',
    });
  }
}

/** The networks that a lab has made, by their name in the lab; those that are not there are left out. */
export function ownNetworks(lab: LabSpec, found: FoundLab | undefined): Map<string, NetworkRef> {
  const refs = new Map<string, NetworkRef>();
  for (const spec of lab.networks) {
    const member = memberOf(found, 'network', spec.name);
    const [network] = thingsOf(member, 'network');
    if (network) refs.set(spec.name, { spec, network, subnets: thingsOf(member, 'subnet') });
  }
  return refs;
}

/** The member of a lab of that kind and name. */
export function memberOf(
  found: FoundLab | undefined,
  kind: Member['kind'],
  name: string,
): Member | undefined {
  return found?.members.find(member => member.kind === kind && member.name === name);
}
