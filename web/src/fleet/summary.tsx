import type { NodeSummary } from '../../../src/daemon/api-watch.ts';
import { counted } from '../format.ts';
import { isIn, type StateFilter } from './filter.ts';

const shown: readonly { readonly state: StateFilter; readonly name: string }[] = [
  { state: 'on', name: 'on' },
  { state: 'changing', name: 'changing' },
  { state: 'failed', name: 'failed' },
  { state: 'faulty', name: 'with faults' },
];

/** How many nodes there are, and how many are how. */
export function Summary({ nodes }: { readonly nodes: readonly NodeSummary[] }) {
  const counts = shown
    .map(({ state, name }) => ({ name, state, count: nodes.filter(node => isIn(node, state)).length }))
    .filter(({ state, count }) => state === 'on' || count > 0);
  return (
    <p class="summary">
      <span>{counted(nodes.length, 'node')}</span>
      {counts.map(({ name, state, count }) => (
        <span key={state} class={`count ${state}`}>
          {count.toLocaleString('en')} {name}
        </span>
      ))}
    </p>
  );
}
