import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabDefinition } from '../lab/definition.ts';
import { type Driver, machineId, type Observation } from '../node/driver.ts';
import { type KeptNode, NodeRunner } from '../node/runner.ts';
import type { LabSpec, NodeSpec } from '../node/spec.ts';
import { fileDocument } from '../support/document.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { inParallel } from '../support/parallel.ts';
import type { LabStatus, NodeStatus, PlannedChange, Progress } from './api.ts';
import { BmcEndpoint, type BmcService } from './bmc-endpoint.ts';
import type { BootService } from './boot-service.ts';
import { createDriver, type DriverSurroundings, diesWithHost } from './drivers.ts';
import { type LabRecord, passwordOf, recordFor } from './lab-record.ts';
import { choosePorts } from './port-choice.ts';

/** What a lab works with. */
export interface LabSurroundings extends Omit<DriverSurroundings, 'lab' | 'bootPort'> {
  readonly boot: BootService;
  /** UDP endpoints `ADDRESS:PORT` that BMCs of other labs have. */
  readonly portsOfOtherLabs: (lab: string) => ReadonlySet<string>;
  readonly bmcs: BmcService;
  /** Whether the host lost power since the daemon last ran. */
  readonly powerLost: boolean;
}

/** A node with its BMC. */
interface Member {
  readonly node: NodeRunner;
  readonly bmc: BmcEndpoint;
}

/** One lab that is served: its driver, its nodes and their BMCs. */
export class LabRuntime {
  readonly name: string;
  readonly #around: LabSurroundings;
  readonly #driver: Driver;
  readonly #members = new Map<string, Member>();
  readonly #stop = new AbortController();
  /** What the driver last told of each machine's power, and of the boot that led to it. */
  readonly #seen = new Map<string, { power?: Observation; boot?: Observation }>();
  #record: LabRecord;

  private constructor(record: LabRecord, driver: Driver, around: LabSurroundings) {
    this.name = record.definition.spec.name;
    this.#record = record;
    this.#driver = driver;
    this.#around = around;
  }

  /** Starts to serve a lab: one that was kept, or a new one that has nothing yet. */
  static async open(record: LabRecord, around: LabSurroundings): Promise<LabRuntime> {
    const { name } = record.definition.spec;
    const driver = await createDriver(record.definition.driver, {
      ...around,
      lab: name,
      bootPort: around.boot.port,
    });
    const lab = new LabRuntime(record, driver, around);
    const machines = new Set<string>();
    for (const { kind, name: machine } of await driver.existing(name))
      if (kind === 'machine') machines.add(machine);
    for (const spec of record.definition.spec.nodes) {
      if (machines.has(spec.name))
        await lab.#serve(spec, around.powerLost && diesWithHost(record.definition.driver));
    }
    await lab.#serveBoot();
    await driver.watch((id, observation) => lab.#observe(id, observation), lab.#stop.signal);
    return lab;
  }

  get record(): LabRecord {
    return this.#record;
  }

  /** What would have to be done to make the lab what the definition says. */
  async plan(definition: LabDefinition): Promise<readonly PlannedChange[]> {
    if (JSON.stringify(definition.driver) !== JSON.stringify(this.#record.definition.driver)) {
      throw new QuintupleoError(`lab ${this.name} was made with other driver settings`, {
        family: 'config',
        code: 'DRIVER_CHANGED',
        remedy: `Take it down first: quintupleo down ${this.name}.`,
      });
    }
    const changes: PlannedChange[] = [...(await this.#driver.plan(definition.spec))];
    for (const [name, { bmc }] of this.#members) {
      const wanted = definition.bmcs[name];
      if (wanted && !bmc.isSetUpAs(wanted)) {
        changes.push({
          op: 'update',
          kind: 'bmc',
          name,
          summary: 'new settings; its sessions end',
          disruptive: false,
        });
      }
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
    const record = recordFor(definition, this.#record);
    await this.#keep({
      ...record,
      ports: await choosePorts(record, this.#around.portsOfOtherLabs(this.name)),
    });
    try {
      await this.#perform(changes, definition.spec, tell, signal);
      for (const spec of definition.spec.nodes) await this.#serve(spec, false);
      await this.#serveBoot();
      this.#checkBmcs();
      await this.#keep({ ...this.#record, phase: 'up', message: '' });
    } catch (error) {
      await this.#keep({
        ...this.#record,
        phase: signal.aborted ? 'applying' : 'failed',
        message: messageOf(error),
      });
      throw error;
    }
  }

  /** Takes everything away that belongs to the lab. Can be called again. */
  async remove(tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    await this.#keep({ ...this.#record, phase: 'deleting', message: '' });
    for (const name of [...this.#members.keys()]) await this.#dismiss(name);
    const nothing: LabSpec = { name: this.name, networks: [], nodes: [] };
    await this.#around.boot.forgetLab(this.name);
    const changes = await this.#driver.plan(nothing);
    tell({ type: 'plan', changes });
    await this.#perform(changes, nothing, tell, signal);
    await this.close();
  }

  /** Stops serving; machines and networks stay. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const name of [...this.#members.keys()]) await this.#dismiss(name);
    await this.#around.boot.close(this.name);
    await this.#driver[Symbol.asyncDispose]();
  }

  node(name: string): NodeRunner {
    const member = this.#members.get(name);
    if (member) return member.node;
    throw new QuintupleoError(`lab ${this.name} has no node ${name}`, {
      family: 'user',
      code: 'NODE_NOT_FOUND',
      remedy: `It has ${[...this.#members.keys()].slice(0, 8).join(', ') || 'none'}.`,
    });
  }

  status(): LabStatus {
    const { definition, phase, message } = this.#record;
    return {
      name: this.name,
      phase,
      message,
      driver: this.#driver.name,
      facts: this.#driver.facts(definition.spec),
      source: definition.source,
      nodes: [...this.#members.keys()].map(name => this.nodeStatus(name)),
    };
  }

  nodeStatus(name: string): NodeStatus {
    const node = this.node(name);
    const bmc = this.#members.get(name)?.bmc;
    const { durable, power, results } = node.state;
    return {
      lab: this.name,
      name,
      spec: node.spec,
      power,
      operation: durable.operation,
      lastResult: results.at(-1),
      boot: durable.boot,
      bmc: bmc?.status() ?? { address: '', port: 0, users: [], problem: 'there is none' },
      consoleLog: undefined,
    };
  }

  /**
   * The MAC address of the network card by which a node netboots from the lab's own service.
   * @throws QuintupleoError `NO_NETBOOT` for a node that cannot
   */
  netbootMac(name: string): string {
    const nic = this.node(name).spec.nics[0];
    const network = this.#record.definition.spec.networks.find(one => one.name === nic?.network);
    if (nic && network?.dhcp) return nic.mac;
    const why = network ? `its network ${network.name} has dhcp: false` : 'it has no network card';
    throw new QuintupleoError(`${name} does not netboot from the lab: ${why}`, {
      family: 'config',
      code: 'NO_NETBOOT',
      remedy: 'Give it a first network with dhcp: true in the lab file.',
    });
  }

  /** Every login of a node's BMC. */
  credentials(name: string): { name: string; password: string; privilege: string }[] {
    const users = this.#record.definition.bmcs[name]?.users ?? [];
    return users.map(user => ({
      name: user.name,
      password: passwordOf(this.#record, name, user),
      privilege: user.privilege,
    }));
  }

  async #perform(
    changes: readonly PlannedChange[],
    spec: LabSpec,
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<void> {
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
    if (change.kind === 'bmc') await this.#dismiss(change.name);
    else {
      if (change.kind === 'machine' && change.op === 'delete') await this.#forget(change.name);
      await this.#driver.apply(spec, { ...change, kind: change.kind }, signal);
    }
    const served = change.kind === 'machine' || change.kind === 'bmc';
    const made = served ? spec.nodes.find(node => node.name === change.name) : undefined;
    if (made) await this.#serve(made, false);
    tell({ type: 'finish', change });
  }

  /** Serves a node as the record says: leaves one alone that already is served so. */
  async #serve(spec: NodeSpec, powerLost: boolean): Promise<void> {
    const definition = this.#record.definition.bmcs[spec.name];
    if (!definition) return;
    const member = this.#members.get(spec.name);
    const same = member && JSON.stringify(member.node.spec) === JSON.stringify(spec);
    if (same && member.bmc.isSetUpAs(definition)) return;
    if (member) await this.#dismiss(spec.name);

    const { clock, log } = this.#around;
    const machine = machineId(this.name, spec.name);
    const document = fileDocument<KeptNode>(this.#path('nodes', `${spec.name}.json`));
    const node = await NodeRunner.start(
      { spec, machine, driver: this.#driver, clock, document, log },
      powerLost,
    );
    const bmc = await BmcEndpoint.open(
      {
        node,
        definition,
        passwordOf: user => passwordOf(this.#record, spec.name, user),
        port: definition.ipmi.port ?? this.#record.ports[spec.name] ?? 0,
        accounts: fileDocument(this.#path('bmcs', spec.name, 'accounts.json')),
        memory: fileDocument(this.#path('bmcs', spec.name, 'memory.json')),
      },
      this.#around.bmcs,
    );
    this.#members.set(spec.name, { node, bmc });
    const seen = this.#seen.get(spec.name);
    if (seen?.boot) node.observe(seen.boot);
    if (seen?.power) node.observe(seen.power);
  }

  /** Stops serving a node; its state stays. */
  async #dismiss(name: string): Promise<void> {
    const member = this.#members.get(name);
    if (!member) return;
    this.#members.delete(name);
    await member.bmc.close();
    await member.node.close();
  }

  /** Stops serving a node and forgets what was kept of it. */
  async #forget(name: string): Promise<void> {
    await this.#dismiss(name);
    this.#seen.delete(name);
    await fileDocument(this.#path('nodes', `${name}.json`)).delete();
    await rm(this.#path('bmcs', name), { recursive: true, force: true });
  }

  /** @throws QuintupleoError `BMC_DEAF` when a BMC cannot listen where it shall */
  #checkBmcs(): void {
    for (const [name, { bmc }] of this.#members) {
      const { problem } = bmc.status();
      if (problem === undefined) continue;
      throw new QuintupleoError(`the BMC of ${name} cannot listen: ${problem}`, {
        family: 'config',
        code: 'BMC_DEAF',
        remedy: 'Free that address and port, or choose another one in the lab file; then run up again.',
      });
    }
  }

  #observe(id: string, observation: Observation): void {
    const name = id.startsWith(`${this.name}/`) ? id.slice(this.name.length + 1) : '';
    const seen = this.#seen.get(name) ?? {};
    if (observation.type === 'power') seen.power = observation;
    if (observation.type === 'booted') seen.boot = { ...observation, earlier: true };
    this.#seen.set(name, seen);
    this.#members.get(name)?.node.observe(observation);
  }

  /** Answers netbooting machines, on the networks that are there. */
  async #serveBoot(): Promise<void> {
    const { spec } = this.#record.definition;
    const existing = await this.#driver.existing(this.name);
    const networks = spec.networks.filter(({ name }) =>
      existing.some(resource => resource.kind === 'network' && resource.name === name),
    );
    await this.#around.boot.serve(this.name, spec, this.#driver.bootAddresses({ ...spec, networks }));
  }

  async #keep(record: LabRecord): Promise<void> {
    this.#record = record;
    await fileDocument<LabRecord>(this.#path('lab.json')).write(record);
  }

  #path(...parts: string[]): string {
    return join(this.#around.stateDirectory, 'labs', this.name, ...parts);
  }
}

/** Steps that stand side by side and do the same with the same kind of thing do not need each other. */
function stagesOf(changes: readonly PlannedChange[]): PlannedChange[][] {
  const stages: PlannedChange[][] = [];
  for (const change of changes) {
    const stage = stages.at(-1);
    const [first] = stage ?? [];
    if (stage && first?.kind === change.kind && first.op === change.op) stage.push(change);
    else stages.push([change]);
  }
  return stages;
}
