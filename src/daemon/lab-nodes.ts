import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBuffer } from '../bmc/ipmi/random.ts';
import { type BmcSettings, newBmcSettings } from '../bmc/redfish/settings.ts';
import type { Faults } from '../faults/faults.ts';
import type { BmcDefinition, LabDefinition } from '../lab/definition.ts';
import {
  type Driver,
  type MachineId,
  type MachineScreen,
  machineId,
  type Observation,
} from '../node/driver.ts';
import { firmwareSettings, nextSettings } from '../node/firmware-settings.ts';
import { type MediaImage, type MediaState, noMedia } from '../node/media.ts';
import { type KeptNode, NodeRunner } from '../node/runner.ts';
import { sensorsToldBeyond } from '../node/sensor-rules.ts';
import type { NodeSpec } from '../node/spec.ts';
import type { Clock } from '../support/clock.ts';
import { fileDocument } from '../support/document.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { KeptValue } from '../support/kept-value.ts';
import type { Logger } from '../support/log.ts';
import type { NodeStatus } from './api.ts';
import { BmcEndpoint, type BmcService } from './bmc-endpoint.ts';
import type { BootService } from './boot-service.ts';
import { NodeFaults } from './faults/node-faults.ts';
import { type LabRecord, passwordOf } from './lab-record.ts';
import type { LabRedfish } from './lab-redfish.ts';
import { NodeBmc } from './redfish-bmc.ts';
import type { BootStages } from './watch/boot-stages.ts';
import type { Happenings } from './watch/happenings.ts';
import type { Timeline } from './watch/timeline.ts';

/** What the nodes of a lab work with. */
export interface LabNodesParts {
  readonly lab: string;
  readonly driver: Driver;
  /** The lab's record as it is now. */
  readonly record: () => LabRecord;
  /** By which they are shown. */
  readonly redfish: LabRedfish;
  readonly around: {
    readonly stateDirectory: string;
    readonly clock: Clock;
    readonly log: Logger;
    readonly bmcs: BmcService;
    readonly boot: Pick<BootService, 'progress'>;
    readonly happenings: Happenings;
    readonly timeline: Timeline;
    readonly faults: Faults;
    readonly stages: BootStages;
  };
}

/** A node with its BMC. */
interface Member {
  readonly node: NodeRunner;
  readonly bmc: BmcEndpoint;
  readonly faults: NodeFaults;
  /** `undefined` when it cannot be shown. */
  readonly redfish: NodeBmc | undefined;
}

/** The nodes of a lab that are served, each with its BMC. */
export class LabNodes {
  readonly #parts: LabNodesParts;
  readonly #members = new Map<string, Member>();
  /** What the driver last told of each machine's power, and of the boot that led to it. */
  readonly #seen = new Map<string, { power?: Observation; boot?: Observation }>();

  constructor(parts: LabNodesParts) {
    this.#parts = parts;
  }

  /** In the order of the lab file, whatever the order in which they were made. */
  names(): string[] {
    const { nodes } = this.#parts.record().definition.spec;
    const inFile = nodes.map(({ name }) => name).filter(name => this.#members.has(name));
    const others = [...this.#members.keys()].filter(name => !nodes.some(node => node.name === name));
    return [...inFile, ...others];
  }

  node(name: string): NodeRunner {
    const member = this.#members.get(name);
    if (member) return member.node;
    throw new QuintupleoError(`lab ${this.#parts.lab} has no node ${name}`, {
      family: 'user',
      code: 'NODE_NOT_FOUND',
      remedy: `It has ${[...this.#members.keys()].slice(0, 8).join(', ') || 'none'}.`,
    });
  }

  /** What is in a node's slots; `undefined` for a node that is not served. */
  media(name: string): MediaState | undefined {
    return this.#members.get(name)?.node.state.durable.media;
  }

  /** A node's BMC, as Redfish shows it; `undefined` for a node that cannot be shown. */
  redfishOf(name: string): NodeBmc | undefined {
    return this.#members.get(name)?.redfish;
  }

  /** How a node's screen can be seen now. @throws DriverError */
  async screen(name: string, signal: AbortSignal): Promise<MachineScreen> {
    const { driver, lab } = this.#parts;
    this.node(name);
    const why = `Machines of the driver ${driver.name} have none.`;
    return (await driver.screen?.(machineId(lab, name), signal)) ?? { kind: 'none', why };
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  status(name: string): NodeStatus {
    const node = this.node(name);
    const bmc = this.#members.get(name)?.bmc;
    const { durable, power, results } = node.state;
    return {
      lab: this.#parts.lab,
      name,
      spec: node.spec,
      power,
      operation: durable.operation,
      lastResult: results.at(-1),
      boot: durable.boot,
      firmware: firmwareSettings(node.spec, nextSettings(durable.firmware).changed).mode,
      bootProgress: this.#parts.around.boot.progress(node.spec.nics.map(({ mac }) => mac)),
      bmc: bmc ? this.#bmcStatus(name, bmc) : { address: '', port: 0, users: [], problem: 'there is none' },
      consoleLog: undefined,
    };
  }

  /** How many IPMI sessions are open, and how many of them have a serial port. */
  get sessions(): { readonly ipmi: number; readonly sol: number } {
    const bmcs = Array.from(this.#members.values(), ({ bmc }) => bmc.ipmi);
    return {
      ipmi: bmcs.reduce((sum, { table }) => sum + [...table.sessions].length, 0),
      sol: bmcs.filter(({ isSolActive }) => isSolActive).length,
    };
  }

  /** BMCs that are not set up as a definition says. */
  changedBmcs({ bmcs }: LabDefinition): string[] {
    return [...this.#members.keys()].filter(name => {
      const wanted = bmcs[name];
      return wanted && !this.#isSetUpAs(name, wanted);
    });
  }

  /** Serves a node as the record says: leaves one alone that already is served so. */
  async serve(spec: NodeSpec, powerLost: boolean): Promise<void> {
    const definition = this.#parts.record().definition.bmcs[spec.name];
    if (!definition) return;
    const member = this.#members.get(spec.name);
    const same = member && JSON.stringify(member.node.spec) === JSON.stringify(spec);
    if (same && this.#isSetUpAs(spec.name, definition)) return;
    if (member) await this.dismiss(spec.name);

    const { clock, log } = this.#parts.around;
    const machine = machineId(this.#parts.lab, spec.name);
    const document = fileDocument<KeptNode>(this.#path('nodes', `${spec.name}.json`));
    const faults = this.#faultsOf(spec.name, machine);
    const node = await NodeRunner.start(
      { spec, machine, driver: faults.machine, clock, document, log },
      powerLost,
    );
    faults.machine.onObservation(observation => node.observe(observation));
    const { happenings, stages } = this.#parts.around;
    stages.track(this.#parts.lab, node);
    node.onActivity(activity =>
      happenings.tell({ type: 'node', lab: this.#parts.lab, node: spec.name, activity }),
    );
    const bmc = await BmcEndpoint.open(
      {
        node,
        definition,
        passwordOf: user => passwordOf(this.#parts.record(), spec.name, user),
        port: definition.ipmi.port ?? this.#parts.record().ports[spec.name] ?? 0,
        accounts: fileDocument(this.#path('bmcs', spec.name, 'accounts.json')),
        memory: fileDocument(this.#path('bmcs', spec.name, 'memory.json')),
        rim: faults,
      },
      this.#parts.around.bmcs,
    ).catch(async (error: unknown) => {
      await node.close();
      throw error;
    });
    this.#members.set(spec.name, { node, bmc, faults, redfish: await this.#show(node, bmc) });
    happenings.tell({ type: 'nodes', lab: this.#parts.lab });
    const seen = this.#seen.get(spec.name);
    if (seen?.boot) faults.machine.observe(seen.boot);
    if (seen?.power) faults.machine.observe(seen.power);
    faults.begin(() => bmc.ipmi.reset('cold'));
  }

  /** Shows a node by Redfish; where that cannot be done, the node is there all the same, and its status says why. */
  async #show(node: NodeRunner, bmc: BmcEndpoint): Promise<NodeBmc | undefined> {
    const { lab, redfish, driver } = this.#parts;
    const { name } = node.spec;
    const document = fileDocument<BmcSettings>(this.#path('bmcs', name, 'redfish', 'bmc.json'));
    try {
      const shown = new NodeBmc({
        lab,
        node,
        driver: driver.name,
        settings: await KeptValue.open(document, newBmcSettings),
        bmc,
        redfish: () => redfish.placeOf(name),
        media: redfish.mediaOf(name),
      });
      await redfish.serve(shown);
      return shown;
    } catch (error) {
      await redfish.refuse(name, messageOf(error));
      return undefined;
    }
  }

  /** Stops serving all; their state stays. */
  async dismissAll(): Promise<void> {
    await Promise.all(Array.from(this.#members.values(), ({ faults }) => faults.close()));
    for (const name of this.names()) await this.dismiss(name);
  }

  /** Stops serving a node; its state stays. */
  async dismiss(name: string): Promise<void> {
    const member = this.#members.get(name);
    if (!member) return;
    this.#members.delete(name);
    this.#parts.around.happenings.tell({ type: 'nodes', lab: this.#parts.lab });
    await this.#parts.redfish.dismiss(name);
    member.redfish?.[Symbol.dispose]();
    await member.faults.close();
    await member.bmc.close();
    await member.node.close();
  }

  /** Stops serving a node and forgets what was kept of it. */
  async forget(name: string): Promise<void> {
    const images = this.#imagesOf(name);
    await this.dismiss(name);
    for (const image of images) await this.#parts.redfish.mediaOf(name).discard(image);
    this.#seen.delete(name);
    this.#parts.around.faults.leave(this.#parts.lab, name);
    this.#parts.around.timeline.forget(this.#parts.lab, name);
    await fileDocument(this.#path('nodes', `${name}.json`)).delete();
    await rm(this.#path('bmcs', name), { recursive: true, force: true });
  }

  /** @throws QuintupleoError `BMC_DEAF` when a BMC cannot listen where it shall */
  checkBmcs(): void {
    for (const name of this.#members.keys()) {
      const { problem, redfish } = this.status(name).bmc;
      const deaf = problem ?? redfish?.problem;
      if (deaf === undefined) continue;
      throw new QuintupleoError(`the BMC of ${name} cannot listen: ${deaf}`, {
        family: 'config',
        code: 'BMC_DEAF',
        remedy: 'Free that address and port, or choose another one in the lab file; then run up again.',
      });
    }
  }

  /** Images that are in slots. */
  images(): MediaImage[] {
    return [...this.#members.keys()].flatMap(name => this.#imagesOf(name));
  }

  /** Takes what the driver saw; what is seen of a machine before its node is served is told to the node then. */
  observe(id: string, observation: Observation): void {
    const name = id.startsWith(`${this.#parts.lab}/`) ? id.slice(this.#parts.lab.length + 1) : '';
    const seen = this.#seen.get(name) ?? {};
    if (observation.type === 'power') seen.power = observation;
    if (observation.type === 'booted') seen.boot = { ...observation, earlier: true };
    this.#seen.set(name, seen);
    this.#members.get(name)?.faults.machine.observe(observation);
  }

  /** Resolves when the machines of nodes are as their faults want them, as far as can be. */
  async faultsSettled(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(name => this.#members.get(name)?.faults.settled()));
  }

  /** Ends what the event logs tell of sensors that were beyond their limits before a restart, and are no longer. */
  readSensors(): void {
    for (const { node, faults } of this.#members.values())
      faults.readSensors(sensorsToldBeyond(node.state.log));
  }

  #faultsOf(node: string, machine: MachineId): NodeFaults {
    const { lab, driver } = this.#parts;
    const { faults, clock, log, bmcs } = this.#parts.around;
    const unknownPassword = randomBuffer(bmcs.environment.random, 16);
    return new NodeFaults({ lab, node, machine, driver, faults, unknownPassword, clock, log });
  }

  #imagesOf(name: string): MediaImage[] {
    const { cd, usb } = this.media(name) ?? noMedia;
    return [cd, usb].filter(image => image !== undefined);
  }

  #isSetUpAs(name: string, definition: BmcDefinition): boolean {
    const bmc = this.#members.get(name)?.bmc;
    if (!bmc || bmc.problem !== undefined || this.#parts.redfish.statusOf(name)?.problem !== undefined) {
      return false;
    }
    return JSON.stringify(definition) === JSON.stringify(bmc.definition);
  }

  #bmcStatus(name: string, { definition, ipmi, problem }: BmcEndpoint): NodeStatus['bmc'] {
    const { address, port } = ipmi.settings;
    const users = definition.users.map(user => user.name);
    return { address, port, users, problem, redfish: this.#parts.redfish.statusOf(name) };
  }

  #path(...parts: string[]): string {
    return join(this.#parts.around.stateDirectory, 'labs', this.#parts.lab, ...parts);
  }
}
