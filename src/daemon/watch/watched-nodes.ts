import type { BootStage, NodeSummary } from '../api-watch.ts';
import type { Labs } from '../labs.ts';
import { summaryOf } from './node-summary.ts';

/** What is known of a node besides its status. */
export interface NodeKnowledge {
  readonly stageOf: (lab: string, node: string) => BootStage;
  /** Kinds of the faults that are injected into it. */
  readonly faultsOf: (lab: string, node: string) => readonly string[];
}

/** The nodes of all labs, as tables of them show them. */
export class WatchedNodes {
  readonly #labs: Labs;
  readonly #knowledge: NodeKnowledge;

  constructor(labs: Labs, knowledge: NodeKnowledge) {
    this.#labs = labs;
    this.#knowledge = knowledge;
  }

  all(): NodeSummary[] {
    return this.#labs
      .list()
      .flatMap(
        lab => lab.elsewhere?.summaries() ?? lab.nodes.names().map(node => this.#read(lab.name, node)),
      );
  }

  one(lab: string, name: string): NodeSummary | undefined {
    const known = this.#labs.list().find(one => one.name === lab);
    if (known?.elsewhere) return known.elsewhere.summary(name);
    return known?.nodes.has(name) ? this.#read(lab, name) : undefined;
  }

  #read(lab: string, name: string): NodeSummary {
    const { stageOf, faultsOf } = this.#knowledge;
    const status = this.#labs.get(lab).nodes.status(name);
    return summaryOf(status, stageOf(lab, name), faultsOf(lab, name));
  }
}
