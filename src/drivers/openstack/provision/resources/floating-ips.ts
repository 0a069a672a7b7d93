import { type Member, partOf, type Thing, thingsOf } from '../inventory.ts';
import type { Difference } from './difference.ts';
import { explaining } from './explain.ts';
import type { Label } from './label.ts';
import { ensureTags, makeLabelled } from './networking.ts';
import { labelFor, type Site, thing } from './site.ts';

const part = 'floating-ip';

/** @param external - ID of the external network; `undefined`: there shall be none */
export function floatingIpDifferences(found: Member, external: string | undefined): Difference[] {
  const [existing] = thingsOf(found, 'floating-ip');
  const port = partOf(found, 'port', 'port-0');
  if (external === undefined) {
    return existing
      ? [{ text: `no floating IP ${existing.floating_ip_address} any more`, disruptive: true }]
      : [];
  }
  if (!existing) return [{ text: 'a floating IP', disruptive: false }];
  if (existing.floating_network_id !== external) return [{ text: 'another floating IP', disruptive: true }];
  return port && existing.port_id !== port.id
    ? [{ text: `its floating IP ${existing.floating_ip_address} leads elsewhere`, disruptive: false }]
    : [];
}

/**
 * Gives the first card of a host a floating IP, or takes it away.
 * @param owner - whose it is; `address`: to which of several fixed ones it leads
 */
export async function ensureFloatingIp(
  site: Site,
  owner: Pick<Label, 'kind' | 'name'> & { readonly address?: string },
  external: string | undefined,
  port: string | undefined,
  found: Member | undefined,
): Promise<Thing[]> {
  const label = labelFor(site, owner.kind, owner.name, part);
  const { floatingIps } = site.openstack.network;
  return explaining(`${owner.kind} ${owner.name} cannot get a floating IP`, async () => {
    let [existing] = thingsOf(found, 'floating-ip');
    if (existing && existing.floating_network_id !== external) {
      await floatingIps.delete(existing.id, site.ctx);
      existing = undefined;
    }
    if (external === undefined || port === undefined) return [];
    if (!existing) {
      const body = { floating_network_id: external, port_id: port, fixed_ip_address: owner.address };
      return [
        thing(site, 'floating-ip', label, await makeLabelled(site, 'floatingips', floatingIps, label, body)),
      ];
    }
    await ensureTags(site, 'floatingips', existing, label);
    if (existing.port_id === port) return [thing(site, 'floating-ip', label, existing)];
    return [
      thing(
        site,
        'floating-ip',
        label,
        await floatingIps.update(existing.id, { port_id: port, fixed_ip_address: owner.address }, site.ctx),
      ),
    ];
  });
}
