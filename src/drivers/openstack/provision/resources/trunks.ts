import type { NodeSpec } from '../../../../node/spec.ts';
import type { Port, Trunk } from '../../client/network-types.ts';
import { type Member, partOf, type Thing } from '../inventory.ts';
import { explaining } from './explain.ts';
import type { Label } from './label.ts';
import { ensureTags, makeLabelled } from './networking.ts';
import { type DesiredPort, vlanPart } from './ports.ts';
import { labelFor, type Site, thing } from './site.ts';

/** A network card that carries VLANs. */
export interface DesiredTrunk {
  /** `trunk-0`. */
  readonly part: string;
  /** The part that is the card itself. */
  readonly parent: string;
  readonly subports: readonly { readonly part: string; readonly vlan: number }[];
}

/** The cards of a node that carry VLANs. */
export function trunksOfNode({ nics }: NodeSpec): DesiredTrunk[] {
  return nics.flatMap(({ cloud }, index) => {
    const vlans = cloud?.vlans ?? [];
    if (vlans.length === 0) return [];
    const subports = vlans.map(({ vlan }) => ({ part: vlanPart(index, vlan), vlan }));
    return [{ part: `trunk-${index}`, parent: `port-${index}`, subports }];
  });
}

/** VLANs that a trunk does not carry though it shall, and those that it carries though it shall not. @param idOf - ID of a port, by its part */
export function subportChanges(
  trunk: Trunk,
  { subports }: DesiredTrunk,
  idOf: (part: string) => string | undefined,
) {
  const wanted = wantedSubports(subports, idOf);
  const isSame = (one: (typeof wanted)[number], { port_id, segmentation_id }: Trunk['sub_ports'][number]) =>
    one.port_id === port_id && one.segmentation_id === segmentation_id;
  return {
    missing: wanted.filter(one => !trunk.sub_ports.some(carried => isSame(one, carried))),
    surplus: trunk.sub_ports.filter(carried => !wanted.some(one => isSame(one, carried))),
  };
}

function wantedSubports(subports: DesiredTrunk['subports'], idOf: (part: string) => string | undefined) {
  return subports.map(({ part, vlan }) => ({
    port_id: idOf(part) ?? '',
    segmentation_type: 'vlan' as const,
    segmentation_id: vlan,
  }));
}

/** Makes a trunk of ports that are there, or makes one that is there what it shall be. */
export async function ensureTrunk(
  site: Site,
  owner: Pick<Label, 'kind' | 'name'>,
  desired: DesiredTrunk,
  ports: readonly Thing<'port'>[],
  found: Member | undefined,
): Promise<Thing<'trunk'>> {
  const label = labelFor(site, owner.kind, owner.name, desired.part);
  const { network } = site.openstack;
  const idOf = (part: string) => ports.find(port => port.label.part === part)?.id;
  return explaining(`${owner.name}: its trunk of VLANs cannot be made`, async () => {
    const trunk = partOf(found, 'trunk', desired.part);
    if (trunk && trunk.port_id === idOf(desired.parent)) {
      await ensureTags(site, 'trunks', trunk, label);
      // Ports that it carried may just have been taken away.
      const now = await network.trunks.get(trunk.id, site.ctx);
      const { missing, surplus } = subportChanges(now, desired, idOf);
      if (surplus.length > 0) await network.removeSubports(trunk.id, portsOf(surplus), site.ctx);
      if (missing.length > 0) await network.addSubports(trunk.id, missing, site.ctx);
      return thing(site, 'trunk', label, { ...trunk, sub_ports: wantedSubports(desired.subports, idOf) });
    }
    if (trunk) await network.trunks.delete(trunk.id, site.ctx);
    const made = await makeLabelled(site, 'trunks', network.trunks, label, {
      port_id: idOf(desired.parent) ?? '',
      name: `${site.lab}-${owner.name}-${desired.part}`,
      sub_ports: wantedSubports(desired.subports, idOf),
    });
    return thing(site, 'trunk', label, made);
  });
}

/** Ports and trunks of a machine that it shall not have: of VLANs that its cards no longer carry. */
export function straysOf(
  found: Member,
  { ports, trunks }: { readonly ports: readonly DesiredPort[]; readonly trunks: readonly DesiredTrunk[] },
): Thing[] {
  const wanted = new Set([...ports, ...trunks].map(({ part }) => part));
  return found.things.filter(
    ({ type, label }) => (type === 'port' || type === 'trunk') && !wanted.has(label.part),
  );
}

/** Deletes a port that trunks of the same machine may carry. */
export async function deleteCarriedPort(site: Site, port: Port, trunks: readonly Trunk[]): Promise<void> {
  const { network } = site.openstack;
  for (const { id, sub_ports } of trunks) {
    const carried = sub_ports.filter(({ port_id }) => port_id === port.id);
    if (carried.length > 0) await network.removeSubports(id, portsOf(carried), site.ctx);
  }
  await network.ports.delete(port.id, site.ctx);
}

function portsOf(subports: Trunk['sub_ports']) {
  return subports.map(({ port_id }) => ({ port_id }));
}
