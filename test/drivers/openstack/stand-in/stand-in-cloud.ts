import { randomUUID } from 'node:crypto';
import type { CloudConfig } from '../../../../src/drivers/openstack/client/cloud-config.ts';
import { type Clock, systemClock } from '../../../../src/support/clock.ts';
import { Cinder, type VolumeQuota } from './cinder.ts';
import type { Fault, InjectedFault, RequestMatch } from './faults.ts';
import { Front } from './front.ts';
import { Glance } from './glance.ts';
import { createTenant, Keystone, type Tenant } from './keystone.ts';
import { Neutron } from './neutron/neutron.ts';
import { Compute, type ComputeQuota } from './nova/compute.ts';
import type { Boot, Guest } from './nova/guest.ts';
import { newestMinor } from './nova/microversion.ts';
import { Nova } from './nova/nova.ts';
import { SerialConsoles } from './nova/serial-console.ts';
import type { Flavor, Server } from './nova/server.ts';
import type { RecordedRequest } from './recorder.ts';
import type { Fields, Service } from './service.ts';
import { observedTiming, type Timing } from './timing.ts';

export interface StandInOptions {
  /** The machine's own by default. */
  readonly clock?: Clock;
  readonly timing?: Partial<Timing>;
  /** Milliseconds; a day by default. */
  readonly tokenLifetime?: number;
  /** Milliseconds until a new server's guest obeys ACPI; `deaf` ignores it. One second by default. */
  readonly guestAcpi?: number | 'deaf';
  /** Whether the cloud has Cinder; it has by default. */
  readonly volumes?: boolean;
  /** Whether the cloud has serial consoles; it has not by default. */
  readonly serialConsole?: boolean;
  readonly flavors?: readonly Flavor[];
  readonly zones?: readonly string[];
  readonly quota?: Partial<ComputeQuota>;
  readonly networkQuota?: Readonly<Record<string, number>>;
  readonly volumeQuota?: Partial<VolumeQuota>;
  readonly maxMtu?: number;
  /** Minor version of Nova's newest microversion. */
  readonly newestMicroversion?: number;
}

/** What a project holds, by kind and then by ID. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

const flavor = (name: string, vcpus: number, ram: number, disk: number, ephemeral = 0): Flavor => ({
  id: randomUUID(),
  name,
  vcpus,
  ram,
  disk,
  ephemeral,
  swap: 0,
  extraSpecs: {},
});

const region = 'RegionOne';
const day = 86_400_000;

/**
 * A cloud that is not there: Keystone, Nova, Neutron, Glance and Cinder as an ordinary tenant sees them, over real HTTP
 * on loopback. It behaves as the real services do, is disturbed by faults that a test injects, and passes the same
 * contract as a real cloud (`cloud-contract.ts`).
 */
export class StandInCloud implements AsyncDisposable {
  readonly glance: Glance;
  readonly neutron: Neutron;
  readonly cinder: Cinder | undefined;
  readonly keystone: Keystone;
  readonly compute: Compute;
  /** Two projects, with one member each. */
  readonly tenants: readonly [Tenant, Tenant];
  /** An image without content that everybody may use. */
  readonly imageId: string;
  /** ID of a network outside, for routers and floating IPs. */
  readonly externalNetworkId: string;
  readonly #front: Front;
  readonly #closing = new AbortController();
  readonly #consoles: SerialConsoles | undefined;

  private constructor(options: StandInOptions) {
    const clock = options.clock ?? systemClock;
    const timing = { ...observedTiming, ...options.timing };
    this.tenants = [
      createTenant('quintupleo', 'tester', 'secret-of-tester'),
      createTenant('neighbour', 'neighbour', 'secret-of-neighbour'),
    ];
    this.glance = new Glance(clock, timing);
    this.neutron = new Neutron({
      clock,
      maxMtu: options.maxMtu ?? 1500,
      quotas: {
        network: 100,
        subnet: 100,
        port: 500,
        router: 10,
        floatingip: 50,
        security_group: 10,
        security_group_rule: 100,
        trunk: -1,
        ...options.networkQuota,
      },
    });
    const volumeQuota = { volumes: 10, gigabytes: 1000, ...options.volumeQuota };
    this.cinder = options.volumes === false ? undefined : new Cinder(clock, timing, this.glance, volumeQuota);
    this.#consoles = options.serialConsole
      ? new SerialConsoles(() => `ws://127.0.0.1:${this.#front.port}`)
      : undefined;
    this.compute = new Compute({
      clock,
      timing,
      closing: this.#closing.signal,
      glance: this.glance,
      neutron: this.neutron,
      cinder: this.cinder,
      flavors: options.flavors ?? [
        flavor('bm.tiny', 1, 128, 1),
        flavor('bm.small', 1, 512, 2),
        flavor('bm.medium', 2, 4096, 10, 20),
        flavor('bm.large', 4, 16_384, 40, 100),
      ],
      zones: options.zones ?? ['nova'],
      quota: { instances: 100, cores: 400, ram: 1_000_000, ...options.quota },
      guestAcpi: options.guestAcpi === 'deaf' ? undefined : (options.guestAcpi ?? 1_000),
      newest: options.newestMicroversion ?? newestMinor,
    });
    if (this.cinder) {
      this.cinder.hasServer = id => (this.compute.servers.get(id)?.vmState ?? 'deleted') !== 'deleted';
    }
    this.keystone = new Keystone({
      clock,
      tenants: this.tenants,
      tokenLifetime: options.tokenLifetime ?? day,
      catalogue: projectId => this.#catalogue(projectId),
    });
    this.#front = new Front(clock, this.#services(), ({ token, ...request }) =>
      this.keystone.authorize(token, request),
    );
    this.#front.onUpgrade = this.#consoles
      ? (request, socket) => this.#consoles?.accept(request, socket)
      : undefined;
    for (const { projectId } of this.tenants) this.neutron.addProject(projectId);
    this.imageId = this.glance.add('empty').id;
    this.externalNetworkId = this.#addExternalNetwork();
  }

  static async start(options: StandInOptions = {}): Promise<StandInCloud> {
    const cloud = new StandInCloud(options);
    await cloud.start();
    return cloud;
  }

  /** Of the server, without a slash at the end. */
  get url(): string {
    return this.#front.url;
  }

  /** Of Keystone. */
  get authUrl(): string {
    return `${this.url}/identity/v3`;
  }

  /** What a client needs to speak to this cloud as one of its tenants. */
  config(tenant: Tenant = this.tenants[0]): CloudConfig {
    const domain = { name: 'Default' };
    return {
      name: 'stand-in',
      source: 'test',
      authUrl: this.authUrl,
      auth: { type: 'password', user: { name: tenant.userName, domain }, password: tenant.password },
      project: { name: tenant.projectName, domain },
      region,
      interface: 'public',
      endpointOverrides: {},
      verify: true,
      caFile: undefined,
      certFile: undefined,
      keyFile: undefined,
    };
  }

  /** The same as an entry of clouds.yaml. */
  cloudsEntry(tenant: Tenant = this.tenants[0]): Fields {
    return {
      auth: {
        auth_url: this.authUrl,
        username: tenant.userName,
        password: tenant.password,
        project_name: tenant.projectName,
        user_domain_name: 'Default',
        project_domain_name: 'Default',
      },
      region_name: region,
      interface: 'public',
      identity_api_version: 3,
    };
  }

  /** The API goes away: connections break, nothing listens. What is under way in the cloud goes on. */
  stop(): Promise<void> {
    return this.#front.stop();
  }

  /** The API comes back, at the same address. */
  start(): Promise<void> {
    return this.#front.start();
  }

  /** Disturbs requests to come; the fault that was injected last is tried first. */
  inject(fault: Fault): InjectedFault {
    return this.#front.faults.inject(fault);
  }

  /** Every request so far, in order. */
  get requests(): readonly RecordedRequest[] {
    return this.#front.recorder.requests;
  }

  requestsTo(match: RequestMatch): readonly RecordedRequest[] {
    return this.#front.recorder.matching(match);
  }

  count(match: RequestMatch = {}): number {
    return this.requestsTo(match).length;
  }

  forgetRequests(): void {
    this.#front.recorder.clear();
  }

  /** Tells of every start of a server's firmware. @returns ends the subscription */
  onBoot(listener: (boot: Boot) => void): () => void {
    this.compute.bootListeners.add(listener);
    return () => this.compute.bootListeners.delete(listener);
  }

  /** A server that is not deleted, by ID or name. */
  server(idOrName: string): Server {
    const server = [...this.compute.servers.values()].find(
      ({ id, name, vmState }) => (id === idOrName || name === idOrName) && vmState !== 'deleted',
    );
    if (!server) throw new Error(`the stand-in cloud has no server ${idOrName}`);
    return server;
  }

  guest(idOrName: string): Guest {
    return this.server(idOrName).guest;
  }

  expireTokens(): void {
    this.keystone.expireTokens();
  }

  /** Deletes a server at once, as somebody else may. */
  deleteBehind(idOrName: string): void {
    this.compute.lifecycle.remove(this.server(idOrName));
  }

  /** Locks a server, as its owner may; an administrator's lock looks the same. */
  lock(idOrName: string, locked = true): void {
    const server = this.server(idOrName);
    server.locked = locked;
    this.compute.lifecycle.touch(server);
  }

  /** Puts a server into ERROR. */
  breakServer(idOrName: string, message = 'Injected by a test.'): void {
    this.compute.lifecycle.fail(this.server(idOrName), message);
  }

  /** The next server that is created ends in ERROR. */
  failNextBuild(message = 'No valid host was found. '): void {
    this.compute.buildFailures.push(message);
  }

  /** What a project holds. Taken before and after, it tells what was left behind. */
  snapshot(tenant: Tenant = this.tenants[0]): Snapshot {
    const { projectId, userId } = tenant;
    const networking = this.neutron.store.kinds.map(({ plural }): [string, string[]] => [
      plural,
      this.neutron.store.all(plural).flatMap(item => (item.project_id === projectId ? [item.id] : [])),
    ]);
    const own = <T extends { id: string }>(things: Iterable<T>, isOwn: (thing: T) => boolean) =>
      [...things].filter(isOwn).map(({ id }) => id);
    return {
      servers: this.compute.living(projectId).map(({ id }) => id),
      'server-groups': own(this.compute.groups.values(), group => group.projectId === projectId),
      keypairs: this.compute.keypairs.filter(keypair => keypair.userId === userId).map(({ name }) => name),
      ...Object.fromEntries(networking),
      images: own(this.glance.images.values(), image => image.owner === projectId),
      volumes: own(this.cinder?.volumes.values() ?? [], volume => volume.projectId === projectId),
      'application-credentials': own(
        this.keystone.credentials.values(),
        credential => credential.tenant.projectId === projectId,
      ),
      'access-rules': this.keystone.rulesOf(userId).map(({ id }) => id),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#consoles?.close();
    await this.stop();
  }

  #services(): readonly Service[] {
    const nova = new Nova(this.compute, this.#consoles);
    return [this.keystone, nova, this.neutron, this.glance, ...(this.cinder ? [this.cinder] : [])];
  }

  #catalogue(projectId: string): readonly Fields[] {
    const names: Readonly<Record<string, string>> = {
      identity: 'keystone',
      compute: 'nova',
      network: 'neutron',
      image: 'glance',
      volumev3: 'cinderv3',
    };
    return this.#services().map(service => {
      const path = { identity: '/v3', volumev3: `/v3/${projectId}` }[service.name as string] ?? '';
      const url = `${this.url}${service.prefix}${path}`;
      return {
        type: service.name,
        name: names[service.name],
        id: service.name,
        endpoints: ['public', 'internal', 'admin'].map(kind => ({
          id: `${service.name}-${kind}`,
          interface: kind,
          region,
          region_id: region,
          url,
        })),
      };
    });
  }

  #addExternalNetwork(): string {
    const { store } = this.neutron;
    const network = store.put(
      'networks',
      {
        name: 'external',
        admin_state_up: true,
        status: 'ACTIVE',
        mtu: store.maxMtu,
        shared: false,
        'router:external': true,
        port_security_enabled: true,
        description: '',
        subnets: [],
      },
      'nobody',
    );
    store.create(
      'subnets',
      { network_id: network.id, ip_version: 4, cidr: '203.0.113.0/24', enable_dhcp: false },
      'nobody',
    );
    return network.id;
  }
}
