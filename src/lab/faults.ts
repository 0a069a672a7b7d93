import { isOfLab } from '../faults/fault.ts';
import { matchesPattern } from '../faults/scenario.ts';
import { parseDuration } from '../support/quantity.ts';
import type { LabFault } from './definition.ts';
import type { Report } from './problem.ts';
import type { FaultsContent } from './schema-faults.ts';

/** What the faults of a lab file are checked against. */
export interface FaultSurroundings {
  /** Names of the lab's nodes. */
  readonly nodes: readonly string[];
  readonly onCloud: boolean;
  readonly report: Report;
}

/** Reads the faults of a lab, and reports those that it cannot have. */
export function resolveFaults(
  content: FaultsContent | undefined,
  { nodes, onCloud, report }: FaultSurroundings,
): readonly LabFault[] | undefined {
  return content?.map(({ fault, nodes: patterns, for: duration, seed }, index) => {
    if (isOfLab(fault.kind) && !onCloud) {
      report(['faults', index, 'fault', 'kind'], `kind "${fault.kind}" is for labs of driver openstack.`);
    }
    for (const [place, pattern] of patterns?.entries() ?? []) {
      if (nodes.some(node => matchesPattern(pattern, node))) continue;
      report(['faults', index, 'nodes', place], `the lab has no node "${pattern}".`);
    }
    return {
      nodes: patterns && nodes.filter(node => patterns.some(pattern => matchesPattern(pattern, node))),
      fault,
      duration: duration === undefined ? undefined : parseDuration(duration),
      seed,
    };
  });
}
