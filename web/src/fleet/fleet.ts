import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { NodeSummary } from '../../../src/daemon/api-watch.ts';
import { compareNames } from '../format.ts';

/**
 * Every node of every lab, each a signal of its own: what shows one node is drawn anew when that node changes, and
 * what shows all of them when any does.
 */
const nodes = new Map<string, Signal<NodeSummary>>();
const changes = signal(0);
const arrivals = signal(0);
const known = signal(false);

/** Whether the daemon has told of its nodes. */
export const fleetKnown: ReadonlySignal<boolean> = known;

/** All keys, in the order of the nodes' names: nodes change more often than they come and go. */
const order = computed<readonly string[]>(() => {
  arrivals.value;
  const all = [...nodes.values()].map(node => node.peek());
  return all
    .sort((one, other) => compareNames(one.name, other.name) || compareNames(one.lab, other.lab))
    .map(keyOf);
});

/** All nodes, in the order of their names. */
export const fleet = computed<readonly NodeSummary[]>(() => {
  changes.value;
  return order.value.flatMap(key => nodes.get(key)?.peek() ?? []);
});

/** Names of all labs that have nodes, in order. */
export const labNames = computed<readonly string[]>(() => {
  return [...new Set(order.value.flatMap(key => nodes.get(key)?.peek().lab ?? []))].sort(compareNames);
});

/** What names a node among all. */
export function keyOf({ lab, name }: Pick<NodeSummary, 'lab' | 'name'>): string {
  return `${lab}/${name}`;
}

/** A node; `undefined`: there is none of that name. Whoever asks is told when it comes. */
export function nodeOf(key: string): NodeSummary | undefined {
  const node = nodes.get(key);
  if (node) return node.value;
  arrivals.value;
  return undefined;
}

/** Takes what there is now in place of all that was known. */
export function showAll(all: readonly NodeSummary[]): void {
  batch(() => {
    const left = new Set(nodes.keys());
    for (const node of all) left.delete(keyOf(node));
    for (const key of left) nodes.delete(key);
    showChanged(all);
    known.value = true;
    arrivals.value += 1;
    changes.value += 1;
  });
}

/** Takes news of some nodes. */
export function showChanged(changed: readonly NodeSummary[]): void {
  batch(() => {
    let any = false;
    for (const node of changed) {
      const own = nodes.get(keyOf(node));
      if (own && JSON.stringify(own.peek()) === JSON.stringify(node)) continue;
      any = true;
      if (own) {
        own.value = node;
      } else {
        nodes.set(keyOf(node), signal(node));
        arrivals.value += 1;
      }
    }
    if (any) changes.value += 1;
  });
}
