import type { NodeSummary, TimelineEntry } from '../../daemon/api-watch.ts';

/** What came of a run. Times are in milliseconds; moments since the epoch. */
export interface ChaosReport {
  readonly scenario: string;
  readonly lab: string;
  readonly seed: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Whether it was ended before its time. */
  readonly interrupted: boolean;
  readonly steps: readonly StepReport[];
  readonly nodes: readonly NodeReport[];
}

/** What was injected. */
export interface StepReport extends Coped {
  /** For people. */
  readonly fault: string;
  readonly kind: string;
  readonly nodes: readonly string[];
  readonly since: number;
  readonly lifted: number;
  /** How often it was felt. */
  readonly felt: number;
  /** Why it could not be had, by node. */
  readonly problems: Readonly<Record<string, string>>;
  /** When it was to be felt, where that was not at once, by node. */
  readonly notes: Readonly<Record<string, string>>;
}

/** How clients and nodes coped, by what the timeline tells. */
export interface Coped {
  /** What clients asked to be done, and how much of it was refused. */
  readonly requests: number;
  readonly refused: number;
  /** Power operations that ended. */
  readonly done: number;
  readonly failed: number;
  /** Calls of the driver that failed. */
  readonly failedCalls: number;
}

/** How one node came through. */
export interface NodeReport extends Coped {
  readonly node: string;
  /** How long it took, once all was lifted, until no operation was under way; `undefined`: longer than was waited. */
  readonly settledAfter: number | undefined;
  /** What its latest operation failed by, if it did. */
  readonly failure: string | undefined;
}

/** More entries than a run of a day makes with hundreds of nodes. */
const mostEntries = 500_000;

/** What happens with a lab's nodes during a run. */
export class ChaosLog {
  readonly #lab: string;
  readonly #entries: TimelineEntry[] = [];
  readonly #nodes = new Map<string, NodeSummary>();
  readonly #restSince = new Map<string, number>();

  constructor(lab: string) {
    this.#lab = lab;
  }

  addEntries(entries: readonly TimelineEntry[]): void {
    for (const entry of entries) {
      if (entry.lab === this.#lab && this.#entries.length < mostEntries) this.#entries.push(entry);
    }
  }

  /** @param now - when they became so */
  setNodes(nodes: readonly NodeSummary[], now: number): void {
    for (const node of nodes) {
      if (node.lab !== this.#lab) continue;
      if (node.operation) this.#restSince.delete(node.name);
      else if (!this.#restSince.has(node.name)) this.#restSince.set(node.name, now);
      this.#nodes.set(node.name, node);
    }
  }

  /** Since when no operation is under way; `undefined`: one is. */
  restSince(node: string): number | undefined {
    return this.#restSince.get(node);
  }

  failureOf(node: string): string | undefined {
    return this.#nodes.get(node)?.failure;
  }

  /** How nodes coped from one moment to another. */
  coped(nodes: readonly string[], from: number, to: number): Coped {
    const concerned = new Set(nodes);
    const entries = this.#entries.filter(({ node, at }) => concerned.has(node) && at >= from && at <= to);
    const count = (is: (entry: TimelineEntry) => boolean) => entries.filter(is).length;
    return {
      requests: count(({ kind }) => kind === 'request'),
      refused: count(({ kind, severity }) => kind === 'request' && severity !== 'ok'),
      done: count(({ outcome }) => outcome === 'done'),
      failed: count(({ outcome }) => outcome === 'failed'),
      failedCalls: count(({ kind, severity }) => kind === 'call' && severity !== 'ok'),
    };
  }
}
