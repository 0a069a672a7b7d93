import type { FaultRequest, FaultStatus } from '../../daemon/api-faults.ts';
import type { WatchMessage } from '../../daemon/api-watch.ts';
import { contentOf } from '../../faults/fault.ts';
import type { PlannedStep, ScenarioPlan } from '../../faults/scenario.ts';
import type { Clock } from '../../support/clock.ts';
import { delay } from '../../support/delay.ts';
import { QuintupleoError } from '../../support/errors.ts';
import { feltText } from '../felt-text.ts';
import { ChaosLog, type ChaosReport, type Coped, type NodeReport, type StepReport } from './chaos-report.ts';

/** The daemon, as a run uses it. */
export interface ChaosDaemon {
  inject(lab: string, request: FaultRequest): Promise<readonly FaultStatus[]>;
  faults(lab: string): Promise<readonly FaultStatus[]>;
  lift(lab: string, id: string): Promise<void>;
  /** What happens from now on, until the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<WatchMessage>;
}

/** What a run works with. */
export interface ChaosParts {
  readonly lab: string;
  readonly daemon: ChaosDaemon;
  readonly clock: Clock;
  /** Ends the run before its time: all is lifted. */
  readonly signal: AbortSignal;
  /** Hears what is injected and lifted. */
  readonly tell: (text: string) => void;
}

/** How long a fault outlives its time if nobody lifts it, because this program was killed. Milliseconds. */
const grace = 10_000;

/** How late the daemon may be to tell what happens, and to spare. Milliseconds. */
const toldLate = 500;

/** How often it is looked whether all nodes have settled. Milliseconds. */
const lookEvery = 200;

/** Runs a scenario to its end, or until it is interrupted; either way, all that it injected is lifted. */
export async function runScenario(plan: ScenarioPlan, parts: ChaosParts): Promise<ChaosReport> {
  const run = new ScenarioRun(plan, parts);
  return run.run();
}

/** A step that is injected. */
interface Injected {
  readonly step: PlannedStep;
  readonly status: FaultStatus;
}

class ScenarioRun {
  readonly #plan: ScenarioPlan;
  readonly #parts: ChaosParts;
  readonly #log: ChaosLog;
  readonly #injected = new Set<Injected>();
  readonly #lifted: Omit<StepReport, keyof Coped>[] = [];
  #startedAt = 0;

  constructor(plan: ScenarioPlan, parts: ChaosParts) {
    this.#plan = plan;
    this.#parts = parts;
    this.#log = new ChaosLog(parts.lab);
  }

  async run(): Promise<ChaosReport> {
    const { clock, signal, daemon } = this.#parts;
    const over = new AbortController();
    const watching = this.#watch(daemon.watch(over.signal)).catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    // A daemon that ends takes the run with it.
    const broken = watching.then(() => {
      if (!over.signal.aborted) throw new Error('the daemon tells no more of what happens');
    });
    broken.catch(() => undefined);
    this.#startedAt = clock.now();
    const settled = new Map<string, number>();
    const ended = new AbortController();
    const following = this.#follow(AbortSignal.any([signal, ended.signal]));
    try {
      await Promise.race([following, broken]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ended.abort();
      // What it is about to inject is lifted, too.
      await following.catch(() => undefined);
      await this.#liftAll();
    }
    const liftedAt = clock.now();
    if (!signal.aborted) await this.#settle(liftedAt, settled, signal).catch(ignoreAbort(signal));
    const endedAt = clock.now();
    over.abort();
    await watching;
    return this.#report(endedAt, settled);
  }

  async #watch(messages: AsyncIterable<WatchMessage>): Promise<void> {
    for await (const message of messages) {
      if (message.type === 'entries') this.#log.addEntries(message.entries);
      else if (message.type !== 'alive') this.#log.setNodes(message.nodes, this.#parts.clock.now());
    }
  }

  /** Injects and lifts, each in its time. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const waiting = [...this.#plan.steps];
    for (;;) {
      const now = clock.now() - this.#startedAt;
      for (const injected of [...this.#injected]) if (injected.step.until <= now) await this.#lift(injected);
      for (let step = waiting[0]; step && step.at <= now; step = waiting[0]) {
        signal.throwIfAborted();
        waiting.shift();
        await this.#inject(step);
      }
      if (now >= this.#plan.end) return;
      const next = Math.min(
        this.#plan.end,
        waiting[0]?.at ?? Number.POSITIVE_INFINITY,
        ...Array.from(this.#injected, ({ step }) => step.until),
      );
      await delay(clock, next - (clock.now() - this.#startedAt), signal);
    }
  }

  async #inject(step: PlannedStep): Promise<void> {
    const { lab, daemon, clock, tell } = this.#parts;
    const { nodes, seed } = step;
    // Those before it may have taken longer than it lasts.
    const duration = Math.max(step.until - (clock.now() - this.#startedAt), 0) + grace;
    for (const status of await daemon.inject(lab, {
      nodes,
      fault: contentOf(step.fault),
      duration,
      seed,
    })) {
      this.#injected.add({ step, status });
      tell(`${status.id}  ${status.text}: ${status.nodes.join(', ') || 'the lab'}`);
      for (const [node, why] of Object.entries(status.problems)) tell(`  not with ${node}: ${why}`);
      for (const [node, when] of Object.entries(status.notes)) tell(`  ${node}: ${when}`);
    }
  }

  async #lift(injected: Injected): Promise<void> {
    const { lab, daemon, clock, tell } = this.#parts;
    const { id } = injected.status;
    this.#injected.delete(injected);
    const now = await daemon.faults(lab).catch(() => []);
    const status = now.find(one => one.id === id) ?? injected.status;
    await daemon.lift(lab, id).catch((error: unknown) => {
      // Somebody else may have lifted it.
      if (!(error instanceof QuintupleoError) || error.code !== 'FAULT_NOT_FOUND') throw error;
    });
    tell(`${id}  lifted, ${feltText(status.felt)}`);
    const { text: fault, kind, nodes, since, felt, problems, notes } = status;
    this.#lifted.push({ fault, kind, nodes, since, lifted: clock.now(), felt, problems, notes });
  }

  /** Whatever happens with some of them, the others are lifted. */
  async #liftAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const injected of [...this.#injected]) {
      await this.#lift(injected).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Waits until nothing is under way with any node; what happened last is told a moment late. */
  async #settle(from: number, settled: Map<string, number>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { nodes } = this.#plan;
    await delay(clock, toldLate, signal);
    for (;;) {
      settled.clear();
      for (const node of nodes) {
        const rest = this.#log.restSince(node);
        if (rest !== undefined) settled.set(node, Math.max(0, rest - from));
      }
      if (settled.size === nodes.length || clock.now() - from >= this.#plan.settle) return;
      await delay(clock, lookEvery, signal);
    }
  }

  #report(endedAt: number, settled: ReadonlyMap<string, number>): ChaosReport {
    const { lab, signal } = this.#parts;
    const nodes = this.#plan.nodes.map(
      (node): NodeReport => ({
        node,
        ...this.#log.coped([node], this.#startedAt, endedAt),
        settledAfter: settled.get(node),
        failure: this.#log.failureOf(node),
      }),
    );
    return {
      scenario: this.#plan.name,
      lab,
      seed: this.#plan.seed,
      startedAt: this.#startedAt,
      endedAt,
      interrupted: signal.aborted,
      steps: this.#lifted.map(step => ({
        ...step,
        // One of the lab as a whole concerns all.
        ...this.#log.coped(step.nodes.length > 0 ? step.nodes : this.#plan.nodes, step.since, step.lifted),
      })),
      nodes,
    };
  }
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return error => {
    if (!signal.aborted) throw error;
  };
}
