import { QuintupleoError } from '../../../../support/errors.ts';
import { isOpenStackError } from '../../client/api-error.ts';
import type { CreateServer, Server } from '../../client/compute-types.ts';
import { explaining } from './explain.ts';
import { labelInMetadata, metadataKeys } from './label.ts';
import type { Site } from './site.ts';

const minute = 60_000;

/** Milliseconds that a cloud is given, generously: the bound is there for what never comes. */
const bounds = { create: 20 * minute, stop: 5 * minute, rescue: 5 * minute, delete: 10 * minute };

/** Whether a lab made the server, rather than adopting it; only such a one is ever deleted. */
export function isOwn(server: Server): boolean {
  return server.metadata[metadataKeys.spec] !== undefined;
}

/** Whether the server has not been finished. */
export function isMaking(server: Server): boolean {
  return server.metadata[metadataKeys.making] !== undefined;
}

/** Asks for a server, by whose metadata the next run finds it. */
export async function createServer(site: Site, body: CreateServer): Promise<Server> {
  const { compute } = site.openstack;
  const label = labelInMetadata(body.metadata ?? {});
  const find = async () => {
    const { servers } = await compute.listServers({ details: true }, site.ctx);
    return servers.find(server => {
      const other = labelInMetadata(server.metadata);
      return (
        label !== undefined &&
        other?.lab === label.lab &&
        other.owner === label.owner &&
        other.kind === label.kind &&
        other.name === label.name
      );
    });
  };
  const { id } = await compute.createServer(body, { find }, site.ctx);
  return { id, name: body.name, status: 'BUILD', metadata: { ...body.metadata }, addresses: {} };
}

/**
 * Waits until a server that was asked for has been built.
 * @throws QuintupleoError `SERVER_FAILED` with Nova's own reason
 */
export function untilBuilt(site: Site, { id, name }: Server): Promise<Server> {
  return site.servers.until({
    id,
    what: `server ${name} has been built`,
    within: bounds.create,
    signal: site.ctx.signal,
    look: server => {
      if (!server) throw gone(name);
      if (server.status === 'ERROR') throw failed(server);
      const atRest = !server['OS-EXT-STS:task_state'];
      return atRest && (server.status === 'ACTIVE' || server.status === 'SHUTOFF') ? server : undefined;
    },
  });
}

/** Powers a server off that is at rest. */
export async function stopServer(site: Site, server: Server): Promise<Server> {
  const { id, name } = server;
  if (server.status === 'SHUTOFF') return server;
  await explaining(`server ${name} cannot be powered off`, async () => {
    try {
      await site.openstack.compute.act(id, 'stop', site.ctx);
    } catch (error) {
      // Somebody, or a run before this one, was faster: whether it goes off is seen next.
      if (!isOpenStackError(error, 'conflict')) throw error;
    }
  });
  return site.servers.until({
    id,
    what: `server ${name} is powered off`,
    within: bounds.stop,
    signal: site.ctx.signal,
    look: now => {
      if (!now) throw gone(name);
      return now.status === 'SHUTOFF' && !now['OS-EXT-STS:task_state'] ? now : undefined;
    },
  });
}

/** Takes a server out of rescue mode if it is in it, by which Nova starts it from its disk. */
export async function endRescue(site: Site, server: Server): Promise<void> {
  const { id, name } = server;
  const inRescue = (one: Server) => one['OS-EXT-STS:vm_state'] === 'rescued';
  if (!inRescue(server) && server['OS-EXT-STS:task_state'] !== 'rescuing') return;
  const atRest = (what: string) =>
    site.servers.until({
      id,
      what: `server ${name} ${what}`,
      within: bounds.rescue,
      signal: site.ctx.signal,
      look: now => {
        if (!now) throw gone(name);
        return now['OS-EXT-STS:task_state'] ? undefined : now;
      },
    });
  if (!inRescue(await atRest('is at rest'))) return;
  await site.openstack.compute.act(id, 'unrescue', site.ctx);
  await atRest('has left rescue mode');
}

/** Deletes a server in whatever state it is, and waits until it is gone. */
export async function deleteServer(site: Site, server: Server): Promise<void> {
  const { id, name } = server;
  await explaining(`server ${name} cannot be deleted`, async () => {
    try {
      await site.openstack.compute.deleteServer(id, site.ctx);
    } catch (error) {
      if (!isOpenStackError(error, 'conflict')) throw error;
      if (server.locked || /locked/i.test(error.message)) throw locked(name, error);
      // In a transition that Nova wants to end first; the same call is made again below.
    }
  });
  let asked = site.clock.now();
  await site.servers.until({
    id,
    what: `server ${name} is gone`,
    within: bounds.delete,
    signal: site.ctx.signal,
    look: now => {
      // One that is DELETED is listed, and counted, until Nova has written that down to the end.
      if (!now || now.status === 'SOFT_DELETED') return true;
      const idle = now['OS-EXT-STS:task_state'] !== 'deleting' && site.clock.now() - asked > 10_000;
      if (idle) {
        asked = site.clock.now();
        // A refusal shows in the next look, and in the end as the time that is up.
        site.openstack.compute.deleteServer(id, site.ctx).catch(error => {
          site.log.warn({ server: id, error: String(error) }, 'this server cannot be deleted yet');
        });
      }
      return undefined;
    },
  });
}

function locked(name: string, cause: unknown): QuintupleoError {
  return new QuintupleoError(`server ${name} cannot be deleted: it is locked`, {
    family: 'platform',
    code: 'SERVER_LOCKED',
    remedy: `Unlock it with: openstack server unlock ${name}. Then run the command again.`,
    cause,
  });
}

function gone(name: string): QuintupleoError {
  return new QuintupleoError(`server ${name} is gone: somebody deleted it`, {
    family: 'platform',
    code: 'SERVER_GONE',
    remedy: 'Run the command again.',
  });
}

function failed(server: Server): QuintupleoError {
  const reason = server.fault?.message ?? 'the cloud does not say why';
  return new QuintupleoError(`server ${server.name} could not be built: ${reason}`, {
    family: 'platform',
    code: 'SERVER_FAILED',
    remedy: /no valid host/i.test(reason)
      ? 'No hypervisor has room for it, or none fits its flavor, availability zone and server group: ask for less or for another one of these, and run up again.'
      : 'Run up again: it is made anew. If it stays, tell the operator of the cloud the ID ' +
        `${server.id}.`,
  });
}
