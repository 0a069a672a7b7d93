import type { Clock } from '../../../../../src/support/clock.ts';
import type { Cinder } from '../cinder.ts';
import type { Glance } from '../glance.ts';
import { fixedIps } from '../neutron/networks.ts';
import type { Neutron } from '../neutron/neutron.ts';
import { ApiFault, type Call, type Fields } from '../service.ts';
import type { Timing } from '../timing.ts';
import { type Boot, Guest } from './guest.ts';
import { Lifecycle } from './lifecycle.ts';
import { minorVersion } from './microversion.ts';
import { type Flavor, type Server, serverView } from './server.ts';

export interface ServerGroup {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  readonly name: string;
  readonly policy: string;
}

export interface Keypair {
  readonly userId: string;
  readonly name: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** Most that a project may have; -1 is no limit. */
export interface ComputeQuota {
  instances: number;
  cores: number;
  /** MiB. */
  ram: number;
}

/** What all of Nova's API shares: its servers, and the services that it uses. */
export class Compute {
  readonly servers = new Map<string, Server>();
  readonly groups = new Map<string, ServerGroup>();
  keypairs: Keypair[] = [];
  readonly flavors: Flavor[];
  readonly zones: readonly string[];
  readonly quota: ComputeQuota;
  readonly clock: Clock;
  readonly glance: Glance;
  readonly neutron: Neutron;
  readonly cinder: Cinder | undefined;
  readonly lifecycle: Lifecycle;
  /** Minor version of the newest microversion. */
  newest: number;
  /** Messages of the builds to come that shall end in ERROR. */
  readonly buildFailures: string[] = [];
  readonly bootListeners = new Set<(boot: Boot) => void>();
  readonly #guestAcpi: number | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly timing: Timing;
    readonly closing: AbortSignal;
    readonly glance: Glance;
    readonly neutron: Neutron;
    readonly cinder: Cinder | undefined;
    readonly flavors: readonly Flavor[];
    readonly zones: readonly string[];
    readonly quota: ComputeQuota;
    readonly guestAcpi: number | undefined;
    readonly newest: number;
  }) {
    this.clock = options.clock;
    this.glance = options.glance;
    this.neutron = options.neutron;
    this.cinder = options.cinder;
    this.flavors = [...options.flavors];
    this.zones = options.zones;
    this.quota = options.quota;
    this.newest = options.newest;
    this.#guestAcpi = options.guestAcpi;
    this.lifecycle = new Lifecycle({
      clock: options.clock,
      timing: options.timing,
      closing: options.closing,
      connect: server => this.#connect(server),
      disconnect: server => this.#disconnect(server),
      buildFailure: () => this.buildFailures.shift(),
    });
  }

  /** A server of the project's, deleted ones not. */
  server({ params, scope }: Call): Server {
    const server = this.servers.get(params.id ?? '');
    if (server && server.vmState !== 'deleted' && server.projectId === scope.projectId) return server;
    throw new ApiFault(404, `Instance ${params.id} could not be found.`);
  }

  /** Servers that a project has. */
  living(projectId: string): readonly Server[] {
    return [...this.servers.values()].filter(
      server => server.projectId === projectId && server.vmState !== 'deleted',
    );
  }

  view(server: Server, call: Call, alone: boolean): Fields {
    const minor = minorVersion(call.headers);
    const guarded = server.ports.some(({ portId }) => {
      const groups = this.neutron.store.find('ports', portId)?.security_groups;
      return Array.isArray(groups) && groups.length > 0;
    });
    return serverView(server, {
      minor,
      base: call.base,
      addresses: this.#addresses(server),
      guarded,
      alone,
    });
  }

  /** The guest of a server to be. */
  guestFor(server: () => Server): Guest {
    return new Guest({
      clock: this.clock,
      acpi: this.#guestAcpi,
      left: () => this.lifecycle.guestLeft(server()),
      announce: (cause, number, signal) => {
        const { id, name, rescueImageId, imageId, guest } = server();
        const boot: Boot = {
          serverId: id,
          serverName: name,
          macs: this.macs(server()),
          number,
          cause,
          device: rescueImageId === undefined ? 'disk' : 'rescue',
          imageId: rescueImageId ?? imageId,
          guest,
          signal,
        };
        for (const listener of this.bootListeners) listener(boot);
      },
    });
  }

  macs(server: Server): readonly string[] {
    return server.ports.flatMap(({ portId }) => {
      const port = this.neutron.store.find('ports', portId);
      return port ? [String(port.mac_address)] : [];
    });
  }

  bindPort(server: Server, portId: string): void {
    const port = this.neutron.store.find('ports', portId);
    if (!port) return;
    this.neutron.store.set(port, {
      device_id: server.id,
      device_owner: `compute:${server.availabilityZone}`,
      status: 'ACTIVE',
    });
  }

  /** Lets go of a port: Nova's own is deleted, somebody else's is free again. */
  releasePort(server: Server, portId: string): void {
    const index = server.ports.findIndex(other => other.portId === portId);
    const [entry] = index < 0 ? [] : server.ports.splice(index, 1);
    const port = this.neutron.store.find('ports', portId);
    if (!port) return;
    if (entry?.ownedByNova) this.neutron.store.remove('ports', port, server.projectId);
    else this.neutron.store.set(port, { device_id: '', device_owner: '', status: 'DOWN' });
  }

  #connect(server: Server): void {
    for (const { portId } of server.ports) this.bindPort(server, portId);
    for (const { volumeId, device } of server.volumes) {
      const volume = this.cinder?.volumes.get(volumeId);
      if (volume) this.cinder?.attach(volume, server.id, device);
    }
  }

  #disconnect(server: Server): void {
    for (const { portId } of [...server.ports]) this.releasePort(server, portId);
    for (const { volumeId, deleteOnTermination } of server.volumes.splice(0)) {
      const volume = this.cinder?.volumes.get(volumeId);
      if (!volume) continue;
      this.cinder?.detach(volume);
      if (deleteOnTermination) this.cinder?.remove(volume);
    }
  }

  #addresses(server: Server): Fields {
    const addresses: Record<string, Fields[]> = {};
    if (server.launchedAt === undefined) return addresses;
    for (const { portId } of server.ports) {
      const port = this.neutron.store.find('ports', portId);
      const network = port && this.neutron.store.find('networks', port.network_id);
      if (!port || !network) continue;
      const entry = (address: string, type: string): Fields => ({
        version: address.includes(':') ? 6 : 4,
        addr: address,
        'OS-EXT-IPS:type': type,
        'OS-EXT-IPS-MAC:mac_addr': port.mac_address,
      });
      const floating = this.neutron.store.all('floatingips').filter(other => other.port_id === port.id);
      const list = [
        ...fixedIps(port).map(({ ip_address }) => entry(ip_address, 'fixed')),
        ...floating.map(other => entry(String(other.floating_ip_address), 'floating')),
      ];
      const label = String(network.name);
      if (list.length > 0) addresses[label] = [...(addresses[label] ?? []), ...list];
    }
    return addresses;
  }
}
