import { join } from 'node:path';
import type { BootStrategy } from '../../node/cloud-spec.ts';
import type { Disturbance, LaterDisturbance } from '../../node/disturbance.ts';
import {
  type Capabilities,
  type Change,
  type Driver,
  DriverError,
  type Hardware,
  type MachineAct,
  type MachineId,
  type MachineScreen,
  machineId,
  type Observation,
  type Resource,
  type ServiceInstance,
} from '../../node/driver.ts';
import { type FirmwareAnswer, type FirmwareQuestion, firmwareAddress } from '../../node/firmware.ts';
import type { PowerState } from '../../node/power.ts';
import type { SerialPort } from '../../node/serial.ts';
import type { Firmware, LabSpec, NodeSpec } from '../../node/spec.ts';
import type { Clock } from '../../support/clock.ts';
import { fileDocument } from '../../support/document.ts';
import type { Finding } from '../../support/finding.ts';
import type { Logger } from '../../support/log.ts';
import { within } from '../../support/wait.ts';
import type { Server } from './client/compute-types.ts';
import type { Hindrance } from './client/hindrance.ts';
import type { CloudChoice, CloudLease, Clouds } from './clouds.ts';
import { LabDhcp } from './lab-dhcp.ts';
import { chooseStrategy, type StrategyChoice } from './machines/boot-strategies/choose.ts';
import { noStrategy } from './machines/boot-strategies/none.ts';
import { pxeFirstSign } from './machines/boot-strategies/pxe-first.ts';
import { type Strategy, strategyOf } from './machines/boot-strategies/strategies.ts';
import { DiscImages } from './machines/disc-images.ts';
import { powerOfHosts, switchHost } from './machines/host-power.ts';
import { findIpxeImages, type IpxeImages } from './machines/ipxe-images.ts';
import { readKept } from './machines/kept-machines.ts';
import { type KeptMachine, OpenStackMachine } from './machines/machine.ts';
import { screenOf } from './machines/screen.ts';
import { examineNetboot } from './netboot/examination.ts';
import type { ServiceParts } from './provision/members/service.ts';
import { LabProvider } from './provision/provider.ts';
import type { FirmwareSource } from './provision/resources/firmware-images.ts';
import { labelInMetadata } from './provision/resources/label.ts';
import { isMaking, isOwn } from './provision/resources/servers.ts';
import { reservationsOf } from './reservations.ts';
import type { ServerChange } from './server-poller.ts';
import { ServiceAccess, serviceDocument } from './service/access.ts';
import { disturbances, Unplugging } from './unplugging.ts';

/** What a lab file says of this driver. */
export type OpenStackOptions = CloudChoice;

/** What the driver works with. */
export interface OpenStackSurroundings {
  /** The lab whose machines it drives. */
  readonly lab: string;
  /** ID of the state directory: what another one made is left alone. */
  readonly owner: string;
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  /** TCP port of the boot service. */
  readonly bootPort: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clouds: Clouds;
  /** What stands between the lab and its cloud on purpose. */
  readonly hindrance?: Hindrance | undefined;
  readonly firmwareImage: FirmwareSource;
  /** What service instances are made with; `undefined`: none is made. */
  readonly service?: ServiceParts | undefined;
}

/** How long a new driver waits for the cloud before it goes on without having seen it. Milliseconds. */
const firstLook = 15_000;

/** The machines of one lab, as instances of a cloud. */
export class OpenStackDriver implements Driver {
  readonly name = 'openstack';
  readonly concurrency = 8;
  readonly #around: OpenStackSurroundings;
  readonly #lease: CloudLease;
  readonly #provider: LabProvider;
  readonly #dhcp: LabDhcp;
  readonly #service: ServiceAccess;
  readonly #unplugging: Unplugging;
  #ipxeImages: IpxeImages;
  readonly #kept: ReadonlyMap<string, KeptMachine>;
  /** By name of the node. */
  readonly #machines = new Map<string, OpenStackMachine>();
  readonly #choices = new Map<string, StrategyChoice>();
  /** Nodes that are being made, changed or deleted: what happens to their servers meanwhile is our own doing. */
  readonly #changing = new Set<string>();
  readonly #listeners = new Set<(machine: MachineId, observation: Observation) => void>();
  #nodes: ReadonlyMap<string, NodeSpec> = new Map();
  #nodeByMac: ReadonlyMap<string, string> = new Map();
  #stopListening: (() => void) | undefined;

  private constructor(
    around: OpenStackSurroundings,
    lease: CloudLease,
    kept: ReadonlyMap<string, KeptMachine>,
    ipxeImages: IpxeImages,
    service: ServiceAccess,
  ) {
    const { lab, owner, stateDirectory, bootPort, firmwareImage, clock, log } = around;
    this.#around = around;
    this.#lease = lease;
    this.#service = service;
    this.#kept = kept;
    this.#ipxeImages = ipxeImages;
    const { openstack } = lease;
    this.#provider = new LabProvider({
      ...{ openstack, lab, owner, firmwareImage, clock, log },
      service: around.service,
    });
    this.#unplugging = new Unplugging({
      ...{ lab, owner, log, ports: openstack.network.ports },
      document: fileDocument(join(stateDirectory, 'labs', lab, 'unplugged.json')),
    });
    this.#dhcp = new LabDhcp({
      ...{ lab, stateDirectory, bootPort, clock, log },
      reservations: network => reservationsOf(lease.openstack, network, [...this.#nodes.values()]),
      observe: (id, observation) => this.#tell(id, observation),
    });
  }

  /**
   * Makes the driver of a lab, and finds the machines that the lab has. A cloud that does not answer is waited for by
   * whoever needs it.
   * @throws QuintupleoError of family `config` when it is not known how to reach the cloud
   */
  static async create(options: OpenStackOptions, around: OpenStackSurroundings): Promise<OpenStackDriver> {
    const lease = await around.clouds.acquire(options, around.hindrance);
    try {
      const kept = await readKept(folderOf(around));
      const look = { lease, clock: around.clock, within: firstLook };
      const [ipxeImages] = await Promise.all([findIpxeImages(lease.openstack, around), refresh(look)]);
      const document = serviceDocument(around.stateDirectory, around.lab);
      const service = await ServiceAccess.open({ ...around, openstack: lease.openstack, document });
      const driver = new OpenStackDriver(around, lease, kept, ipxeImages, service);
      driver.#stopListening = lease.poller.listen(change => driver.#take(change));
      if (lease.poller.heard) driver.#takeAll();
      await Promise.all([...driver.#machines.values()].map(machine => machine.taken()));
      if (lease.poller.heard) await driver.#unplugging.mend();
      return driver;
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  }

  facts(lab: LabSpec): Readonly<Record<string, string>> {
    const { config } = this.#lease.openstack;
    const facts: Record<string, string> = { cloud: config.name };
    if (config.region !== undefined) facts.region = config.region;
    const nodes = new Map<string, string[]>();
    for (const { name } of lab.nodes) {
      const choice = this.#choices.get(name);
      if (!choice) continue;
      const fact = `${choice.strategy} (${choice.reason})`;
      nodes.set(fact, [...(nodes.get(fact) ?? []), name]);
    }
    for (const [fact, names] of nodes) {
      facts[nodes.size === 1 ? 'boot strategy' : `boot strategy of ${names.join(', ')}`] = fact;
    }
    const consoles = new Set([...this.#machines.values()].map(({ canType }) => canType));
    if (consoles.has(true)) facts.console = 'websocket';
    else if (consoles.has(false)) facts.console = 'console log, to be read only';
    return { ...facts, ...this.#service.facts(lab) };
  }

  /** How a node is told what to boot, and why so; `undefined` as long as it has no server. */
  bootStrategy(node: string): (StrategyChoice & { readonly limits: readonly string[] }) | undefined {
    const choice = this.#choices.get(node);
    return choice && { ...choice, limits: this.#strategyNamed(choice.strategy, node).limits };
  }

  capabilities(id: MachineId): Capabilities {
    const { capabilities } = this.#machines.get(this.#nodeIn(id))?.strategy ?? noStrategy;
    return { ...capabilities, disturbances };
  }

  async watch(
    listener: (machine: MachineId, observation: Observation) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    await Promise.all([...this.#machines.values()].map(machine => machine.taken()));
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
    for (const [name, machine] of this.#machines) {
      for (const observation of machine.snapshot()) listener(machineId(this.#around.lab, name), observation);
    }
  }

  async act(id: MachineId, act: MachineAct, signal: AbortSignal): Promise<void> {
    await this.#found(id).act(act, signal);
  }

  async disturb(
    id: MachineId,
    wrong: readonly Disturbance[],
    signal: AbortSignal,
  ): Promise<readonly LaterDisturbance[]> {
    await this.#unplugging.disturb(this.#nodeIn(id), this.#found(id).server, wrong, signal);
    return [];
  }

  async firmwareAsks({ mac, boot }: FirmwareQuestion): Promise<FirmwareAnswer | undefined> {
    const name = this.#nodeByMac.get(mac);
    if (name === undefined) return undefined;
    const machine = this.#machines.get(name);
    // Being made: it is powered off as soon as it has started.
    if (!machine || this.#changing.has(name)) return { kind: 'wait' };
    return machine.ask(boot);
  }

  hardware(id: MachineId): Hardware | undefined {
    const server = this.#machines.get(this.#nodeIn(id))?.server;
    const { vcpus, ram } = (server && this.#lease.poller.get(server)?.flavor) || {};
    return vcpus === undefined || ram === undefined ? undefined : { cpus: vcpus, memory: ram * 2 ** 20 };
  }

  async screen(id: MachineId, signal: AbortSignal): Promise<MachineScreen> {
    const { server } = this.#found(id);
    const seen = server === undefined ? undefined : this.#lease.poller.get(server);
    return screenOf(this.#lease.openstack.compute, server, seen, signal);
  }

  serial(id: MachineId): SerialPort {
    return this.#found(id).serial;
  }

  async existing(lab: string): Promise<readonly Resource[]> {
    return this.#provider.existing(lab);
  }

  async plan(wanted: LabSpec): Promise<readonly Change[]> {
    await this.#lookForImages();
    await this.#unplugging.mend();
    this.#learn(wanted);
    return this.#provider.plan(wanted);
  }

  async apply(wanted: LabSpec, change: Change, signal: AbortSignal): Promise<void> {
    if (change.kind !== 'machine') return this.#provider.apply(wanted, change, signal);
    this.#learn(wanted);
    const { name, op } = change;
    this.#changing.add(name);
    try {
      await this.#provider.apply(wanted, change, signal);
    } finally {
      this.#changing.delete(name);
    }
    if (op === 'delete') return this.#forget(name, signal);
    // The first node of its kind brings its image with it.
    if (this.#nodes.get(name)?.cloud?.bootStrategy === 'ipxe-disk') await this.#lookForImages();
    await this.#meet(name);
  }

  async serveBoot(lab: LabSpec): Promise<readonly string[]> {
    this.#learn(lab);
    const interfaces = lab.networks.flatMap(({ cloud }) => cloud?.interface ?? []);
    return [...interfaces.map(name => `${firmwareAddress}%${name}`), ...(await this.#dhcp.serve(lab))];
  }

  async service(lab: LabSpec, signal: AbortSignal): Promise<ServiceInstance> {
    const { poller } = this.#lease;
    await poller.refresh();
    return this.#service.find(lab, poller.servers(), signal);
  }

  async examineNetboot(lab: LabSpec, node: NodeSpec, signal: AbortSignal): Promise<readonly Finding[]> {
    return examineNetboot({
      ...{ lab, node, signal, openstack: this.#lease.openstack },
      server: this.#machines.get(node.name)?.server,
      choice: this.bootStrategy(node.name),
      dhcp: (network, mac) => this.#dhcp.look(network, mac),
    });
  }

  async hosts(): Promise<ReadonlyMap<string, PowerState>> {
    return powerOfHosts(this.#lease, this.#around);
  }

  async switchHost(name: string, on: boolean, signal: AbortSignal): Promise<void> {
    await switchHost(this.#lease, this.#around, name, on, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening?.();
    this.#listeners.clear();
    await this.#unplugging.close();
    await Promise.all([...this.#machines.values()].map(machine => machine.close()));
    await this.#dhcp.close();
    await this.#lease[Symbol.asyncDispose]();
  }

  async #lookForImages(): Promise<void> {
    this.#ipxeImages = await findIpxeImages(this.#lease.openstack, this.#around);
  }

  /** Takes note of how the lab's nodes shall be: what the cloud cannot tell. */
  #learn({ nodes }: LabSpec): void {
    if (nodes.length === 0) return;
    this.#nodes = new Map(nodes.map(node => [node.name, node]));
    this.#nodeByMac = new Map(nodes.flatMap(({ name, nics }) => nics.map(({ mac }) => [mac, name])));
    this.#takeAll();
  }

  #take(change: ServerChange): void {
    switch (change.type) {
      case 'seen':
        this.#takeServer(change.server);
        break;
      case 'gone':
        for (const [name, machine] of this.#machines) {
          if (machine.server === change.id && !this.#changing.has(name)) machine.seeGone();
        }
        break;
      case 'heard':
        void this.#unplugging.mend();
        break;
      case 'lost':
        for (const machine of this.#machines.values()) machine.seeNothing();
        break;
    }
  }

  #takeAll(): void {
    for (const server of this.#lease.poller.servers()) this.#takeServer(server);
  }

  #takeServer(server: Server): void {
    const name = this.#nodeOf(server);
    if (name === undefined || isMaking(server) || this.#changing.has(name)) return;
    const machine = this.#machine(name);
    // Of two servers that say to be the same node the first one stays it, as long as it is there.
    const { server: known } = machine;
    if (known !== undefined && known !== server.id && this.#lease.poller.get(known)) return;
    machine.see(server);
  }

  /** The lab's node that a server says to be. */
  #nodeOf({ metadata }: Server): string | undefined {
    const label = labelInMetadata(metadata);
    const ours =
      label?.kind === 'machine' && label.lab === this.#around.lab && label.owner === this.#around.owner;
    return ours ? label.name : undefined;
  }

  #tell(id: MachineId, observation: Observation): void {
    for (const listener of this.#listeners) listener(id, observation);
  }

  #machine(name: string): OpenStackMachine {
    const known = this.#machines.get(name);
    if (known) return known;
    const { clock, log, lab } = this.#around;
    const id = machineId(lab, name);
    const machine = new OpenStackMachine(
      {
        ...{ id, clock, log, poller: this.#lease.poller, calls: this.#lease.openstack.compute },
        document: fileDocument(join(folderOf(this.#around), `${name}.json`)),
        strategyOf: server => this.#strategyOf(name, server),
        discs: new DiscImages({ ...this.#around, node: name, openstack: this.#lease.openstack }),
        observe: observation => this.#tell(id, observation),
      },
      this.#kept.get(name),
    );
    this.#machines.set(name, machine);
    return machine;
  }

  #strategyOf(name: string, server: Server): Strategy {
    const choice = chooseStrategy({
      wanted: this.#nodes.get(name)?.cloud?.bootStrategy,
      hasFirmware: isOwn(server),
      pxeFirst: pxeFirstSign(server),
      rescueImage: this.#ipxeImages.rescue,
      ipxeImage: this.#ipxeImages.disk[this.#firmwareOf(name)],
    });
    this.#choices.set(name, choice);
    return this.#strategyNamed(choice.strategy, name);
  }

  #strategyNamed(strategy: BootStrategy, node: string): Strategy {
    return strategyOf(strategy, this.#firmwareOf(node), this.#ipxeImages);
  }

  #firmwareOf(node: string): Firmware {
    return this.#nodes.get(node)?.firmware ?? 'bios';
  }

  /** Sees a server that has just been made, changed or adopted. */
  async #meet(name: string): Promise<void> {
    const { poller } = this.#lease;
    await poller.refresh();
    this.#takeAll();
    const machine = this.#machines.get(name);
    if (machine?.server !== undefined && !poller.get(machine.server)) machine.seeGone();
    await machine?.taken();
  }

  async #forget(name: string, signal: AbortSignal): Promise<void> {
    // What was kept of it is known without its server too.
    const machine = this.#kept.has(name) ? this.#machine(name) : this.#machines.get(name);
    this.#machines.delete(name);
    this.#choices.delete(name);
    await machine?.forget(signal);
  }

  #found(id: MachineId): OpenStackMachine {
    const machine = this.#machines.get(this.#nodeIn(id));
    if (!machine) throw new DriverError('gone', `there is no server for ${id}`);
    return machine;
  }

  #nodeIn(id: MachineId): string {
    const prefix = `${this.#around.lab}/`;
    return id.startsWith(prefix) ? id.slice(prefix.length) : '';
  }
}

function folderOf({ stateDirectory, lab }: OpenStackSurroundings): string {
  return join(stateDirectory, 'labs', lab, 'openstack');
}

/** Looks at the cloud once, as long as that does not take too long. */
async function refresh(look: { lease: CloudLease; clock: Clock; within: number }): Promise<void> {
  const late = () => new Error('the cloud takes long to answer');
  await within(look.clock, look.within, look.lease.poller.refresh(), late).catch(() => undefined);
}
