import type { PlannedChange } from './api.ts';

/** Steps that stand side by side and do the same with the same kind of thing do not need each other. */
export function stagesOf(changes: readonly PlannedChange[]): PlannedChange[][] {
  const stages: PlannedChange[][] = [];
  for (const change of changes) {
    const stage = stages.at(-1);
    const [first] = stage ?? [];
    if (stage && first?.kind === change.kind && first.op === change.op) stage.push(change);
    else stages.push([change]);
  }
  return stages;
}
