import type { ResourceKind } from '../../../node/driver.ts';
import type { LabSpec } from '../../../node/spec.ts';
import type { OpenStack } from '../client/openstack.ts';
import { Lookups } from '../lookups.ts';
import type { FirmwareImages } from '../resources/firmware-images.ts';
import { hostMember } from './host.ts';
import { groupMember, keypairMember } from './named.ts';
import { networkMember } from './network.ts';
import { nodeMember } from './node.ts';
import { routerMember } from './router.ts';
import type { WantedMember } from './wanted-member.ts';

/** Everything that a lab wants. Networks and instances that exist are used, but are no members. */
export class LabMembers {
  readonly all: readonly WantedMember[];
  readonly #byKey: ReadonlyMap<string, WantedMember>;

  constructor(lab: LabSpec, owner: string, openstack: OpenStack, firmware: FirmwareImages) {
    const lookups = new Lookups(openstack, lab, 'plan');
    const around = { lookups, firmware };
    const { routers = [], serverGroups = [], hosts = [] } = lab.cloud ?? {};
    this.all = [
      ...lab.networks
        .filter(({ cloud }) => cloud?.existing === undefined)
        .map(network => networkMember(network, lab, lookups)),
      ...routers.map(router => routerMember(router, lab, lookups, openstack)),
      ...serverGroups.map(groupMember),
      ...hosts.flatMap(keypairMember),
      ...hosts.map(host => hostMember(host, lab, owner, around)),
      ...lab.nodes.map(node => nodeMember(node, lab, around)),
    ];
    this.#byKey = new Map(this.all.map(member => [`${member.kind} ${member.name}`, member]));
  }

  get(kind: ResourceKind, name: string): WantedMember | undefined {
    return this.#byKey.get(`${kind} ${name}`);
  }
}
