import type { LabStatus } from '../../../src/daemon/api.ts';
import { Faults } from '../faults/faults.tsx';
import { FilterBar } from '../fleet/filter-bar.tsx';
import { fleet } from '../fleet/fleet.ts';
import { NodeTable } from '../fleet/node-table.tsx';
import { Summary } from '../fleet/summary.tsx';
import { useFilter } from '../fleet/use-filter.ts';
import { CloudCallBudget } from '../lab/cloud-calls.tsx';
import { NetworkPicture } from '../lab/picture.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';
import { useTitle } from '../parts/title.ts';
import { labPath } from '../routes.ts';
import { seesAll } from '../session.ts';

/** One lab: how it is wired, its nodes, what is wrong with it on purpose, and what it costs. */
export function LabPage({ lab: name }: { readonly lab: string }) {
  useTitle(name);
  const selection = useFilter(name);
  const status = useResource<LabStatus>(`/v1${labPath(name)}`);
  return (
    <div class="page">
      <div class="heading">
        <h1>{name}</h1>
        <Summary nodes={fleet.value.filter(node => node.lab === name)} />
      </div>
      <Loaded resource={status.current.value}>
        {lab => (
          <>
            {lab.phase !== 'up' && (
              <p class="problem">
                This lab is {lab.phase}. {lab.message}
              </p>
            )}
            {lab.stopped && (
              <p class="quiet">It is stopped; a start powers on {lab.stopped.join(', ') || 'nothing'}.</p>
            )}
            <section class="card" aria-labelledby="networks">
              <h2 id="networks">Networks</h2>
              <NetworkPicture lab={lab} />
            </section>
            <section aria-labelledby="nodes">
              <h2 id="nodes">Nodes</h2>
              <FilterBar selection={selection} />
              <NodeTable selection={selection} withLab={false} />
            </section>
            <section aria-labelledby="faults">
              <h2 id="faults">Faults</h2>
              <Faults lab={name} />
            </section>
            <div class="cards">
              <About lab={lab} />
              {lab.facts.cloud !== undefined && seesAll.value && <CloudCallBudget cloud={lab.facts.cloud} />}
              {lab.exports && lab.exports.length > 0 && <Exports exports={lab.exports} />}
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function About({ lab }: { readonly lab: LabStatus }) {
  const { driver, facts, source, redfish } = lab;
  return (
    <section class="card" aria-labelledby="about">
      <h2 id="about">About</h2>
      <dl class="facts">
        <dt>Driver</dt>
        <dd>{driver}</dd>
        {Object.entries(facts).map(([fact, value]) => (
          <Fact key={fact} name={fact} value={value} />
        ))}
        {redfish?.url !== undefined && <Fact name="Redfish" value={redfish.url} />}
        {redfish?.problem !== undefined && <dd class="problem">{redfish.problem}</dd>}
        <Fact name="Lab file" value={source} />
      </dl>
    </section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd class="long">{value}</dd>
    </>
  );
}

function Exports({ exports }: { readonly exports: NonNullable<LabStatus['exports']> }) {
  return (
    <section class="card" aria-labelledby="exports">
      <h2 id="exports">Written for tools</h2>
      <dl class="facts">
        {exports.map(({ format, path }) => (
          <Fact key={path} name={format} value={path} />
        ))}
      </dl>
    </section>
  );
}
