import { isOpenStackError } from '../../client/api-error.ts';
import type { CreateServer, Flavor, Server } from '../../client/compute-types.ts';
import type { Image } from '../../client/image.ts';
import { type Member, type Thing, thingsOf } from '../inventory.ts';
import { explaining } from './explain.ts';
import type { FirmwareImages } from './firmware-images.ts';
import { metadataKeys, metadataOf, projectTag } from './label.ts';
import type { NetworkRef } from './network-refs.ts';
import { type DesiredPort, ensurePort } from './ports.ts';
import { type Aspects, changedAspects, recordOf } from './record.ts';
import { removeMember } from './removal.ts';
import { createServer, deleteServer, isMaking, isOwn, stopServer, untilBuilt } from './servers.ts';
import { labelFor, type Site, thing } from './site.ts';
import { type DesiredTrunk, deleteCarriedPort, ensureTrunk, straysOf } from './trunks.ts';
import { type DesiredVolume, deleteVolume, ensureVolume } from './volumes.ts';

/** A server with all that it is made of: a node, or a host. */
export interface DesiredMachine {
  readonly kind: 'machine' | 'host' | 'service';
  readonly name: string;
  readonly ports: readonly DesiredPort[];
  readonly trunks: readonly DesiredTrunk[];
  readonly volumes: readonly DesiredVolume[];
  readonly flavor: Flavor;
  readonly aspects: Aspects;
  /** What a person wants to be written on it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether it is powered off once it has been built. */
  readonly endsOff: boolean;
  /** What Nova is asked for beside networks and metadata. `volumes`: IDs by part. */
  readonly body: (
    volumes: ReadonlyMap<string, string>,
  ) => Promise<Omit<CreateServer, 'networks' | 'metadata' | 'tags'>>;
}

/** What the machines of a lab are made with. */
export interface MachineParts {
  readonly flavors: readonly Flavor[];
  readonly firmware: FirmwareImages;
  /** An image by its name or ID; `what` needs it, for messages. */
  readonly image: (reference: string, what: string) => Promise<Image>;
  /** The ID of a server group by its name in the lab. */
  readonly groupId: (name: string) => string | undefined;
}

/**
 * Makes a machine, goes on with one that was begun, or mends one that is there.
 * @param networks - by name in the lab
 * @param anew - whether one that cannot become what is wanted may be deleted and made anew, with all its data
 */
export async function ensureMachine(
  site: Site,
  desired: DesiredMachine,
  networks: ReadonlyMap<string, NetworkRef>,
  before: Member | undefined,
  anew: boolean,
): Promise<Thing[]> {
  const found = await withoutUnusable(site, desired, before, anew);
  const ports: Thing<'port'>[] = [];
  for (const port of desired.ports) {
    const network = networks.get(port.network);
    if (network) ports.push(await ensurePort(site, desired, port, network, found));
  }
  const trunks: Thing<'trunk'>[] = [];
  for (const trunk of desired.trunks) trunks.push(await ensureTrunk(site, desired, trunk, ports, found));
  const volumes = await Promise.all(
    desired.volumes.map(volume => ensureVolume(site, desired, volume, found)),
  );
  const [existing] = thingsOf(found, 'server');
  const server = existing
    ? await mended(site, existing, desired, ports)
    : await create(site, desired, ports, volumes);
  const finished = await finish(site, server, desired);
  return [
    thing(site, 'server', labelFor(site, desired.kind, desired.name), finished),
    ...ports,
    ...trunks,
    ...volumes,
  ];
}

/** What is there and can be used; the rest is taken away. */
async function withoutUnusable(
  site: Site,
  desired: DesiredMachine,
  found: Member | undefined,
  anew: boolean,
): Promise<Member | undefined> {
  if (!found) return undefined;
  const adopted = thingsOf(found, 'server').filter(server => !isOwn(server));
  if (adopted.length > 0) {
    const isAdopted = ({ id }: Thing) => adopted.some(server => server.id === id);
    await removeMember(
      site,
      withoutParts(found, thing => !isAdopted(thing)),
    );
    return withoutUnusable(site, desired, withoutParts(found, isAdopted), anew);
  }
  const [server] = thingsOf(found, 'server');
  const changed = server
    ? changedAspects(server.metadata[metadataKeys.spec] ?? '', desired.aspects).length > 0
    : false;
  if (server && changed && (anew || isMaking(server))) {
    await removeMember(site, found);
    return undefined;
  }
  if (server && isMaking(server) && server.status === 'ERROR') {
    await deleteServer(site, server);
    return withoutParts(found, thing => thing.type === 'server');
  }
  const strays = new Set<Thing>(straysOf(found, desired));
  if (!server) {
    // Of a run that wanted something else and was interrupted.
    const disks = new Set(desired.volumes.map(({ part }) => part));
    for (const thing of found.things)
      if (thing.type === 'volume' && !disks.has(thing.label.part)) strays.add(thing);
  }
  const rest = withoutParts(found, thing => strays.has(thing));
  await removeStrays(site, { ...found, things: [...strays] }, rest);
  return rest;
}

async function removeStrays(site: Site, strays: Member, rest: Member): Promise<void> {
  const { trunks } = site.openstack.network;
  await explaining(`${rest.name}: what it no longer needs cannot be taken away`, async () => {
    for (const { id } of thingsOf(strays, 'trunk')) await trunks.delete(id, site.ctx);
    for (const port of thingsOf(strays, 'port')) await deleteCarriedPort(site, port, thingsOf(rest, 'trunk'));
    for (const volume of thingsOf(strays, 'volume')) await deleteVolume(site, volume);
  });
}

function withoutParts(member: Member, leftOut: (thing: Thing) => boolean): Member {
  return { ...member, things: member.things.filter(part => !leftOut(part)) };
}

async function create(
  site: Site,
  desired: DesiredMachine,
  ports: readonly Thing<'port'>[],
  volumes: readonly Thing<'volume'>[],
): Promise<Server> {
  const { kind, name, aspects, metadata } = desired;
  const volumeIds = new Map(volumes.map(({ label, id }) => [label.part, id]));
  const plugs = ports.filter(({ label }) => isCard(desired, label.part)).map(({ id }) => ({ port: id }));
  const ask = async () =>
    createServer(site, {
      ...(await desired.body(volumeIds)),
      networks: plugs.length > 0 ? plugs : 'none',
      tags: [projectTag],
      metadata: {
        ...metadata,
        ...metadataOf(labelFor(site, kind, name), site.expires),
        [metadataKeys.spec]: recordOf(aspects),
        [metadataKeys.making]: 'yes',
      },
    });
  const what = `${kind === 'machine' ? 'node' : kind} ${name} cannot be created`;
  return explaining(what, async () => {
    try {
      return await ask();
    } catch (error) {
      // Whoever took away the last lab of this project may have taken the firmware's image with it just now.
      if (isOpenStackError(error, 'bad-request', 'not-found') && /image/i.test(error.message)) return ask();
      throw error;
    }
  });
}

/** A server that is there already: its ports are plugged in, and it carries what shall be written on it. */
async function mended(
  site: Site,
  server: Server,
  desired: DesiredMachine,
  ports: readonly Thing<'port'>[],
): Promise<Server> {
  const { kind, name, metadata } = desired;
  for (const port of await unplugged(site, server, desired, ports)) {
    await explaining(`a port cannot be plugged into server ${server.name}`, () =>
      site.openstack.compute.attachPort(server.id, port, site.ctx),
    );
  }
  const wanted = { ...metadata, ...metadataOf(labelFor(site, kind, name), site.expires) };
  const changed = Object.entries(wanted).filter(([key, value]) => server.metadata[key] !== value);
  const endless = site.expires === undefined && metadataKeys.expires in server.metadata;
  await explaining(`the metadata of server ${server.name} cannot be set`, async () => {
    const { compute } = site.openstack;
    if (changed.length > 0) await compute.setMetadata(server.id, Object.fromEntries(changed), site.ctx);
    if (endless) await compute.deleteMetadata(server.id, metadataKeys.expires, site.ctx);
  });
  const { [metadataKeys.expires]: _, ...others } = server.metadata;
  return { ...server, metadata: { ...others, ...wanted } };
}

/** IDs of the ports that have to be plugged into a server that is there. */
async function unplugged(
  site: Site,
  server: Server,
  desired: DesiredMachine,
  ports: readonly Thing<'port'>[],
): Promise<readonly string[]> {
  const missing = ports
    .filter(({ it, label }) => it.device_id !== server.id && isCard(desired, label.part))
    .map(({ id }) => id);
  if (missing.length === 0 || !isMaking(server)) return missing;
  // Nova plugs in what the server was asked for with, while it builds it, and takes no other port until then.
  await untilBuilt(site, server);
  const its = await site.openstack.network.ports.list({ device_id: server.id }, site.ctx);
  return missing.filter(id => !its.some(port => port.id === id));
}

/** Whether a port is one of the server's own cards, and not carried by a trunk. */
function isCard({ ports }: DesiredMachine, part: string): boolean {
  return ports.some(port => port.part === part && !port.inTrunk);
}

/** Brings a server that is being made to its end; any other one stays as it is. */
async function finish(site: Site, server: Server, { endsOff }: DesiredMachine): Promise<Server> {
  if (!isMaking(server)) return server;
  const built = await untilBuilt(site, server);
  const ended = endsOff ? await stopServer(site, built) : built;
  await explaining(`the metadata of server ${server.name} cannot be set`, () =>
    site.openstack.compute.deleteMetadata(server.id, metadataKeys.making, site.ctx),
  );
  const { [metadataKeys.making]: _, ...metadata } = ended.metadata;
  return { ...ended, metadata };
}

/** The machine's own server, if there is one. */
export function serverOf(found: Member | undefined): Server | undefined {
  const servers = thingsOf(found, 'server');
  return servers.find(isOwn) ?? servers[0];
}
