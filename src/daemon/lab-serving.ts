import { type Driver, DriverError, machineId } from '../node/driver.ts';
import { messageOf } from '../support/errors.ts';
import { diesWithHost } from './drivers.ts';
import { LabFaults } from './faults/lab-faults.ts';
import { LabNodes } from './lab-nodes.ts';
import type { LabRecord } from './lab-record.ts';
import { LabRedfish } from './lab-redfish.ts';
import type { LabSurroundings } from './lab-surroundings.ts';

/** Which lab is served, and by what. */
export interface LabServingParts {
  readonly lab: string;
  /** Where the lab keeps what it must remember. */
  readonly folder: string;
  readonly driver: Driver;
  /** The lab's record as it is now. */
  readonly record: () => LabRecord;
  readonly around: LabSurroundings;
}

/**
 * A lab's nodes as this daemon serves them: their BMCs, their Redfish services, their network boot, and what is wrong
 * with them on purpose.
 */
export class LabServing {
  readonly nodes: LabNodes;
  readonly redfish: LabRedfish;
  readonly faults: LabFaults;
  readonly #parts: LabServingParts;

  constructor(parts: LabServingParts) {
    this.#parts = parts;
    const { lab, folder, driver, record, around } = parts;
    const { clock, log, reservations } = around;
    this.redfish = new LabRedfish({
      ...{ lab, record, folder, clock, log, reservations },
      onAnswer: around.onRedfishAnswer,
      faults: around.faults,
    });
    this.nodes = new LabNodes({ lab, driver, record, redfish: this.redfish, around });
    this.faults = new LabFaults({
      lab,
      driver: driver.name,
      faults: around.faults,
      nodes: () => this.nodes.names(),
      settled: nodes => this.nodes.faultsSettled(nodes),
      log,
    });
  }

  /** Sees the machines from now on, until the signal. */
  watch(signal: AbortSignal): Promise<void> {
    return this.#parts.driver.watch((id, seen) => this.nodes.observe(id, seen), signal);
  }

  /** Begins with what is there of a lab that was kept, and sees its machines until the signal. */
  async resume(signal: AbortSignal): Promise<void> {
    const { lab, around } = this.#parts;
    const { powerLost, log } = around;
    const { driver, spec } = this.#definition;
    const machines = await this.#made('machine');
    for (const node of spec.nodes) {
      if (!machines.has(node.name)) continue;
      if (this.#drives(node.name)) await this.nodes.serve(node, powerLost && diesWithHost(driver));
      else log.warn({ lab, node: node.name }, 'its machine was not made to the end');
    }
    await this.redfish.sweep(this.nodes.images());
    await this.#serveBoot();
    await this.watch(signal);
    await this.#beginFaults().catch((error: unknown) => {
      log.warn({ lab, error: messageOf(error) }, 'not all faults of the lab file are injected');
    });
  }

  /**
   * Serves all that is made by now.
   * @throws QuintupleoError `BMC_DEAF`, `REDFISH_DEAF`, `FAULT_NEEDS_CLOUD`
   */
  async serve(): Promise<void> {
    const machines = await this.#made('machine');
    for (const node of this.#definition.spec.nodes) {
      if (machines.has(node.name)) await this.nodes.serve(node, false);
    }
    await this.redfish.setUp();
    await this.#serveBoot();
    this.nodes.checkBmcs();
    this.redfish.check();
    await this.#beginFaults();
  }

  /** Nodes are served no more, and nothing is wrong with them; their firmware is still answered. */
  async dismissNodes(): Promise<void> {
    this.faults.leave();
    await this.nodes.dismissAll();
    // What was injected meanwhile.
    this.faults.leave();
    await this.redfish[Symbol.asyncDispose]();
  }

  /** Nothing is served any more. */
  async end(): Promise<void> {
    await this.dismissNodes();
    await this.#parts.around.boot.close(this.#parts.lab);
  }

  get #definition() {
    return this.#parts.record().definition;
  }

  /** @throws QuintupleoError `FAULT_NEEDS_CLOUD` */
  async #beginFaults(): Promise<void> {
    try {
      await this.faults.begin(this.#definition.faults ?? []);
    } finally {
      this.nodes.readSensors();
    }
  }

  /** Answers netbooting machines, on the networks that are there. */
  async #serveBoot(): Promise<void> {
    const { lab, driver, around } = this.#parts;
    const { spec } = this.#definition;
    const made = await this.#made('network');
    const networks = spec.networks.filter(
      ({ name, cloud }) => cloud?.existing !== undefined || made.has(name),
    );
    const addresses = await driver.serveBoot({ ...spec, networks });
    await around.boot.serve(lab, spec, addresses, {
      firmwareAsks: async question => await driver.firmwareAsks?.(question),
      media: node => this.nodes.media(node),
      fetched: (node, what) => this.nodes.observe(machineId(lab, node), { type: 'fetched', what }),
      reported: (node, stage) => around.stages.reported(lab, node, stage),
    });
  }

  /** Whether the driver has a node's machine: of one whose making was interrupted there may be parts only. */
  #drives(node: string): boolean {
    const { lab, driver } = this.#parts;
    try {
      driver.serial(machineId(lab, node));
      return true;
    } catch (error) {
      if (error instanceof DriverError && error.kind === 'gone') return false;
      throw error;
    }
  }

  /** Names of what the lab has of a kind. A platform that cannot be asked now is taken to have what was made there. */
  async #made(kind: 'machine' | 'network'): Promise<ReadonlySet<string>> {
    const { lab, driver, record, around } = this.#parts;
    const { definition, phase } = record();
    try {
      const existing = await driver.existing(lab);
      return new Set(existing.filter(resource => resource.kind === kind).map(({ name }) => name));
    } catch (error) {
      if (phase !== 'up') throw error;
      around.log.warn({ lab, error: messageOf(error) }, 'the platform cannot be asked now');
      const { nodes, networks } = definition.spec;
      return new Set((kind === 'machine' ? nodes : networks).map(({ name }) => name));
    }
  }
}
