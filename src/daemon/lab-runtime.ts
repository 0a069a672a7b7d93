import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { LabDefinition } from '../lab/definition.ts';
import type { Driver } from '../node/driver.ts';
import type { LabSpec } from '../node/spec.ts';
import { fileDocument } from '../support/document.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import type { Finding } from '../support/finding.ts';
import { inParallel } from '../support/parallel.ts';
import type { LabStatus, OperationAnswer, PlannedChange, PowerRequest, Progress } from './api.ts';
import { answersPing } from './bmc-ping.ts';
import { isMadeWhereServed, isSameDriver } from './drivers.ts';
import type { LabFaults } from './faults/lab-faults.ts';
import { isServedElsewhere } from './handed-lab.ts';
import type { LabNodes } from './lab-nodes.ts';
import { leftPlaces, placesOf, type UdpAndTcp, withPorts } from './lab-ports.ts';
import type { LabSwitch } from './lab-power.ts';
import { type LabRecord, recordFor } from './lab-record.ts';
import { LabService } from './lab-service.ts';
import { LabServing } from './lab-serving.ts';
import type { LabSurroundings } from './lab-surroundings.ts';
import { powerNode } from './node-power.ts';
import type { Place } from './port-choice.ts';
import type { Service } from './redfish-service.ts';
import type { RemoteLab } from './remote-lab.ts';
import { stagesOf } from './stages.ts';
import { examineNode } from './why.ts';

/** One lab that is served: its driver, its nodes and their BMCs. */
export class LabRuntime {
  readonly name: string;
  readonly #around: LabSurroundings;
  readonly #driver: Driver;
  readonly #serving: LabServing;
  readonly #service: LabService;
  readonly #stop = new AbortController();
  #record: LabRecord;

  private constructor(record: LabRecord, driver: Driver, around: LabSurroundings) {
    this.name = record.definition.spec.name;
    this.#record = record;
    this.#driver = driver;
    this.#around = around;
    const { identity, clock, log } = around;
    this.#serving = new LabServing({
      ...{ lab: this.name, folder: this.#path(), driver, around },
      record: () => this.#record,
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
      if (!lab.remote) await lab.#serving.watch(lab.#stop.signal);
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
    await this.#around.prepare?.(this.#record);
    await this.#serving.resume(this.#stop.signal);
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
    for (const name of this.nodes.changedBmcs(definition)) {
      const summary = 'new settings; its sessions end';
      changes.push({ op: 'update', kind: 'bmc', name, summary, disruptive: false });
    }
    if (this.nodes.names().length > 0 && !this.#serving.redfish.isSetUpAs(definition.redfish)) {
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
      if (this.remote) await this.#serving.end();
      if (changes.length > 0) await this.faults.end();
      await this.#perform(changes, definition.spec, tell, signal);
      if (this.remote) await this.#service.push(this.#record, signal);
      else {
        this.#service.unwatch();
        await this.#serving.serve();
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
    for (const name of this.nodes.names()) if (!wanted.has(name)) await this.nodes.forget(name);
    await this.#serving.serve();
  }

  /** Takes everything away that belongs to the lab. Can be called again. */
  async remove(tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    await this.#keep({ ...this.#record, phase: 'deleting', message: '' });
    this.#service.unwatch();
    await this.#serving.dismissNodes();
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
    await this.#serving.end();
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
      redfish: this.#serving.redfish.status(),
      networks: definition.spec.networks,
      nodes: this.nodes.names().map(name => this.nodes.status(name)),
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
    const { spec, capabilities } = this.nodes.node(name);
    const status = this.nodes.status(name);
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
    return this.#serving.redfish.service;
  }

  /** How many sessions clients have open. */
  get sessions(): { readonly ipmi: number; readonly sol: number; readonly redfish: number } {
    return { ...this.nodes.sessions, redfish: this.#serving.redfish.sessions };
  }

  get nodes(): LabNodes {
    return this.#serving.nodes;
  }

  /** What is wrong with it on purpose. */
  get faults(): LabFaults {
    return this.#serving.faults;
  }

  /**
   * The MAC address of the network card by which a node netboots from the lab's own service.
   * @throws QuintupleoError `NO_NETBOOT` for a node that cannot
   */
  netbootMac(name: string): string {
    const nic = this.nodes.node(name).spec.nics[0];
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
    const result = await powerNode(this.nodes.node(name), request, this.#around.clock, signal);
    return { node: this.nodes.status(name), result };
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
    if (change.kind === 'redfish') await this.#serving.redfish.setUp();
    else if (change.kind === 'bmc') await this.nodes.dismiss(change.name);
    else {
      if (change.kind === 'machine' && change.op === 'delete') await this.nodes.forget(change.name);
      await this.#driver.apply(spec, { ...change, kind: change.kind }, signal);
    }
    const served = change.kind === 'machine' || change.kind === 'bmc';
    const made = served && !this.remote ? spec.nodes.find(node => node.name === change.name) : undefined;
    if (made) await this.nodes.serve(made, false);
    tell({ type: 'finish', change });
  }

  async #keep(record: LabRecord): Promise<void> {
    this.#record = record;
    await fileDocument<LabRecord>(this.#path('lab.json')).write(record);
  }

  #path(...parts: string[]): string {
    return join(this.#around.stateDirectory, 'labs', this.name, ...parts);
  }
}
