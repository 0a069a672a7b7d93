import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeSummary } from '../../src/daemon/api-watch.ts';
import {
  filterOf,
  type NodeFilter,
  queryOf,
  selectNodes,
  sortKeys,
  stateFilters,
} from '../../web/src/fleet/filter.ts';

function node(name: string, more: Partial<NodeSummary> = {}): NodeSummary {
  const bmc = { ipmi: '127.0.0.1:6230' };
  return { lab: 'metal', name, power: 'off', stage: 'off', bmc, faults: [], ...more };
}

const nodes = [
  node('node-1', { lab: 'edge', failure: 'it did not start', bmc: { ipmi: '192.0.2.7:623' } }),
  node('node-2', { operation: { action: 'on', phase: 'acting', startedAt: 2000 } }),
  node('node-3', { faults: ['bmc-slow'], operation: { action: 'off', phase: 'acting', startedAt: 1000 } }),
  node('node-10', { power: 'on', stage: 'os' }),
];

const names = (query: string) => selectNodes(nodes, filterOf(query)).map(({ name }) => name);

describe('the nodes that an address asks for', () => {
  test('are all, in the order of their names, unless it says otherwise', () => {
    expect(names('')).toEqual(['node-1', 'node-2', 'node-3', 'node-10']);
  });

  test('have every word somewhere', () => {
    expect(names('?q=192.0.2')).toEqual(['node-1']);
    expect(names('?q=METAL slow')).toEqual(['node-3']);
    expect(names('?q=metal nowhere')).toEqual([]);
  });

  test.each([
    ['on', ['node-10']],
    ['changing', ['node-2', 'node-3']],
    ['failed', ['node-1']],
    ['faulty', ['node-3']],
  ])('are %s', (state, expected) => {
    expect(names(`?state=${state}`)).toEqual(expected);
  });

  test('are of one lab', () => {
    expect(names('?lab=edge')).toEqual(['node-1']);
  });

  test('begin with what has lasted longest', () => {
    expect(names('?sort=operation')).toEqual(['node-3', 'node-2', 'node-1', 'node-10']);
  });

  test('come the other way round', () => {
    expect(names('?sort=-name')).toEqual(['node-10', 'node-3', 'node-2', 'node-1']);
  });
});

test('a filter is in the address as it is', () => {
  const filters: fc.Arbitrary<NodeFilter> = fc.record({
    text: fc.string(),
    lab: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    state: fc.constantFrom(...stateFilters),
    sort: fc.constantFrom(...sortKeys),
    descending: fc.boolean(),
  });
  fc.assert(
    fc.property(filters, filter => {
      expect(filterOf(queryOf(filter).toString())).toEqual(filter);
    }),
  );
});

test('an address with nonsense in it is as good as one without', () => {
  expect(filterOf('?state=odd&sort=-odd')).toEqual(filterOf('?sort=-name'));
});
