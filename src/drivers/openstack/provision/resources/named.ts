import type { CloudServerGroup } from '../../../../node/cloud-spec.ts';
import { type Member, type Thing, thingsOf } from '../inventory.ts';
import type { Difference } from './difference.ts';
import { explaining } from './explain.ts';
import { nameOfLabel } from './label.ts';
import { removeMember } from './removal.ts';
import { labelFor, type Site, thing } from './site.ts';

/** An SSH public key that is a lab's own. */
export interface DesiredKeypair {
  /** Of the host that it is for. */
  readonly name: string;
  readonly publicKey: string;
}

/** A server group can only be made anew; servers that are in it stay where they are. */
export function groupDifferences(found: Member, { policy }: CloudServerGroup): Difference[] {
  const [group] = thingsOf(found, 'server-group');
  if (!group || policyOf(group) === policy) return [];
  return [
    { text: `${policyOf(group)} → ${policy}, for servers that are made from now on`, disruptive: false },
  ];
}

export async function ensureGroup(
  site: Site,
  { name, policy }: CloudServerGroup,
  found: Member | undefined,
): Promise<Thing[]> {
  const label = labelFor(site, 'server-group', name);
  const { serverGroups } = site.openstack.compute;
  return explaining(`server group ${name} cannot be made`, async () => {
    const [existing] = thingsOf(found, 'server-group');
    if (existing && policyOf(existing) === policy) return [thing(site, 'server-group', label, existing)];
    if (found) await removeMember(site, found);
    const find = async () =>
      (await serverGroups.list(site.ctx)).find(group => group.name === nameOfLabel(label));
    const group = await serverGroups.create({ name: nameOfLabel(label), policy }, { find }, site.ctx);
    return [thing(site, 'server-group', label, group)];
  });
}

/** A keypair can only be made anew; it is the host that has to be made anew for it. */
export function keypairDifferences(found: Member, { publicKey }: DesiredKeypair): Difference[] {
  const [keypair] = thingsOf(found, 'keypair');
  return keypair && !isSameKey(keypair.public_key, publicKey)
    ? [{ text: 'another key', disruptive: false }]
    : [];
}

export async function ensureKeypair(
  site: Site,
  { name, publicKey }: DesiredKeypair,
  found: Member | undefined,
): Promise<Thing[]> {
  const label = labelFor(site, 'keypair', name);
  const { keypairs } = site.openstack.compute;
  return explaining(`the keypair of host ${name} cannot be made`, async () => {
    const [existing] = thingsOf(found, 'keypair');
    if (existing && isSameKey(existing.public_key, publicKey))
      return [thing(site, 'keypair', label, existing)];
    if (found) await removeMember(site, found);
    const find = async () => (await keypairs.list(site.ctx)).find(other => other.name === nameOfLabel(label));
    const keypair = await keypairs.create(
      { name: nameOfLabel(label), public_key: publicKey },
      { find },
      site.ctx,
    );
    return [thing(site, 'keypair', label, keypair)];
  });
}

/** The comment at a key's end makes no other key of it. */
function isSameKey(one: string, other: string): boolean {
  const bare = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(' ');
  return bare(one) === bare(other);
}

function policyOf({ policies, ...group }: { policies: readonly string[]; [field: string]: unknown }): string {
  return policies[0] ?? (typeof group.policy === 'string' ? group.policy : '');
}
