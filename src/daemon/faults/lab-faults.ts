import { isDeepStrictEqual } from 'node:util';
import { type Fault, isOfLab, parseFault } from '../../faults/fault.ts';
import { faultText } from '../../faults/fault-text.ts';
import type { FaultNews, Faults, Injected } from '../../faults/faults.ts';
import type { LabFault } from '../../lab/definition.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import type { FaultRequest, FaultStatus } from '../api-faults.ts';
import type { Happening } from '../watch/happenings.ts';

/** What the faults of a lab work with. */
export interface LabFaultsParts {
  readonly lab: string;
  /** The driver's name. */
  readonly driver: string;
  readonly faults: Faults;
  /** The nodes that are served. */
  readonly nodes: () => readonly string[];
  /** Resolves when what was injected is there, as far as it can be. */
  readonly settled: (nodes: readonly string[]) => Promise<void>;
  readonly log: Logger;
}

/** The faults of one lab, as those inject and lift them who may. */
export class LabFaults {
  readonly #parts: LabFaultsParts;
  /** What was injected because the lab file has it. */
  #begun: readonly LabFault[] = [];
  #ofFile: string[] = [];

  constructor(parts: LabFaultsParts) {
    this.#parts = parts;
  }

  /**
   * Makes something wrong.
   * @throws QuintupleoError `FAULT_INVALID`, `FAULT_NEEDS_CLOUD`, `NODE_NOT_FOUND`
   */
  inject({ fault, ...request }: FaultRequest): Promise<FaultStatus> {
    return this.#inject({ ...request, fault: parseFault(fault) });
  }

  async #inject({ nodes, fault, duration, seed }: LabFault): Promise<FaultStatus> {
    const { lab, faults, settled } = this.#parts;
    const concerned = this.#concerned(fault, nodes);
    const { id } = faults.inject({ lab, nodes: concerned, fault, duration, seed });
    await settled(concerned);
    const injected = faults.list(lab).find(one => one.id === id);
    // It may have been lifted meanwhile.
    return statusOf(injected ?? { ...lifted, id, lab, fault });
  }

  /** What is injected now, oldest first. */
  status(): FaultStatus[] {
    return this.#parts.faults.list(this.#parts.lab).map(statusOf);
  }

  /** @throws QuintupleoError `FAULT_NOT_FOUND` */
  async lift(id: string): Promise<void> {
    const { lab, faults, settled } = this.#parts;
    const concerned = faults.list(lab).find(one => one.id === id)?.nodes ?? [];
    faults.lift(lab, id);
    await settled(concerned);
  }

  async liftAll(): Promise<void> {
    const { lab, faults, nodes, settled } = this.#parts;
    faults.liftAll(lab);
    await settled(nodes());
  }

  /**
   * Injects what the lab file has, in place of what it had before: nothing is done about what is the same. Nodes that are
   * not served are left out.
   * @throws QuintupleoError `FAULT_NEEDS_CLOUD`
   */
  async begin(given: readonly LabFault[]): Promise<void> {
    const begun = given.flatMap(one => this.#forServed(one));
    if (isDeepStrictEqual(begun, this.#begun)) return;
    await this.end();
    for (const one of begun) this.#ofFile.push((await this.#inject(one)).id);
    this.#begun = begun;
  }

  /** Lifts what the lab file has. */
  async end(): Promise<void> {
    const { lab, faults, nodes, settled } = this.#parts;
    const ours = faults.list(lab).filter(({ id }) => this.#ofFile.includes(id));
    this.#ofFile = [];
    this.#begun = [];
    for (const { id } of ours) faults.lift(lab, id);
    if (ours.length > 0) await settled(nodes());
  }

  /** Lifts all, and waits for nobody: the nodes are served no more. */
  leave(): void {
    this.#parts.faults.liftAll(this.#parts.lab);
    this.#ofFile = [];
    this.#begun = [];
  }

  #forServed(one: LabFault): LabFault[] {
    if (isOfLab(one.fault.kind)) return [one];
    const { lab, log } = this.#parts;
    const served = this.#parts.nodes();
    const nodes = (one.nodes ?? served).filter(name => served.includes(name));
    const left = one.nodes?.filter(name => !served.includes(name)) ?? [];
    if (left.length > 0)
      log.warn({ lab, nodes: left, fault: one.fault.kind }, 'no fault: nodes are not served');
    return nodes.length > 0 ? [{ ...one, nodes }] : [];
  }

  #concerned(fault: Fault, wanted: readonly string[] | undefined): readonly string[] {
    const { lab, driver } = this.#parts;
    const nodes = this.#parts.nodes();
    if (isOfLab(fault.kind)) {
      if (driver === 'openstack') return [];
      throw new QuintupleoError(`${fault.kind}: lab ${lab} is in no cloud`, {
        family: 'user',
        code: 'FAULT_NEEDS_CLOUD',
        remedy: 'Faults that begin with cloud- are for labs of the driver openstack.',
      });
    }
    const missing = wanted?.find(name => !nodes.includes(name));
    if (missing === undefined && nodes.length > 0) return wanted ?? nodes;
    throw new QuintupleoError(`lab ${lab} has no node ${missing ?? 'that is served'}`, {
      family: 'user',
      code: 'NODE_NOT_FOUND',
      remedy: `It has ${nodes.slice(0, 8).join(', ') || 'none'}.`,
    });
  }
}

const lifted = { nodes: [], seed: 0, since: 0, until: 0, felt: 0, problems: {}, notes: {} };

function statusOf({ fault, ...injected }: Injected): FaultStatus {
  return { ...injected, kind: fault.kind, text: faultText(fault) };
}

/** What happens with faults, for those who watch. */
export function faultHappening({ lab, node = '', fault, phase, times }: FaultNews): Happening {
  const often = phase === 'lifted' || times > 1 ? ` (felt ${times} ${times === 1 ? 'time' : 'times'})` : '';
  return { type: 'fault', lab, node, fault: fault.kind, phase, text: `${faultText(fault)}${often}` };
}
