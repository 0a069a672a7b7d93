import { counted } from '../format.ts';
import { sortNames } from './columns.ts';
import { type StateFilter, sortKeys, stateFilters } from './filter.ts';
import { labNames } from './fleet.ts';
import type { Selection } from './use-filter.ts';

const stateNames: Readonly<Record<StateFilter, string>> = {
  all: 'All',
  on: 'On',
  off: 'Off',
  changing: 'Changing',
  failed: 'Failed',
  faulty: 'With faults',
};

/** What decides which nodes are shown. */
export function FilterBar({
  selection,
  withLabs = false,
}: {
  readonly selection: Selection;
  readonly withLabs?: boolean;
}) {
  const { filter, keys, change } = selection;
  const { text, lab, state, sort } = filter.value;
  return (
    <search class="filters">
      <label class="grow">
        <span class="unseen">Search nodes</span>
        <input
          type="search"
          placeholder="Search by name, address, stage…"
          value={text}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
        />
      </label>
      {withLabs && labNames.value.length > 1 && (
        <label>
          <span class="unseen">Lab</span>
          <select
            value={lab ?? ''}
            onChange={({ currentTarget }) => change({ lab: currentTarget.value || undefined })}
          >
            <option value="">All labs</option>
            {labNames.value.map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="narrow-only">
        <span class="unseen">Sort by</span>
        <select
          value={sort}
          onChange={({ currentTarget }) =>
            change({ sort: sortKeys.find(key => key === currentTarget.value) ?? 'name', descending: false })
          }
        >
          {sortKeys.map(key => (
            <option key={key} value={key}>
              By {sortNames[key].toLowerCase()}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="chips">
        <legend class="unseen">State</legend>
        {stateFilters.map(name => (
          <button
            key={name}
            type="button"
            aria-pressed={state === name}
            onClick={() => change({ state: name })}
          >
            {stateNames[name]}
          </button>
        ))}
      </fieldset>
      <p class="unseen" role="status">
        {counted(keys.value.length, 'node')} shown
      </p>
    </search>
  );
}
