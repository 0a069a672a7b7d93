import { QuintupleoError } from '../../../../support/errors.ts';
import type { CallContext } from '../../client/call.ts';
import type { Server } from '../../client/compute-types.ts';
import type { OpenStack } from '../../client/openstack.ts';
import { type Member, type Thing, thingsOf } from '../inventory.ts';
import type { Difference } from './difference.ts';
import { explaining } from './explain.ts';
import { labelInMetadata, metadataKeys, metadataOf } from './label.ts';
import { removeMember } from './removal.ts';
import { isOwn } from './servers.ts';
import { labelFor, type Site, thing } from './site.ts';

/** What of a node is not as it shall be if it is an instance that existed before the lab. */
export function adoptionDifferences(found: Member, reference: string): Difference[] {
  const [server] = thingsOf(found, 'server');
  if (server && !isOwn(server) && isCalled(server, reference)) return [];
  const text = `becomes the existing instance ${reference}`;
  const own = server && isOwn(server);
  return [
    {
      text: own ? `${text}; the one that the lab made is deleted, its data is lost` : text,
      disruptive: own === true,
    },
  ];
}

/**
 * Makes an instance that exists a node of the lab, by nothing more than metadata that can be taken from it again.
 * @throws QuintupleoError `INSTANCE_NOT_FOUND`, `INSTANCE_AMBIGUOUS`, `INSTANCE_TAKEN`
 */
export async function adopt(
  site: Site,
  node: string,
  reference: string,
  found: Member | undefined,
): Promise<Thing[]> {
  const { compute } = site.openstack;
  const server = await findInstance(site.openstack, reference, node, site.ctx);
  const label = labelFor(site, 'machine', node);
  const taken = labelInMetadata(server.metadata);
  if (taken && (taken.lab !== site.lab || taken.owner !== site.owner || taken.name !== node)) {
    throw new QuintupleoError(
      `${reference} cannot be node ${node}: it is ${taken.name} of lab ${taken.lab} already`,
      {
        family: 'user',
        code: 'INSTANCE_TAKEN',
        remedy: `Take that lab down first, or remove the metadata ${metadataKeys.lab} from the instance.`,
      },
    );
  }
  const others = found && { ...found, things: found.things.filter(({ id }) => id !== server.id) };
  if (others && others.things.length > 0) await removeMember(site, others);
  const metadata = metadataOf(label, site.expires);
  const isWritten = Object.entries(metadata).every(([key, value]) => server.metadata[key] === value);
  if (!isWritten) {
    await explaining(`${reference} cannot become node ${node}`, () =>
      compute.setMetadata(server.id, metadata, site.ctx),
    );
  }
  return [thing(site, 'server', label, { ...server, metadata: { ...server.metadata, ...metadata } })];
}

/**
 * The one instance of that ID or name.
 * @throws QuintupleoError `INSTANCE_NOT_FOUND`, `INSTANCE_AMBIGUOUS`
 */
export async function findInstance(
  openstack: OpenStack,
  reference: string,
  node: string,
  ctx: CallContext,
): Promise<Server> {
  const { servers } = await openstack.compute.listServers({ details: true }, ctx);
  const called = servers.filter(server => isCalled(server, reference));
  const byId = called.find(({ id }) => id === reference);
  if (byId) return byId;
  const [server, another] = called;
  if (server && !another) return server;
  throw new QuintupleoError(
    another
      ? `node ${node}: the project has ${called.length} instances with the name ${reference}`
      : `node ${node}: the project has no instance ${reference}`,
    {
      family: 'config',
      code: another ? 'INSTANCE_AMBIGUOUS' : 'INSTANCE_NOT_FOUND',
      remedy: another
        ? `Give the ID of one in the lab file: ${called.map(({ id }) => id).join(', ')}.`
        : 'Look at the names with: openstack server list.',
    },
  );
}

function isCalled({ id, name }: Server, reference: string): boolean {
  return id === reference || name === reference;
}
