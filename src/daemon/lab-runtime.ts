import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Faults } from '../faults/faults.ts';
import type { LabDefinition } from '../lab/definition.ts';
import { type Driver, DriverError, machineId } from '../node/driver.ts';
import type { LabSpec } from '../node/spec.ts';
import type { Identity } from '../support/certificate.ts';
import type { Clock } from '../support/clock.ts';
import { fileDocument } from '../support/document.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import type { Finding } from '../support/finding.ts';
import type { Logger } from '../support/log.ts';
import { inParallel } from '../support/parallel.ts';
import type { LabStatus, OperationAnswer, PlannedChange, PowerRequest, Progress } from './api.ts';
import type { BmcService } from './bmc-endpoint.ts';
import { answersPing } from './bmc-ping.ts';
import type { BootService } from './boot-service.ts';
import { type Drivers, diesWithHost, isMadeWhereServed, isSameDriver } from './drivers.ts';
import { LabFaults } from './faults/lab-faults.ts';
import { isServedElsewhere } from './handed-lab.ts';
import { LabNodes } from './lab-nodes.ts';
import { leftPlaces, placesOf, type UdpAndTcp, withPorts } from './lab-ports.ts';
import type { LabSwitch } from './lab-power.ts';
import { type LabRecord, recordFor } from './lab-record.ts';
import { LabRedfish, type LabRedfishParts } from './lab-redfish.ts';
import { LabService } from './lab-service.ts';
import { powerNode } from './node-power.ts';
import type { Place } from './port-choice.ts';
import type { Service } from './redfish-service.ts';
import type { RemoteLab } from './remote-lab.ts';
import { stagesOf } from './stages.ts';
import type { TcpReservations } from './tcp-reservations.ts';
import type { BootStages } from './watch/boot-stages.ts';
import type { Happenings } from './watch/happenings.ts';
import type { Timeline } from './watch/timeline.ts';
import { examineNode } from './why.ts';

/** What a lab works with. */
export interface LabSurroundings {
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly drivers: Drivers;
  readonly boot: BootService;
  /** Endpoints `ADDRESS:PORT` that BMCs and services of other labs have. */
  readonly portsOfOtherLabs: (lab: string) => UdpAndTcp<ReadonlySet<string>>;
  /** TCP ports that are held for Redfish services. */
  readonly reservations: TcpReservations;
  readonly bmcs: BmcService;
  readonly happenings: Happenings;
  readonly timeline: Timeline;
  /** What is wrong on purpose. */
  readonly faults: Faults;
  readonly stages: BootStages;
  /** Called when a node that is served elsewhere is no longer as it was. */
  readonly touched: (lab: string, node: string) => void;
  /** Hears of each request to a Redfish service when it has been answered. */
  readonly onRedfishAnswer?: LabRedfishParts['onAnswer'];
  /** By which this daemon is known to the services of labs. */
  readonly identity: () => Promise<Identity>;
  /** Called before a lab's nodes are served. */
  readonly prepare?: ((record: LabRecord) => Promise<void>) | undefined;
  /** Whether the host lost power since the daemon last ran. */
  readonly powerLost: boolean;
}

/** One lab that is served: its driver, its nodes and their BMCs. */
export class LabRuntime {
  readonly name: string;
  readonly #around: LabSurroundings;
  readonly #driver: Driver;
  readonly #nodes: LabNodes;
  readonly #redfish: LabRedfish;
  readonly #service: LabService;
  /** What is wrong with it on purpose. */
  readonly faults: LabFaults;
  readonly #stop = new AbortController();
  #record: LabRecord;

  private constructor(record: LabRecord, driver: Driver, around: LabSurroundings) {
    this.name = record.definition.spec.name;
    this.#record = record;
    this.#driver = driver;
    this.#around = around;
    const { identity, clock, log, reservations, onRedfishAnswer } = around;
    this.#redfish = new LabRedfish({
      lab: this.name,
      record: () => this.#record,
      folder: this.#path(),
      clock,
      log,
      onAnswer: onRedfishAnswer,
      reservations,
      faults: around.faults,
    });
    this.#nodes = new LabNodes({
      lab: this.name,
      driver,
      record: () => this.#record,
      redfish: this.#redfish,
      around,
    });
    this.faults = new LabFaults({
      lab: this.name,
      driver: driver.name,
      faults: around.faults,
      nodes: () => this.#nodes.names(),
      settled: nodes => this.#nodes.faultsSettled(nodes),
      log,
    });
    this.#service = new LabService({
      ...{ lab: this.name, identity, clock, log, timeline: around.timeline },
      record: () => this.#record,
      touched: node => around.touched(this.name, node),
      find: async signal => {
        const found = await driver.service?.(this.#record.definition.spec, signal);
        if (found) return found;
        throw new QuintupleoError(`the driver ${driver.name} makes no service instances`, {
          family: 'config',
          code: 'NO_SERVICE',
        });
      },
    });
  }

  /** Opens a lab that has nothing yet; what it has is not served before it is applied, since its ports are not chosen. */
  static async create(record: LabRecord, around: LabSurroundings): Promise<LabRuntime> {
    const lab = await LabRuntime.#make(record, around);
    return lab.#begun(async () => {
      if (!lab.remote) await lab.#watch();
    });
  }

  /** Starts to serve a lab that was kept. */
  static async open(record: LabRecord, around: LabSurroundings): Promise<LabRuntime> {
    const lab = await LabRuntime.#make(record, around);
    return lab.#begun(() => lab.#resume());
  }

  /** Itself, begun; one that cannot be leaves nothing that goes on by itself, such as a driver that sees its machines. */
  async #begun(begin: () => Promise<void>): Promise<LabRuntime> {
    try {
      await begin();
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #resume(): Promise<void> {
    if (this.remote) {
      this.#service.watch();
      return;
    }
    const { prepare, powerLost, log } = this.#around;
    const { driver, spec } = this.#record.definition;
    await prepare?.(this.#record);
    const machines = await this.#made('machine');
    for (const node of spec.nodes) {
      if (!machines.has(node.name)) continue;
      if (this.#drives(node.name)) await this.#nodes.serve(node, powerLost && diesWithHost(driver));
      else log.warn({ lab: this.name, node: node.name }, 'its machine was not made to the end');
    }
    await this.#redfish.sweep(this.#nodes.images());
    await this.#serveBoot();
    await this.#watch();
    await this.#beginFaults().catch((error: unknown) => {
      log.warn({ lab: this.name, error: messageOf(error) }, 'not all faults of the lab file are injected');
    });
  }

  static async #make(record: LabRecord, around: LabSurroundings): Promise<LabRuntime> {
    const { driver, spec } = record.definition;
    return new LabRuntime(record, await around.drivers.create(spec.name, driver), around);
  }

  get record(): LabRecord {
    return this.#record;
  }

  /** Who serves the nodes, where it is not this daemon. */
  get remote(): RemoteLab | undefined {
    return isServedElsewhere(this.#record.definition) ? this.#service.remote : undefined;
  }

  /** Its nodes as tables show them, where it is not this daemon that serves them. */
  get elsewhere(): Pick<LabService, 'summaries' | 'summary'> | undefined {
    return isServedElsewhere(this.#record.definition) ? this.#service : undefined;
  }

  /** What would have to be done to make the lab what the definition says. */
  async plan(definition: LabDefinition): Promise<readonly PlannedChange[]> {
    if (!isSameDriver(definition.driver, this.#record.definition.driver)) {
      throw new QuintupleoError(`lab ${this.name} was made with other driver settings`, {
        family: 'config',
        code: 'DRIVER_CHANGED',
        remedy: `Take it down first: quintupleo down ${this.name}.`,
      });
    }
    const changes: PlannedChange[] = [...(await this.#driver.plan(definition.spec))];
    for (const name of this.#nodes.changedBmcs(definition)) {
      const summary = 'new settings; its sessions end';
      changes.push({ op: 'update', kind: 'bmc', name, summary, disruptive: false });
    }
    if (this.#nodes.names().length > 0 && !this.#redfish.isSetUpAs(definition.redfish)) {
      const summary = 'new settings of its Redfish services; their sessions end';
      changes.push({ op: 'update', kind: 'redfish', name: this.name, summary, disruptive: false });
    }
    return changes;
  }

  /** Makes the lab what the definition says. Can be interrupted anywhere, and called again. */
  async apply(
    definition: LabDefinition,
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const changes = await this.plan(definition);
    tell({ type: 'plan', changes });
    const { portsOfOtherLabs, bmcs, reservations } = this.#around;
    const record = await withPorts(recordFor(definition, this.#record), portsOfOtherLabs(this.name), {
      udp: place => bmcs.server.reserve(place),
      tcp: place => reservations.reserve(place),
    });
    const left = leftPlaces(this.#record, record);
    await this.#keep(record);
    await this.#release(left);
    try {
      if (this.remote) await this.#stopServing();
      if (changes.length > 0) await this.faults.end();
      await this.#perform(changes, definition.spec, tell, signal);
      if (this.remote) await this.#service.push(this.#record, signal);
      else {
        this.#service.unwatch();
        await this.#serveAll();
      }
      await this.#keep({ ...this.#record, phase: 'up', message: '' });
      this.#around.happenings.tell({ type: 'nodes', lab: this.name });
    } catch (error) {
      await this.#keep({
        ...this.#record,
        phase: signal.aborted ? 'applying' : 'failed',
        message: messageOf(error),
      });
      throw error;
    }
  }

  /** Serves the lab as a record says that another daemon keeps, which makes what the lab consists of. */
  async follow(record: LabRecord): Promise<void> {
    await this.#keep(record);
    await this.#around.prepare?.(record);
    const { spec, driver } = record.definition;
    if (isMadeWhereServed(driver)) {
      const changes = await this.#driver.plan(spec);
      await this.#perform(changes, spec, () => undefined, this.#stop.signal);
    }
    const wanted = new Set(spec.nodes.map(node => node.name));
    for (const name of this.#nodes.names()) if (!wanted.has(name)) await this.#nodes.forget(name);
    await this.#serveAll();
  }

  /** Takes everything away that belongs to the lab. Can be called again. */
  async remove(tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    await this.#keep({ ...this.#record, phase: 'deleting', message: '' });
    this.#service.unwatch();
    await this.#dismissAll();
    await this.#redfish[Symbol.asyncDispose]();
    const nothing: LabSpec = { name: this.name, networks: [], nodes: [] };
    await this.#around.boot.forgetLab(this.name);
    await this.#driver.serveBoot(nothing);
    const changes = await this.#driver.plan(nothing);
    tell({ type: 'plan', changes });
    await this.#perform(changes, nothing, tell, signal);
    await this.#release(placesOf(this.#record));
    await this.close();
  }

  /** Lets go of places that are held for those who are to listen there. */
  async #release({ udp, tcp }: UdpAndTcp<readonly Place[]>): Promise<void> {
    for (const place of udp) await this.#around.bmcs.server.release(place);
    for (const place of tcp) await this.#around.reservations.release(place);
  }

  /** Stops serving; machines and networks stay. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#stopServing();
    await this.#service[Symbol.asyncDispose]();
    await this.#driver[Symbol.asyncDispose]();
    this.#around.happenings.tell({ type: 'nodes', lab: this.name });
  }

  status(): LabStatus {
    const { definition, phase, message, stopped } = this.#record;
    return {
      name: this.name,
      phase,
      message,
      driver: this.#driver.name,
      facts: this.#driver.facts(definition.spec),
      source: definition.source,
      ...(stopped && { stopped: [...stopped.nodes, ...stopped.hosts] }),
      redfish: this.#redfish.status(),
      networks: definition.spec.networks,
      nodes: this.#nodes.names().map(name => this.#nodes.status(name)),
      ...(definition.exports && { exports: definition.exports }),
    };
  }

  /** The same, with the nodes as whoever serves them has them. */
  async currentStatus(): Promise<LabStatus> {
    const status = this.status();
    if (!this.remote) return status;
    return { ...status, ...(await this.#service.status(this.#record.definition)) };
  }

  /** What may keep a node from a network boot. */
  async why(name: string, signal: AbortSignal): Promise<readonly Finding[]> {
    const { boot, clock } = this.#around;
    const { spec, capabilities } = this.#nodes.node(name);
    const status = this.#nodes.status(name);
    const { address, port, problem } = status.bmc;
    const bmcAnswers = problem === undefined && (await answersPing(address, port));
    const addresses = boot.addresses(this.name);
    const lab = this.#record.definition.spec;
    const found = (await this.#driver.examineNetboot?.(lab, spec, signal)) ?? [];
    return examineNode({ status, capabilities, addresses, bmcAnswers, now: clock.now() }, found);
  }

  /** All machines of the lab. */
  get switchboard(): LabSwitch {
    const { clock } = this.#around;
    const { stopped } = this.#record;
    return {
      clock,
      stopped,
      nodes: async () => (await this.currentStatus()).nodes,
      power: (name, request, signal) => this.#power(name, request, signal),
      hosts: async () => (await this.#driver.hosts?.()) ?? new Map(),
      switchHost: async (name, on, signal) => this.#driver.switchHost?.(name, on, signal),
      keep: now => this.#keep({ ...this.#record, stopped: now }),
    };
  }

  /** The Redfish service that shows all nodes, where there is one: its users are the lab's. */
  get redfishService(): Service | undefined {
    return this.#redfish.service;
  }

  /** How many sessions clients have open. */
  get sessions(): { readonly ipmi: number; readonly sol: number; readonly redfish: number } {
    return { ...this.#nodes.sessions, redfish: this.#redfish.sessions };
  }

  get nodes(): LabNodes {
    return this.#nodes;
  }

  /**
   * The MAC address of the network card by which a node netboots from the lab's own service.
   * @throws QuintupleoError `NO_NETBOOT` for a node that cannot
   */
  netbootMac(name: string): string {
    const nic = this.#nodes.node(name).spec.nics[0];
    const network = this.#record.definition.spec.networks.find(one => one.name === nic?.network);
    if (nic && network?.dhcp) return nic.mac;
    const why = network ? `its network ${network.name} has dhcp: false` : 'it has no network card';
    throw new QuintupleoError(`${name} does not netboot from the lab: ${why}`, {
      family: 'config',
      code: 'NO_NETBOOT',
      remedy: 'Give it a first network with dhcp: true in the lab file.',
    });
  }

  async #power(name: string, request: PowerRequest, signal: AbortSignal): Promise<OperationAnswer> {
    if (this.remote) return this.remote.power(name, request, signal);
    const result = await powerNode(this.#nodes.node(name), request, this.#around.clock, signal);
    return { node: this.#nodes.status(name), result };
  }

  async #perform(
    changes: readonly PlannedChange[],
    spec: LabSpec,
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    // Steps side by side, and every call that each of them waits for, listen to it.
    setMaxListeners(0, signal);
    for (const stage of stagesOf(changes)) {
      await inParallel(stage, this.#driver.concurrency, change => this.#step(change, spec, tell, signal));
    }
  }

  async #step(
    change: PlannedChange,
    spec: LabSpec,
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    tell({ type: 'start', change });
    if (change.kind === 'redfish') await this.#redfish.setUp();
    else if (change.kind === 'bmc') await this.#nodes.dismiss(change.name);
    else {
      if (change.kind === 'machine' && change.op === 'delete') await this.#nodes.forget(change.name);
      await this.#driver.apply(spec, { ...change, kind: change.kind }, signal);
    }
    const served = change.kind === 'machine' || change.kind === 'bmc';
    const made = served && !this.remote ? spec.nodes.find(node => node.name === change.name) : undefined;
    if (made) await this.#nodes.serve(made, false);
    tell({ type: 'finish', change });
  }

  #watch(): Promise<void> {
    return this.#driver.watch((id, seen) => this.#nodes.observe(id, seen), this.#stop.signal);
  }

  /** @throws QuintupleoError `BMC_DEAF`, `REDFISH_DEAF` */
  async #serveAll(): Promise<void> {
    const machines = await this.#made('machine');
    for (const node of this.#record.definition.spec.nodes) {
      if (machines.has(node.name)) await this.#nodes.serve(node, false);
    }
    await this.#redfish.setUp();
    await this.#serveBoot();
    this.#nodes.checkBmcs();
    this.#redfish.check();
    await this.#beginFaults();
  }

  /** @throws QuintupleoError `FAULT_NEEDS_CLOUD` */
  async #beginFaults(): Promise<void> {
    try {
      await this.faults.begin(this.#record.definition.faults ?? []);
    } finally {
      this.#nodes.readSensors();
    }
  }

  /** Nodes and their boot are served no more. */
  async #stopServing(): Promise<void> {
    await this.#dismissAll();
    await this.#redfish[Symbol.asyncDispose]();
    await this.#around.boot.close(this.name);
  }

  /** Nodes are served no more, and nothing is wrong with them. */
  async #dismissAll(): Promise<void> {
    this.faults.leave();
    await this.#nodes.dismissAll();
    // What was injected meanwhile.
    this.faults.leave();
  }

  /** Answers netbooting machines, on the networks that are there. */
  async #serveBoot(): Promise<void> {
    const { spec } = this.#record.definition;
    const made = await this.#made('network');
    const networks = spec.networks.filter(
      ({ name, cloud }) => cloud?.existing !== undefined || made.has(name),
    );
    const addresses = await this.#driver.serveBoot({ ...spec, networks });
    await this.#around.boot.serve(this.name, spec, addresses, {
      firmwareAsks: async question => await this.#driver.firmwareAsks?.(question),
      media: node => this.#nodes.media(node),
      fetched: (node, what) => this.#nodes.observe(machineId(this.name, node), { type: 'fetched', what }),
      reported: (node, stage) => this.#around.stages.reported(this.name, node, stage),
    });
  }

  /** Whether the driver has a node's machine: of one whose making was interrupted there may be parts only. */
  #drives(node: string): boolean {
    try {
      this.#driver.serial(machineId(this.name, node));
      return true;
    } catch (error) {
      if (error instanceof DriverError && error.kind === 'gone') return false;
      throw error;
    }
  }

  /** Names of what the lab has of a kind. A platform that cannot be asked now is taken to have what was made there. */
  async #made(kind: 'machine' | 'network'): Promise<ReadonlySet<string>> {
    const { definition, phase } = this.#record;
    try {
      const existing = await this.#driver.existing(this.name);
      return new Set(existing.filter(resource => resource.kind === kind).map(({ name }) => name));
    } catch (error) {
      if (phase !== 'up') throw error;
      this.#around.log.warn({ lab: this.name, error: messageOf(error) }, 'the platform cannot be asked now');
      const { nodes, networks } = definition.spec;
      return new Set((kind === 'machine' ? nodes : networks).map(({ name }) => name));
    }
  }

  async #keep(record: LabRecord): Promise<void> {
    this.#record = record;
    await fileDocument<LabRecord>(this.#path('lab.json')).write(record);
  }

  #path(...parts: string[]): string {
    return join(this.#around.stateDirectory, 'labs', this.name, ...parts);
  }
}
