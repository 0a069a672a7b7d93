import { FilterBar } from '../fleet/filter-bar.tsx';
import { fleet, fleetKnown } from '../fleet/fleet.ts';
import { NodeTable } from '../fleet/node-table.tsx';
import { Summary } from '../fleet/summary.tsx';
import { useFilter } from '../fleet/use-filter.ts';
import { useTitle } from '../parts/title.ts';

/** Every node of every lab. */
export function NodesPage() {
  useTitle('Nodes');
  const selection = useFilter();
  return (
    <div class="page">
      <div class="heading">
        <h1>Nodes</h1>
        {fleetKnown.value && <Summary nodes={fleet.value} />}
      </div>
      {fleetKnown.value ? (
        <>
          <FilterBar selection={selection} withLabs />
          <NodeTable selection={selection} withLab />
        </>
      ) : (
        <p class="quiet">Asking the daemon…</p>
      )}
    </div>
  );
}
