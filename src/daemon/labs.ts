import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LabDefinition } from '../lab/definition.ts';
import { fileDocument } from '../support/document.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import type { PlanAnswer, PlannedChange, Progress } from './api.ts';
import { isSameDriver } from './drivers.ts';
import { placesOf, portWarnings, type UdpAndTcp } from './lab-ports.ts';
import { startLab, stopLab } from './lab-power.ts';
import { type LabRecord, recordFor } from './lab-record.ts';
import { LabRuntime } from './lab-runtime.ts';
import type { LabSurroundings } from './lab-surroundings.ts';
import type { Place } from './port-choice.ts';

/** What labs are served with. */
export interface LabsParts extends Omit<LabSurroundings, 'portsOfOtherLabs'> {
  /** Called when a lab is there no more; its files go when that is done. */
  readonly onGone: (lab: string) => Promise<void>;
}

/** Every lab that this daemon serves. */
export class Labs {
  readonly #around: LabsParts;
  readonly #labs = new Map<string, LabRuntime>();
  /** Labs at which something long is being done. */
  readonly #busy = new Set<string>();

  constructor(around: LabsParts) {
    this.#around = around;
  }

  /** Serves every lab that was kept. One that cannot be served is reported and left as it is. */
  async open(): Promise<void> {
    for (const name of await folders(join(this.#around.stateDirectory, 'labs'))) {
      try {
        const record = await fileDocument<LabRecord>(this.#recordPath(name)).read();
        if (record) this.#labs.set(name, await this.#open(record));
      } catch (error) {
        this.#around.log.error({ lab: name, error: messageOf(error) }, 'this lab cannot be served');
      }
    }
  }

  get size(): number {
    return this.#labs.size + this.#busy.size;
  }

  /** How many sessions clients have open, at all labs. */
  get sessions(): LabRuntime['sessions'] {
    const sum = { ipmi: 0, sol: 0, redfish: 0 };
    for (const { sessions } of this.#labs.values()) {
      sum.ipmi += sessions.ipmi;
      sum.sol += sessions.sol;
      sum.redfish += sessions.redfish;
    }
    return sum;
  }

  list(): readonly LabRuntime[] {
    return [...this.#labs.values()];
  }

  get(name: string): LabRuntime {
    const lab = this.#labs.get(name);
    if (lab) return lab;
    throw new QuintupleoError(`there is no lab ${name}`, {
      family: 'user',
      code: 'LAB_NOT_FOUND',
      remedy: `Labs that are up: ${[...this.#labs.keys()].join(', ') || 'none'}.`,
    });
  }

  /** What `apply` would do, and what may keep it from that. */
  async plan(definition: LabDefinition): Promise<PlanAnswer> {
    const changes = await this.#changes(definition);
    const lab = this.#labs.get(definition.spec.name);
    const ports = await portWarnings(definition, endpointsOf(lab ? [lab] : []));
    const warnings = [...macWarnings(definition), ...ports];
    return { changes, warnings };
  }

  async #changes(definition: LabDefinition): Promise<readonly PlannedChange[]> {
    const known = this.#labs.get(definition.spec.name);
    if (known) return known.plan(definition);
    // Made to plan with, and not kept: nothing is on disk until `apply`.
    const lab = await LabRuntime.create(recordFor(definition, undefined), this.#surroundings);
    try {
      return await lab.plan(definition);
    } finally {
      await lab.close();
    }
  }

  /** Makes a lab, or changes it to what the definition says. */
  async apply(
    definition: LabDefinition,
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<LabRuntime> {
    const { name } = definition.spec;
    return this.#exclusively(name, async () => {
      const lab = await this.#openFor(definition);
      this.#labs.set(name, lab);
      await lab.apply(definition, tell, signal);
      return lab;
    });
  }

  /** Takes a lab away with all that it was made of; one that is not there is already gone. */
  async remove(name: string, tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    await this.#exclusively(name, async () => {
      const lab = this.#labs.get(name);
      if (!lab) return;
      await lab.remove(tell, signal);
      await this.#forget(name);
    });
  }

  /** Powers all of a lab off; what was on is kept for {@link start}. */
  async stop(
    name: string,
    grace: number,
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<LabRuntime> {
    const lab = this.get(name);
    await this.#exclusively(name, () => stopLab(lab.switchboard, grace, tell, signal));
    return lab;
  }

  /** Powers on what was on when a lab was stopped. */
  async start(name: string, tell: (progress: Progress) => void, signal: AbortSignal): Promise<LabRuntime> {
    const lab = this.get(name);
    await this.#exclusively(name, () => startLab(lab.switchboard, tell, signal));
    return lab;
  }

  /** What has become of a lab that is not as its file said: what `apply` of the same would mend. */
  async drift(name: string): Promise<readonly PlannedChange[]> {
    const lab = this.get(name);
    return this.#exclusively(name, () => lab.plan(lab.record.definition));
  }

  /**
   * Serves a lab as a record says that another daemon keeps, which makes what the lab consists of.
   * @param anew - whether the way to its machines has changed
   */
  async follow(record: LabRecord, anew: boolean): Promise<LabRuntime> {
    const { name } = record.definition.spec;
    return this.#exclusively(name, async () => {
      const known = this.#labs.get(name);
      const { driver } = record.definition;
      const stays = known && !anew && isSameDriver(known.record.definition.driver, driver);
      if (!stays) await known?.close();
      const lab = stays ? known : await this.#open(record);
      this.#labs.set(name, lab);
      await lab.follow(record);
      return lab;
    });
  }

  /** Serves a lab no more and forgets it; what it consists of stays. One that is not served is no longer served. */
  async leave(name: string): Promise<void> {
    await this.#exclusively(name, async () => {
      await this.#labs.get(name)?.close();
      await this.#forget(name);
    });
  }

  async #forget(name: string): Promise<void> {
    this.#labs.delete(name);
    await this.#around.onGone(name);
    await rm(join(this.#around.stateDirectory, 'labs', name), { recursive: true, force: true });
  }

  /** Stops serving; labs stay as they are. */
  async close(): Promise<void> {
    await Promise.all(this.list().map(lab => lab.close()));
    this.#labs.clear();
  }

  /** The lab, opened; anew if its machines are to be reached in another way than before. */
  async #openFor(definition: LabDefinition): Promise<LabRuntime> {
    const known = this.#labs.get(definition.spec.name);
    if (!known) return LabRuntime.create(recordFor(definition, undefined), this.#surroundings);
    const before = known.record.definition;
    const { driver } = definition;
    if (!isSameDriver(before.driver, driver) || isDeepStrictEqual(before.driver, driver)) return known;
    const record = { ...known.record, definition: { ...before, driver } };
    await known.close();
    return this.#open(record);
  }

  #open(record: LabRecord): Promise<LabRuntime> {
    return LabRuntime.open(record, this.#surroundings);
  }

  get #surroundings(): LabSurroundings {
    const portsOfOtherLabs = (lab: string) => endpointsOf(this.list().filter(({ name }) => name !== lab));
    return { ...this.#around, portsOfOtherLabs };
  }

  async #exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(name)) {
      throw new QuintupleoError(`lab ${name} is being changed by another command`, {
        family: 'user',
        code: 'LAB_BUSY',
        remedy: 'Wait for that command to end.',
      });
    }
    this.#busy.add(name);
    try {
      return await work();
    } finally {
      this.#busy.delete(name);
    }
  }

  #recordPath(name: string): string {
    return join(this.#around.stateDirectory, 'labs', name, 'lab.json');
  }
}

/** Where labs listen, or are to: `ADDRESS:PORT`. */
function endpointsOf(labs: readonly LabRuntime[]): UdpAndTcp<ReadonlySet<string>> {
  const places = labs.map(({ record }) => placesOf(record));
  const names = (each: readonly Place[]) => each.map(({ address, port }) => `${address}:${port}`);
  return {
    udp: new Set(places.flatMap(({ udp }) => names(udp))),
    tcp: new Set(places.flatMap(({ tcp }) => names(tcp))),
  };
}

function macWarnings({ spec }: LabDefinition): string[] {
  return spec.nodes
    .filter(node => node.nics.some(nic => nic.mac.startsWith('fa:')))
    .map(node => `${node.name}: ironic-python-agent ignores network cards whose MAC address begins with fa:`);
}

async function folders(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
