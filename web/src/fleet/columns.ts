import type { SortKey } from './filter.ts';

/** What the columns of nodes are called. */
export const sortNames: Readonly<Record<SortKey, string>> = {
  name: 'Name',
  lab: 'Lab',
  power: 'Power',
  stage: 'Boot stage',
  operation: 'In progress',
  bmc: 'BMC',
};
