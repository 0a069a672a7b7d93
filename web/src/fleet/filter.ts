import { bootStages, type NodeSummary } from '../../../src/daemon/api-watch.ts';
import { compareNames } from '../format.ts';

/** Which nodes are shown, and in what order; it lives in the page's address. */
export interface NodeFilter {
  readonly text: string;
  /** `undefined`: all. */
  readonly lab: string | undefined;
  readonly state: StateFilter;
  readonly sort: SortKey;
  readonly descending: boolean;
}

export const stateFilters = ['all', 'on', 'off', 'changing', 'failed', 'faulty'] as const;
export type StateFilter = (typeof stateFilters)[number];

export const sortKeys = ['name', 'lab', 'power', 'stage', 'operation', 'bmc'] as const;
export type SortKey = (typeof sortKeys)[number];

/** The filter that an address's query describes; what it does not know is as if it were not there. */
export function filterOf(query: string): NodeFilter {
  const parameters = new URLSearchParams(query);
  const sort = parameters.get('sort') ?? '';
  return {
    text: parameters.get('q') ?? '',
    lab: parameters.get('lab') ?? undefined,
    state: stateFilters.find(state => state === parameters.get('state')) ?? 'all',
    sort: sortKeys.find(key => key === sort.replace(/^-/, '')) ?? 'name',
    descending: sort.startsWith('-'),
  };
}

/** The query of a filter; what is as usual is left out. */
export function queryOf(filter: NodeFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  if (filter.text !== '') parameters.set('q', filter.text);
  if (filter.lab !== undefined) parameters.set('lab', filter.lab);
  if (filter.state !== 'all') parameters.set('state', filter.state);
  if (filter.sort !== 'name' || filter.descending) {
    parameters.set('sort', `${filter.descending ? '-' : ''}${filter.sort}`);
  }
  return parameters;
}

/** Whether a node is in a state that one may filter by. */
export function isIn(node: NodeSummary, state: StateFilter): boolean {
  switch (state) {
    case 'all':
      return true;
    case 'on':
    case 'off':
      return node.power === state;
    case 'changing':
      return node.operation !== undefined;
    case 'failed':
      return node.failure !== undefined || node.bmc.problem !== undefined || node.stage === 'panicked';
    case 'faulty':
      return node.faults.length > 0;
  }
}

/**
 * The nodes that a filter lets through, in its order. Every word of its text has to be somewhere in a node.
 *
 * @param nodes - in the order of their names, in which those that the order says nothing of stay
 */
export function selectNodes(nodes: readonly NodeSummary[], filter: NodeFilter): readonly NodeSummary[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const selected = nodes.filter(
    node =>
      (filter.lab === undefined || node.lab === filter.lab) &&
      isIn(node, filter.state) &&
      (words.length === 0 || hasWords(node, words)),
  );
  if (filter.sort === 'name') return filter.descending ? selected.reverse() : selected;
  const direction = filter.descending ? -1 : 1;
  const { sort } = filter;
  return selected.sort((one, other) => direction * compareBy(sort, one, other));
}

function hasWords(node: NodeSummary, words: readonly string[]): boolean {
  const { lab, name, power, stage, operation, failure = '', bmc, faults } = node;
  const text = [lab, name, power, stage, operation?.action, failure, bmc.ipmi, bmc.redfish, ...faults]
    .join(' ')
    .toLowerCase();
  return words.every(word => text.includes(word));
}

function compareBy(key: Exclude<SortKey, 'name'>, one: NodeSummary, other: NodeSummary): number {
  switch (key) {
    case 'lab':
      return compareNames(one.lab, other.lab);
    case 'power':
      return compareNames(one.power, other.power);
    case 'stage':
      return bootStages.indexOf(one.stage) - bootStages.indexOf(other.stage);
    case 'operation':
      // What has lasted longest comes first, and who does nothing last.
      return beginOf(one) - beginOf(other);
    case 'bmc':
      return compareNames(one.bmc.ipmi, other.bmc.ipmi);
  }
}

function beginOf({ operation }: NodeSummary): number {
  return operation?.startedAt ?? Number.MAX_SAFE_INTEGER;
}
