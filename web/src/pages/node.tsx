import { useEffect } from 'preact/hooks';
import type { NodeStatus } from '../../../src/daemon/api.ts';
import { Console } from '../console/console.tsx';
import { Screen } from '../console/screen.tsx';
import { Faults } from '../faults/faults.tsx';
import { fleetKnown, keyOf, nodeOf } from '../fleet/fleet.ts';
import { Boot } from '../node/boot.tsx';
import { EventLog } from '../node/event-log.tsx';
import { Facts } from '../node/facts.tsx';
import { Media } from '../node/media.tsx';
import type { NodeName } from '../node/name.ts';
import { PowerButtons } from '../node/power.tsx';
import { Sensors } from '../node/sensors.tsx';
import { Timeline } from '../node/timeline.tsx';
import { Why } from '../node/why.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';
import { OperationAge, Power, Stage, Trouble } from '../parts/state.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { useTitle } from '../parts/title.ts';
import { labPath, nodePath } from '../routes.ts';
import { mayOperate } from '../session.ts';

const views = [
  { id: 'timeline', name: 'Timeline', view: (node: NodeName) => <Timeline node={node} /> },
  { id: 'console', name: 'Console', view: (node: NodeName) => <Console node={node} /> },
  { id: 'screen', name: 'Screen', view: (node: NodeName) => <Screen node={node} /> },
  { id: 'media', name: 'Media', view: (node: NodeName) => <Media node={node} /> },
  { id: 'sensors', name: 'Sensors', view: (node: NodeName) => <Sensors node={node} /> },
  { id: 'events', name: 'Event log', view: (node: NodeName) => <EventLog node={node} /> },
  { id: 'faults', name: 'Faults', view: ({ lab, name }: NodeName) => <Faults lab={lab} node={name} /> },
] as const;

/** One node. */
export function NodePage({ lab, name }: NodeName) {
  useTitle(`${name} in ${lab}`);
  const summary = nodeOf(keyOf({ lab, name }));
  const node: NodeName = { lab, name };
  const status = useResource<NodeStatus>(`/v1${nodePath(node)}`);
  // What a node boots next changes with its power and its operations.
  const { power, operation } = summary ?? {};
  useEffect(() => status.reload(), [power, operation?.phase]);
  const tabs = views
    // Who looks at a screen can also type, so far as the platform knows.
    .filter(({ id }) => id !== 'screen' || mayOperate.value)
    .map(({ id, name: title, view }) => ({ id, title, view: () => view(node) }));
  return (
    <div class="page">
      <p class="crumbs">
        <a href={labPath(lab)}>{lab}</a>
      </p>
      <div class="heading">
        <h1>{name}</h1>
        {summary && (
          <p class="now">
            <Power power={summary.power} changing={summary.operation !== undefined} />
            <Stage stage={summary.stage} />
            <OperationAge operation={summary.operation} />
          </p>
        )}
        {summary && mayOperate.value && <PowerButtons node={summary} />}
      </div>
      {summary && (
        <p class="troubles">
          <Trouble node={summary} />
        </p>
      )}
      <p class="unseen" role="status">
        {summary && `${name} is ${summary.power}`}
      </p>
      {fleetKnown.value && !summary ? (
        <p class="nothing">There is no such node.</p>
      ) : (
        <div class="beside">
          <Tabs label={`About ${name}`} tabs={tabs} />
          <aside>
            <Loaded resource={status.current.value}>
              {value => (
                <>
                  <Boot node={value} onChange={status.reload} />
                  <Facts node={value} />
                  <Why node={node} />
                </>
              )}
            </Loaded>
          </aside>
        </div>
      )}
    </div>
  );
}
