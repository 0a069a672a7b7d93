import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import type { Api, Json } from './api.ts';

/** A network card of one of a lab's instances. */
export interface Card {
  /** ID. */
  readonly port: string;
  /** Name in the lab. */
  readonly network: string;
  readonly addresses: readonly string[];
  /** Whether port security is on. */
  readonly filtered: boolean;
  /** Names of security groups. */
  readonly groups: readonly string[];
}

/** What a lab has in the cloud, as the cloud's own APIs tell it, by the names of the lab file. */
export class LabContent {
  readonly #api: Api;
  readonly #lab: string;

  constructor(api: Api, lab: string) {
    this.#api = api;
    this.#lab = lab;
  }

  /** Calls by which others damage the lab. */
  get paths() {
    const call = (service: 'network' | 'compute') => (method: string, path: string, body?: Json) =>
      this.#api.call(service, method, path, body);
    return { network: call('network'), compute: call('compute') };
  }

  async network(name: string): Promise<Json> {
    return this.#one('networks', `quintupleo:kind=network,quintupleo:name=${name}`);
  }

  /** IPv4 first. */
  async subnets(network: string): Promise<readonly Json[]> {
    const found = await this.#all('subnets', `quintupleo:name=${network}`);
    return [...found].sort((one, other) => Number(one.ip_version) - Number(other.ip_version));
  }

  router(name: string): Promise<Json> {
    return this.#one('routers', `quintupleo:kind=router,quintupleo:name=${name}`);
  }

  /** Where a router is on networks of the lab, sorted. */
  async routerAddresses(name: string): Promise<readonly string[]> {
    const ports = await this.#routerPorts(name);
    return ports.flatMap(addressesOf).sort();
  }

  /** Takes a network from a router behind the lab's back, and the floating IPs first that need it. */
  async leaveRouter(router: string, network: string, floatingIps?: 'floating IPs go with it'): Promise<void> {
    const { id } = await this.router(router);
    const { id: networkId } = await this.network(network);
    if (floatingIps !== undefined) {
      for (const one of await this.#all('floatingips', 'quintupleo')) {
        await this.#api.call('network', 'PUT', `/floatingips/${one.id}`, { floatingip: { port_id: null } });
      }
    }
    const ports = await this.#routerPorts(router);
    for (const port of ports.filter(({ network_id }) => network_id === networkId)) {
      const path = `/routers/${id}/remove_router_interface`;
      await this.#api.call('network', 'PUT', path, { port_id: port.id });
    }
  }

  /** The instance of a node or host. */
  async server(name: string): Promise<Json> {
    const server = await this.#findServer(name);
    if (!server) throw new Error(`the cloud has no server of ${name}`);
    return server;
  }

  /** Waits until an instance that was deleted is gone. */
  async untilGone(name: string): Promise<void> {
    const look = async () => ((await this.#findServer(name)) ? undefined : true);
    const gone = await poll(systemClock, { every: 500, within: 60_000 }, look);
    if (!gone) throw new Error(`the server of ${name} is still there`);
  }

  /** The cards of a node or host, in the order in which they were made. */
  async cards(name: string): Promise<readonly Card[]> {
    const { id } = await this.server(name);
    const [ports, networks, groups] = await Promise.all([
      this.#api.list('network', `/ports?device_id=${id}`, 'ports'),
      this.#api.list('network', `/networks?project_id=${this.#api.project}`, 'networks'),
      this.#api.list('network', '/security-groups', 'security_groups'),
    ]);
    const cards = ports.map(port => ({
      part: tagOf(port, 'part'),
      port: String(port.id),
      network: tagOf(networks.find(network => network.id === port.network_id) ?? {}, 'name'),
      addresses: addressesOf(port),
      filtered: port.port_security_enabled === true,
      groups: groups
        .filter(group => (port.security_groups as readonly unknown[]).includes(group.id))
        .map(group => String(group.name))
        .sort(),
    }));
    return cards.sort((one, other) => (one.part < other.part ? -1 : 1)).map(({ part: _, ...card }) => card);
  }

  /** The networks that a card carries as VLANs, by VLAN ID. */
  async vlans(port: string): Promise<Readonly<Record<string, string>>> {
    const [trunk] = await this.#api.list('network', `/trunks?port_id=${port}`, 'trunks');
    const carried = (trunk?.sub_ports ?? []) as readonly Json[];
    const entries = carried.map(async ({ port_id, segmentation_id }) => {
      const { port } = (await this.#api.get('network', `/ports/${port_id}`)) as { port: Json };
      const { network } = (await this.#api.get('network', `/networks/${port.network_id}`)) as {
        network: Json;
      };
      return [String(segmentation_id), tagOf(network, 'name')] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** The volumes of a node or host, by name. */
  async volumes(name: string): Promise<readonly Json[]> {
    const volumes = await this.#api.list('volume', '/volumes/detail', 'volumes');
    return volumes
      .filter(({ metadata }) => this.#belongs(metadata as Json, name))
      .map(({ name, size, volume_type, bootable }) => ({
        name,
        size,
        type: volume_type,
        bootable: bootable === 'true',
      }))
      .sort((one, other) => (String(one.name) < String(other.name) ? -1 : 1));
  }

  /** Policy and number of members of each server group, by name in the lab. */
  async serverGroups(): Promise<Readonly<Record<string, string>>> {
    const groups = await this.#api.list('compute', '/os-server-groups', 'server_groups');
    const own = groups
      .map(group => ({ group, parts: String(group.name).split('_') }))
      .filter(({ parts }) => parts[0] === 'quintupleo' && parts[2] === this.#lab);
    return Object.fromEntries(
      own.map(({ group, parts }) => [
        parts[3],
        `${group.policy} ${(group.members as readonly unknown[]).length}`,
      ]),
    );
  }

  /** Fixed addresses to which the lab's floating IPs lead. */
  async floatingIps(): Promise<readonly unknown[]> {
    return (await this.#all('floatingips', 'quintupleo')).map(({ fixed_ip_address }) => fixed_ip_address);
  }

  async #findServer(name: string): Promise<Json | undefined> {
    const servers = await this.#api.list('compute', '/servers/detail', 'servers');
    return servers.find(({ metadata }) => this.#belongs(metadata as Json, name));
  }

  #belongs(metadata: Json, name: string): boolean {
    const key = ['node', 'host', 'service'].find(kind => metadata[`quintupleo:${kind}`] === name);
    return metadata['quintupleo:lab'] === this.#lab && key !== undefined;
  }

  async #routerPorts(name: string): Promise<readonly Json[]> {
    const { id } = await this.router(name);
    const ports = await this.#api.list('network', `/ports?device_id=${id}`, 'ports');
    return ports.filter(({ device_owner }) => device_owner !== 'network:router_gateway');
  }

  async #one(path: string, tags: string): Promise<Json> {
    const [it] = await this.#all(path, tags);
    if (!it) throw new Error(`the cloud has none of ${path} with the tags ${tags}`);
    return it;
  }

  #all(path: string, tags: string): Promise<readonly Json[]> {
    const query = `tags=quintupleo:lab=${this.#lab},${tags}`;
    return this.#api.list('network', `/${path}?${query}`, path);
  }
}

function addressesOf({ fixed_ips }: Json): readonly string[] {
  return (fixed_ips as readonly { readonly ip_address: string }[]).map(({ ip_address }) => ip_address);
}

/** What a tag of ours says of something. */
function tagOf({ tags }: Json, name: string): string {
  const prefix = `quintupleo:${name}=`;
  const tag = ((tags ?? []) as readonly string[]).find(one => one.startsWith(prefix));
  return tag?.slice(prefix.length) ?? '';
}
