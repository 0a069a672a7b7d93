import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CommandCount } from '../../bmc/ipmi/dispatch.ts';
import type { RedfishAnswered } from '../../bmc/redfish/api.ts';
import type { CloudCall } from '../../drivers/openstack/clouds.ts';
import type { Activity } from '../../node/activity.ts';
import type { BootFetchCount } from '../api.ts';
import type { NodeSummary } from '../api-watch.ts';
import type { Happening, Happenings } from './happenings.ts';

/** What is counted elsewhere, and read when somebody asks for metrics. */
export interface MetricsSources {
  readonly version: string;
  /** Answers of all BMCs by IPMI. */
  readonly ipmiCommands: () => readonly CommandCount[];
  /** Datagrams that were dropped, by reason. */
  readonly dropped: () => Readonly<Record<string, number>>;
  readonly bootFetches: () => readonly BootFetchCount[];
  /** How many sessions clients have open. */
  readonly sessions: () => Readonly<Record<'ipmi' | 'sol' | 'redfish', number>>;
  readonly nodes: () => readonly NodeSummary[];
}

/** Media type of {@link Metrics.text}. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Seconds: from an answer out of memory to a cloud at its limits. */
const answerBuckets = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
const callBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const operationBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];

/** What a client may make up is counted as one. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']);

/**
 * What the daemon has done, in numbers. How many there are does not grow with the number of nodes, unless that is asked for.
 * @see https://prometheus.io/docs/practices/naming/
 */
export class Metrics {
  readonly #sources: MetricsSources;
  readonly #registry = new Registry();
  readonly #ofNodes = new Registry();
  readonly #redfish = this.#counter('redfish_requests', 'Redfish requests.', ['method', 'route', 'status']);
  readonly #redfishTime = this.#histogram(
    'redfish_request_duration_seconds',
    'How long Redfish requests took to answer.',
    ['method', 'route'],
    answerBuckets,
  );
  readonly #commands = this.#counter('node_commands', 'What nodes were told to do.', ['command', 'outcome']);
  readonly #operations = this.#counter('node_operations', 'Power operations that have ended.', [
    'action',
    'outcome',
  ]);
  readonly #operationTime = this.#histogram(
    'node_operation_duration_seconds',
    'How long power operations took, from their beginning to their proof.',
    ['action', 'outcome'],
    operationBuckets,
  );
  readonly #events = this.#counter('node_events', 'Entries of event logs.', ['kind', 'severity']);
  readonly #calls = this.#counter('driver_calls', 'Driver calls that have ended.', ['act', 'outcome']);
  readonly #callTime = this.#histogram(
    'driver_call_duration_seconds',
    'How long driver calls took.',
    ['act', 'outcome'],
    callBuckets,
  );
  readonly #cloudCalls = this.#counter('cloud_calls', 'Requests to clouds’ APIs.', [
    'cloud',
    'service',
    'method',
    'reason',
    'status',
  ]);
  readonly #cloudTime = this.#histogram(
    'cloud_call_duration_seconds',
    'How long clouds’ APIs took to answer.',
    ['cloud', 'service', 'method'],
    callBuckets,
  );
  readonly #faults = this.#counter('faults', 'Faults that were injected, felt and lifted.', ['phase']);
  #looksAtProcess = false;
  /** As they were when metrics were last asked for. */
  #nodes: readonly NodeSummary[] = [];

  constructor(happenings: Happenings, sources: MetricsSources) {
    this.#sources = sources;
    happenings.listen(happening => this.#take(happening));
    this.#readWhenAsked();
    this.#readNodesWhenAsked();
  }

  /** Takes note of a Redfish request that has been answered. */
  redfishAnswered({ method, route = 'none', status, milliseconds }: RedfishAnswered): void {
    const known = methods.has(method) ? method : 'other';
    this.#redfish.inc({ method: known, route, status });
    this.#redfishTime.observe({ method: known, route }, milliseconds / 1000);
  }

  /**
   * All of it, for Prometheus.
   * @param eachNode - tells of each node, too
   */
  async text(eachNode = false): Promise<string> {
    // Whoever is never asked need not watch its own event loop a hundred times a second.
    if (!this.#looksAtProcess) collectDefaultMetrics({ register: this.#registry });
    this.#looksAtProcess = true;
    this.#nodes = this.#sources.nodes();
    const text = await this.#registry.metrics();
    return eachNode ? `${text}${await this.#ofNodes.metrics()}` : text;
  }

  /** Names of all metrics, as they are defined. */
  async names(): Promise<readonly string[]> {
    await this.text();
    const all = [...this.#registry.getMetricsAsArray(), ...this.#ofNodes.getMetricsAsArray()];
    return all.map(({ name }) => name);
  }

  #take(happening: Happening): void {
    if (happening.type === 'node') this.#takeActivity(happening.activity);
    else if (happening.type === 'cloud') this.#takeCall(happening.call);
    else if (happening.type === 'fault') this.#faults.inc({ phase: happening.phase });
  }

  #takeActivity(activity: Activity): void {
    switch (activity.type) {
      case 'command': {
        const { command, reply } = activity;
        const outcome = reply.accepted ? 'accepted' : reply.refusal;
        this.#commands.inc({ command: command.type, outcome });
        break;
      }
      case 'operation-ended': {
        const { action, outcome } = activity.result;
        this.#operations.inc({ action, outcome });
        if (activity.milliseconds !== undefined) {
          this.#operationTime.observe({ action, outcome }, activity.milliseconds / 1000);
        }
        break;
      }
      case 'call-ended': {
        const labels = { act: activity.act.action, outcome: activity.error?.kind ?? 'done' };
        this.#calls.inc(labels);
        this.#callTime.observe(labels, activity.milliseconds / 1000);
        break;
      }
      case 'logged':
        this.#events.inc({ kind: activity.entry.kind, severity: activity.entry.severity });
        break;
      default:
        break;
    }
  }

  #takeCall({ cloud, service, method, reason, status, milliseconds }: CloudCall): void {
    this.#cloudCalls.inc({ cloud, service, method, reason, status });
    this.#cloudTime.observe({ cloud, service, method }, milliseconds / 1000);
  }

  #readWhenAsked(): void {
    const { version, ipmiCommands, dropped, bootFetches, sessions } = this.#sources;
    this.#gauge('build_info', 'Which version runs.', ['version']).set({ version }, 1);
    this.#counter('ipmi_requests', 'IPMI requests that were answered.', ['command', 'completion'], metric => {
      for (const { command, code, count } of ipmiCommands()) {
        metric.inc({ command, completion: `0x${code.toString(16).padStart(2, '0')}` }, count);
      }
    });
    this.#counter('ipmi_dropped_datagrams', 'Datagrams that no BMC answered.', ['reason'], metric => {
      for (const [reason, count] of Object.entries(dropped())) metric.inc({ reason }, count);
    });
    this.#counter('boot_fetches', 'Answers of the boot director.', ['what', 'answer', 'status'], metric => {
      for (const { what, answer = '', status, count } of bootFetches()) {
        metric.inc({ what, answer, status }, count);
      }
    });
    this.#gauge('sessions', 'Sessions that clients have open.', ['kind'], metric => {
      for (const [kind, count] of Object.entries(sessions())) metric.set({ kind }, count);
    });
    this.#gauge('nodes', 'Nodes.', ['power', 'stage'], metric => {
      for (const { power, stage } of this.#nodes) metric.inc({ power, stage });
    });
    this.#gauge(
      'nodes_in_operation',
      'Nodes at which a power operation is under way.',
      ['action'],
      metric => {
        for (const { operation } of this.#nodes) if (operation) metric.inc({ action: operation.action });
      },
    );
    this.#gauge('nodes_failed', 'Nodes whose latest power operation failed.', [], metric => {
      metric.set(this.#nodes.filter(({ failure }) => failure !== undefined).length);
    });
    this.#gauge('nodes_unreachable', 'Nodes whose BMC cannot listen.', [], metric => {
      metric.set(this.#nodes.filter(({ bmc }) => bmc.problem !== undefined).length);
    });
    this.#gauge('faulty_nodes', 'Nodes into which a fault is injected now.', ['kind'], metric => {
      for (const { faults } of this.#nodes) for (const kind of new Set(faults)) metric.inc({ kind });
    });
  }

  #readNodesWhenAsked(): void {
    const labels = ['lab', 'node'];
    const add = (name: string, help: string, more: string[], read: (node: NodeSummary) => [object, number]) =>
      this.#gauge(
        name,
        help,
        [...labels, ...more],
        metric => {
          for (const node of this.#nodes) {
            const [values, value] = read(node);
            metric.set({ lab: node.lab, node: node.name, ...values }, value);
          }
        },
        this.#ofNodes,
      );
    add('node_info', 'How a node is.', ['power', 'stage'], ({ power, stage }) => [{ power, stage }, 1]);
    add('node_on', 'Whether a node is on.', [], ({ power }) => [{}, power === 'on' ? 1 : 0]);
    add('node_failed', 'Whether a node’s latest power operation failed.', [], ({ failure }) => [
      {},
      failure === undefined ? 0 : 1,
    ]);
  }

  /** @param read - counts anew what is counted elsewhere */
  #counter<T extends string>(
    name: string,
    help: string,
    labelNames: T[],
    read?: (metric: Counter<T>) => void,
  ): Counter<T> {
    const collect = read && { collect: collectWith<Counter<T>>(read) };
    return new Counter({
      name: `quintupleo_${name}_total`,
      help,
      labelNames,
      registers: [this.#registry],
      ...collect,
    });
  }

  #gauge<T extends string>(
    name: string,
    help: string,
    labelNames: T[],
    read?: (metric: Gauge<T>) => void,
    registry = this.#registry,
  ): Gauge<T> {
    const collect = read && { collect: collectWith<Gauge<T>>(read) };
    return new Gauge({ name: `quintupleo_${name}`, help, labelNames, registers: [registry], ...collect });
  }

  #histogram<T extends string>(name: string, help: string, labelNames: T[], buckets: number[]): Histogram<T> {
    return new Histogram({
      name: `quintupleo_${name}`,
      help,
      labelNames,
      buckets,
      registers: [this.#registry],
    });
  }
}

/** The library calls it with the metric as `this`. */
function collectWith<M extends { reset(): void }>(read: (metric: M) => void): (this: M) => void {
  return function (this: M) {
    this.reset();
    read(this);
  };
}
