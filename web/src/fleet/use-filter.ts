import { computed, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { query, setQuery } from '../router.ts';
import { filterOf, type NodeFilter, queryOf, selectNodes } from './filter.ts';
import { fleet, keyOf } from './fleet.ts';

/** The nodes that the address asks for. */
export interface Selection {
  readonly filter: ReadonlySignal<NodeFilter>;
  /** What names them, in order; the same array for as long as it says the same. */
  readonly keys: ReadonlySignal<readonly string[]>;
  readonly change: (change: Partial<NodeFilter>) => void;
}

/** @param lab of which lab only; `undefined`: of those that the address asks for */
export function useFilter(lab?: string): Selection {
  return useMemo(() => {
    const filter = computed(() => {
      const asked = filterOf(query.value);
      return lab === undefined ? asked : { ...asked, lab };
    });
    let last: readonly string[] = [];
    const keys = computed(() => {
      const next = selectNodes(fleet.value, filter.value).map(keyOf);
      if (next.length !== last.length || next.some((key, index) => key !== last[index])) last = next;
      return last;
    });
    const change = (changed: Partial<NodeFilter>) => {
      const next = { ...filter.peek(), ...changed };
      setQuery(queryOf(lab === undefined ? next : { ...next, lab: undefined }));
    };
    return { filter, keys, change };
  }, [lab]);
}
