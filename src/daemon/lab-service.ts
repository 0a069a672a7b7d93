import type { LabDefinition } from '../lab/definition.ts';
import { noOverride } from '../node/boot.ts';
import type { ServiceInstance } from '../node/driver.ts';
import type { Identity } from '../support/certificate.ts';
import type { Clock } from '../support/clock.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { poll } from '../support/wait.ts';
import type { LabStatus, NodeStatus } from './api.ts';
import type { NodeSummary } from './api-watch.ts';
import { type HandedLab, handOver } from './handed-lab.ts';
import type { LabRecord } from './lab-record.ts';
import { RemoteLab } from './remote-lab.ts';
import { unknownSummary } from './watch/node-summary.ts';
import { RemoteWatch } from './watch/remote-watch.ts';
import type { Timeline } from './watch/timeline.ts';

/** What a lab's service instance is reached with. */
export interface LabServiceParts {
  readonly lab: string;
  /** Finds the instance as it is now. */
  readonly find: (signal: AbortSignal) => Promise<ServiceInstance>;
  /** By which this daemon is known to it. */
  readonly identity: () => Promise<Identity>;
  /** The lab as it is kept here. */
  readonly record: () => LabRecord;
  readonly timeline: Timeline;
  /** Called when a node is no longer as it was. */
  readonly touched: (node: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long an instance that has just been made may take to answer, and how often it is asked. Milliseconds. */
const answerLimit = 3 * 60_000;
const answerInterval = 2_000;
/** How long a status waits for it. Milliseconds. */
const statusLimit = 10_000;

/** A lab's nodes, as the lab's service instance serves them. */
export class LabService implements AsyncDisposable {
  readonly #parts: LabServiceParts;
  readonly #remote: RemoteLab;
  readonly #watch: RemoteWatch;
  readonly #stop = new AbortController();
  #instance: Promise<ServiceInstance> | undefined;

  constructor(parts: LabServiceParts) {
    this.#parts = parts;
    const { lab, timeline, clock, log } = parts;
    this.#remote = new RemoteLab(lab, () => this.#find(), parts.identity);
    this.#watch = new RemoteWatch({
      ...{ lab, remote: this.#remote, timeline, clock, log },
      changed: (nodes = this.#names()) => {
        for (const node of nodes) parts.touched(node);
      },
    });
  }

  /** The nodes' part of the control API, as the instance answers it. */
  get remote(): RemoteLab {
    return this.#remote;
  }

  /** The nodes as tables show them: as the instance tells, or unknown while it does not. */
  summaries(): NodeSummary[] {
    return this.#names().map(name => this.#summary(name));
  }

  /** One of them; `undefined`: there is no such node. */
  summary(name: string): NodeSummary | undefined {
    return this.#names().includes(name) ? this.#summary(name) : undefined;
  }

  /** Follows what the instance tells. */
  watch(): void {
    this.#watch.begin();
  }

  /** Follows it no more. */
  unwatch(): void {
    this.#watch.end();
  }

  /** Tells the instance what to serve, and lets it into the cloud. One that has just been made is waited for. */
  async push(record: LabRecord, signal: AbortSignal): Promise<void> {
    this.#instance = undefined;
    const instance = await this.#find();
    await instance.admit(cloud => this.#hand(handOver(record, instance, cloud), signal), signal);
    this.watch();
  }

  /** The nodes and services as the instance has them; with what is known here when it does not answer. */
  async status(definition: LabDefinition): Promise<Pick<LabStatus, 'nodes' | 'redfish'>> {
    try {
      const { nodes, redfish } = await this.#remote.status(AbortSignal.timeout(statusLimit));
      return { nodes, redfish };
    } catch (error) {
      return { nodes: unreachable(definition, messageOf(error)), redfish: undefined };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.unwatch();
    await this.#remote[Symbol.asyncDispose]();
  }

  #names(): string[] {
    return this.#parts.record().definition.spec.nodes.map(({ name }) => name);
  }

  #summary(name: string): NodeSummary {
    return this.#watch.of(name) ?? unknownSummary(this.#parts.record(), name, this.#watch.problem);
  }

  async #hand(lab: HandedLab, signal: AbortSignal): Promise<void> {
    let failure: unknown;
    const done = await poll(
      this.#parts.clock,
      { every: answerInterval, within: answerLimit, signal },
      async () => {
        try {
          return await this.#remote.push(lab, signal);
        } catch (error) {
          if (!(error instanceof QuintupleoError) || error.code !== 'SERVICE_UNREACHABLE') throw error;
          failure = error;
          return undefined;
        }
      },
    );
    if (!done) throw failure;
  }

  #find(): Promise<ServiceInstance> {
    if (!this.#instance) {
      const found = this.#parts.find(this.#stop.signal);
      this.#instance = found;
      found.catch(() => {
        if (this.#instance === found) this.#instance = undefined;
      });
    }
    return this.#instance;
  }
}

function unreachable({ spec, bmcs }: LabDefinition, problem: string): NodeStatus[] {
  return spec.nodes.map(node => ({
    lab: spec.name,
    name: node.name,
    spec: node,
    power: 'unknown',
    operation: undefined,
    lastResult: undefined,
    boot: noOverride,
    firmware: node.firmware,
    bmc: {
      address: bmcs[node.name]?.ipmi.address ?? '',
      port: bmcs[node.name]?.ipmi.port ?? 0,
      users: bmcs[node.name]?.users.map(({ name }) => name) ?? [],
      problem,
    },
    consoleLog: undefined,
  }));
}
