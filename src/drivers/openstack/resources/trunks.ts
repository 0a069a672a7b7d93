import type { NodeSpec } from '../../../node/spec.ts';
import { type Member, partOf, type Thing } from '../inventory.ts';
import { explaining } from './explain.ts';
import type { Label } from './label.ts';
import { ensureTags, makeLabelled } from './networking.ts';
import { vlanPart } from './ports.ts';
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

/** Makes a trunk of ports that are there, or makes one that is there anew if it is another one. */
export async function ensureTrunk(
  site: Site,
  owner: Pick<Label, 'kind' | 'name'>,
  desired: DesiredTrunk,
  ports: readonly Thing<'port'>[],
  found: Member | undefined,
): Promise<Thing<'trunk'>> {
  const label = labelFor(site, owner.kind, owner.name, desired.part);
  const { trunks } = site.openstack.network;
  const idOf = (part: string) => ports.find(port => port.label.part === part)?.id ?? '';
  return explaining(`${owner.name}: its trunk of VLANs cannot be made`, async () => {
    const trunk = partOf(found, 'trunk', desired.part);
    if (trunk?.port_id === idOf(desired.parent)) {
      await ensureTags(site, 'trunks', trunk, label);
      return thing(site, 'trunk', label, trunk);
    }
    const made = await makeLabelled(site, 'trunks', trunks, label, {
      port_id: idOf(desired.parent),
      name: `${site.lab}-${owner.name}-${desired.part}`,
      sub_ports: desired.subports.map(({ part, vlan }) => ({
        port_id: idOf(part),
        segmentation_type: 'vlan' as const,
        segmentation_id: vlan,
      })),
    });
    return thing(site, 'trunk', label, made);
  });
}
