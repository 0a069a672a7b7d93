import type { ResourceKind } from '../../../../node/driver.ts';
import type { LabSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import type { OpenStack } from '../../client/openstack.ts';
import type { FoundLab } from '../inventory.ts';
import { Lookups } from '../lookups.ts';
import type { FirmwareImages } from '../resources/firmware-images.ts';
import { hostMember } from './host.ts';
import { groupMember, keypairMember } from './named.ts';
import { networkMember } from './network.ts';
import { nodeMember } from './node.ts';
import { routerMember } from './router.ts';
import { type ServiceParts, serviceMember } from './service.ts';
import type { WantedMember } from './wanted-member.ts';

/** Everything that a lab wants. Networks and instances that exist are used, but are no members. */
export class LabMembers {
  readonly all: readonly WantedMember[];
  readonly #byKey: ReadonlyMap<string, WantedMember>;
  readonly #lookups: Lookups;

  constructor(
    lab: LabSpec,
    owner: string,
    openstack: OpenStack,
    firmware: FirmwareImages,
    service: ServiceParts | undefined,
  ) {
    const lookups = new Lookups(openstack, lab, 'plan');
    this.#lookups = lookups;
    const around = { lookups, firmware };
    const { routers = [], serverGroups = [], hosts = [] } = lab.cloud ?? {};
    this.all = [
      ...lab.networks
        .filter(({ cloud }) => cloud?.existing === undefined)
        .map(network => networkMember(network, lab, lookups)),
      ...routers.map(router => routerMember(router, lab, lookups, openstack)),
      ...serverGroups.map(groupMember),
      ...hosts.flatMap(keypairMember),
      ...serviceMembers(lab, owner, lookups, openstack, service),
      ...hosts.map(host => hostMember(host, lab, owner, around)),
      ...lab.nodes.map(node => nodeMember(node, lab, around)),
    ];
    this.#byKey = new Map(this.all.map(member => [`${member.kind} ${member.name}`, member]));
  }

  /**
   * Looks whether the networks exist that the lab uses without making them.
   * @throws QuintupleoError `NETWORK_NOT_FOUND`, `NETWORK_AMBIGUOUS`
   */
  async checkNetworks(found: FoundLab): Promise<void> {
    await this.#lookups.networks(found);
  }

  get(kind: ResourceKind, name: string): WantedMember | undefined {
    return this.#byKey.get(`${kind} ${name}`);
  }
}

function serviceMembers(
  lab: LabSpec,
  owner: string,
  lookups: Lookups,
  openstack: OpenStack,
  parts: ServiceParts | undefined,
): WantedMember[] {
  const service = lab.cloud?.service;
  if (!service) return [];
  if (!parts) {
    throw new QuintupleoError('a service instance cannot be made here', {
      family: 'bug',
      code: 'NOT_A_MAKER',
    });
  }
  return [serviceMember(service, lab, owner, { lookups, openstack, parts })];
}
