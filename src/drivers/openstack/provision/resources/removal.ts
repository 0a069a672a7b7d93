import { QuintupleoError } from '../../../../support/errors.ts';
import { poll } from '../../../../support/wait.ts';
import { isOpenStackError } from '../../client/api-error.ts';
import type { Server } from '../../client/compute-types.ts';
import type { Network, Port, Router } from '../../client/network-types.ts';
import { credentialsOf, revokeCredentials } from '../../service/credential.ts';
import { collectServiceImages } from '../../service/image.ts';
import { type Member, thingsOf } from '../inventory.ts';
import { explaining } from './explain.ts';
import { metadataKeys } from './label.ts';
import { deleteServer, endRescue, isOwn } from './servers.ts';
import type { Site } from './site.ts';
import { deleteVolume } from './volumes.ts';

/** How long Neutron is given to let go of ports that nobody but itself has on a network. Milliseconds. */
const release = { every: 1000, within: 60_000 };

/**
 * Takes away all that was made for a member of a lab, in the order in which the cloud lets it go. What is already gone
 * is no error, so that it may be called again after it was interrupted. A server that the lab only adopted stays.
 */
export async function removeMember(site: Site, member: Member): Promise<void> {
  const { network, compute } = site.openstack;
  const name = `${member.kind} ${member.name}`;
  try {
    await Promise.all(thingsOf(member, 'server').map(server => releaseServer(site, server)));
  } finally {
    // Tokens outlive the credential by which they were had, so that whoever has one is gone before. A server that stays
    // in spite of that is no reason to leave it the credential.
    if (member.kind === 'service') await revokeCredentials(site, await credentialsOf(site));
  }
  await explaining(`${name} cannot be taken away`, async () => {
    for (const { id } of thingsOf(member, 'floating-ip')) await network.floatingIps.delete(id, site.ctx);
    for (const { id } of thingsOf(member, 'trunk')) await network.trunks.delete(id, site.ctx);
    for (const router of thingsOf(member, 'router')) await removeRouter(site, router);
    for (const { id } of thingsOf(member, 'port')) await network.ports.delete(id, site.ctx);
    await Promise.all(thingsOf(member, 'volume').map(volume => deleteVolume(site, volume)));
    const networks = thingsOf(member, 'network');
    for (const one of networks) await removeNetwork(site, one);
    // Those of a network go with it.
    for (const { id, network_id } of thingsOf(member, 'subnet')) {
      if (!networks.some(one => one.id === network_id)) await network.subnets.delete(id, site.ctx);
    }
    for (const { id } of thingsOf(member, 'server-group')) await compute.serverGroups.delete(id, site.ctx);
    for (const keypair of thingsOf(member, 'keypair')) await compute.keypairs.delete(keypair.name, site.ctx);
  });
  if (member.kind === 'service') await collectServiceImages(site.openstack, site.log, site.ctx);
}

async function releaseServer(site: Site, server: Server): Promise<void> {
  if (isOwn(server)) await deleteServer(site, server);
  else await forgetServer(site, server);
}

/** Takes from a server that was there before the lab whatever the lab has written on it. */
async function forgetServer(site: Site, server: Server): Promise<void> {
  const { id, name, metadata } = server;
  await explaining(`server ${name} cannot be released`, async () => {
    // Which the lab has put it into, and in which Nova takes nothing from its metadata.
    await endRescue(site, server);
    // The one by which it is found goes last, for the case that this is interrupted.
    const keys = Object.values(metadataKeys).filter(key => key in metadata && key !== metadataKeys.lab);
    for (const key of [...keys, metadataKeys.lab]) {
      await site.openstack.compute.deleteMetadata(id, key, site.ctx);
    }
  });
}

async function removeRouter(site: Site, router: Router): Promise<void> {
  const { network } = site.openstack;
  for (const port of await network.ports.list({ device_id: router.id }, site.ctx)) {
    if (!/interface/.test(port.device_owner)) continue;
    await network.removeRouterInterface(router.id, { port_id: port.id }, site.ctx);
  }
  await network.routers.delete(router.id, site.ctx);
}

async function removeNetwork(site: Site, { id, name }: Network): Promise<void> {
  const { network } = site.openstack;
  const gone = await poll(site.clock, { ...release, signal: site.ctx.signal }, async () => {
    try {
      await network.networks.delete(id, site.ctx);
      return true;
    } catch (error) {
      if (!isOpenStackError(error, 'conflict')) throw error;
      const ports = await network.ports.list({ network_id: id }, site.ctx);
      const others = ports.filter(({ device_owner }) => !device_owner.startsWith('network:dhcp'));
      if (others.length > 0) throw inUse(name, others, error);
      return undefined;
    }
  });
  if (!gone) throw inUse(name, await network.ports.list({ network_id: id }, site.ctx));
}

// A screen of ports helps nobody.
const mostNamed = 5;

function inUse(network: string, ports: readonly Port[], cause?: unknown): QuintupleoError {
  const named = ports.slice(0, mostNamed).map(describePort);
  const more = ports.length > mostNamed ? ` and ${ports.length - mostNamed} more` : '';
  return new QuintupleoError(
    `network ${network} cannot be deleted: on it there are still ports that this lab did not make: ${named.join(', ')}${more}`,
    {
      family: 'platform',
      code: 'NETWORK_IN_USE',
      remedy: 'Delete them, or detach whatever uses them; then run the command again.',
      cause,
    },
  );
}

function describePort({ id, name, device_owner, device_id }: Port): string {
  const user = device_id === '' ? 'unused' : `${device_owner} of ${device_id}`;
  return `${name || id} (${user})`;
}
