import { QuintupleoError } from '../../support/errors.ts';
import type { CallContext } from './client/call.ts';
import type { Server } from './client/compute-types.ts';
import type { OpenStack } from './client/openstack.ts';
import { labelInMetadata } from './provision/resources/label.ts';

/** Which instances are meant. */
export interface ServerChoice {
  /** Names or IDs. */
  readonly servers: readonly string[];
  /** All that carry this tag as well. */
  readonly tag: string | undefined;
}

/** An instance as a lab file describes it. */
export interface AdoptableServer {
  readonly id: string;
  readonly name: string;
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  readonly firmware: 'bios' | 'uefi';
  readonly disks: readonly { readonly source: 'local' | 'volume' /** GiB. */; readonly size: number }[];
  readonly nics: readonly { readonly mac: string /** ID. */; readonly network: string }[];
}

/** A network as a lab file describes it. */
export interface AdoptableNetwork {
  readonly id: string;
  readonly name: string;
  /** Its first IPv4 subnet's. */
  readonly cidr: string | undefined;
}

/**
 * Looks at instances that shall become a lab's nodes; nothing is changed.
 * @throws QuintupleoError `SERVER_NOT_FOUND`, `SERVER_AMBIGUOUS`, `SERVER_OF_A_LAB`
 */
export async function findAdoptable(
  openstack: OpenStack,
  choice: ServerChoice,
  signal: AbortSignal,
): Promise<{ servers: AdoptableServer[]; networks: AdoptableNetwork[] }> {
  const ctx: CallContext = { reason: 'adopt', signal };
  const { servers: all } = await openstack.compute.listServers({ details: true }, ctx);
  const chosen = chooseServers(all, choice);
  const servers: AdoptableServer[] = [];
  for (const server of chosen) servers.push(await describe(openstack, server, ctx));
  const used = new Set(servers.flatMap(({ nics }) => nics.map(({ network }) => network)));
  const networks: AdoptableNetwork[] = [];
  for (const id of used) {
    const { name } = await openstack.network.networks.get(id, ctx);
    const subnets = await openstack.network.subnets.list({ network_id: id, ip_version: 4 }, ctx);
    networks.push({ id, name, cidr: subnets[0]?.cidr });
  }
  return { servers, networks };
}

function chooseServers(all: readonly Server[], { servers, tag }: ServerChoice): Server[] {
  const chosen = new Map<string, Server>();
  for (const wanted of servers) {
    const byId = all.filter(server => server.id === wanted);
    const found = byId.length > 0 ? byId : all.filter(server => server.name === wanted);
    const [server] = found;
    if (!server) {
      throw new QuintupleoError(`the project has no instance ${wanted}`, {
        family: 'user',
        code: 'SERVER_NOT_FOUND',
        remedy: `It has ${listing(all)}.`,
      });
    }
    if (found.length > 1) {
      throw new QuintupleoError(`the project has ${found.length} instances named ${wanted}`, {
        family: 'user',
        code: 'SERVER_AMBIGUOUS',
        remedy: `Give an ID: ${found.map(({ id }) => id).join(', ')}.`,
      });
    }
    chosen.set(server.id, server);
  }
  if (tag !== undefined) {
    const tagged = all.filter(server => server.tags?.includes(tag));
    if (tagged.length === 0) {
      throw new QuintupleoError(`no instance of the project carries the tag ${tag}`, {
        family: 'user',
        code: 'SERVER_NOT_FOUND',
        remedy: `Tag some: openstack --os-compute-api-version 2.26 server set --tag ${tag} SERVER.`,
      });
    }
    for (const server of tagged) chosen.set(server.id, server);
  }
  for (const { name, metadata } of chosen.values()) {
    const label = labelInMetadata(metadata);
    if (!label) continue;
    throw new QuintupleoError(`the instance ${name} is a machine of the lab ${label.lab}`, {
      family: 'user',
      code: 'SERVER_OF_A_LAB',
      remedy: 'A machine has one BMC: choose another instance.',
    });
  }
  return [...chosen.values()];
}

function listing(servers: readonly Server[]): string {
  const names = servers.map(({ name }) => name);
  return names.length === 0 ? 'none' : `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
}

async function describe(openstack: OpenStack, server: Server, ctx: CallContext): Promise<AdoptableServer> {
  const { id, name, flavor, image } = server;
  const ports = await openstack.network.ports.list({ device_id: id }, ctx);
  const volumes = server['os-extended-volumes:volumes_attached'] ?? [];
  const sizes: number[] = [];
  for (const volume of volumes) sizes.push((await openstack.volume.volumes.get(volume.id, ctx)).size);
  // The empty string: it boots from a volume.
  const imageId = typeof image === 'object' && image !== null ? image.id : undefined;
  const properties = imageId === undefined ? undefined : await imageOf(openstack, imageId, ctx);
  const local = [...(imageId === undefined ? [] : [flavor?.disk ?? 0]), flavor?.ephemeral ?? 0];
  return {
    id,
    name,
    cpus: flavor?.vcpus ?? 1,
    memory: flavor?.ram ?? 512,
    firmware: properties?.hw_firmware_type === 'uefi' ? 'uefi' : 'bios',
    disks: [
      ...local.filter(size => size > 0).map(size => ({ source: 'local' as const, size })),
      ...sizes.map(size => ({ source: 'volume' as const, size })),
    ],
    nics: ports.map(port => ({ mac: port.mac_address, network: port.network_id })),
  };
}

/** The image that an instance was made of; `undefined` if it is gone. */
async function imageOf(openstack: OpenStack, id: string, ctx: CallContext) {
  const images = await openstack.image.list({ id }, ctx);
  return images.find(image => image.id === id);
}
