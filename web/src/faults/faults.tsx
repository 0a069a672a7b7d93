import type { FaultStatus } from '../../../src/daemon/api-faults.ts';
import { counted, duration } from '../format.ts';
import { send } from '../http.ts';
import { now } from '../live/clock.ts';
import { Loaded } from '../parts/loaded.tsx';
import { attempt } from '../parts/notice.tsx';
import { useResource } from '../parts/resource.ts';
import { labPath } from '../routes.ts';
import { mayDisturb } from '../session.ts';
import { FaultForm } from './fault-form.tsx';

interface FaultsProps {
  readonly lab: string;
  /** Only this node's; `undefined`: all of the lab. */
  readonly node?: string;
}

/** The faults that are injected now; whoever may can inject further ones and lift them. */
export function Faults({ lab, node }: FaultsProps) {
  const path = `/v1${labPath(lab)}/faults`;
  const faults = useResource<readonly FaultStatus[]>(path, 5000);
  const lift = async ({ id, kind }: FaultStatus) => {
    if (await attempt(() => send('DELETE', `${path}/${encodeURIComponent(id)}`), `${kind}: lifted`)) {
      faults.reload();
    }
  };
  return (
    <>
      {mayDisturb.value && <FaultForm lab={lab} node={node} onInjected={faults.reload} />}
      <Loaded resource={faults.current.value}>
        {all => {
          const shown = all.filter(fault => node === undefined || fault.nodes.includes(node));
          if (shown.length === 0) return <p class="nothing">No fault is injected.</p>;
          return (
            <ul class="faults">
              {shown.map(fault => (
                <FaultView key={fault.id} fault={fault} onLift={() => void lift(fault)} />
              ))}
            </ul>
          );
        }}
      </Loaded>
    </>
  );
}

function FaultView({ fault, onLift }: { readonly fault: FaultStatus; readonly onLift: () => void }) {
  const { kind, text, nodes, since, until, felt, problems } = fault;
  return (
    <li>
      <div class="grow">
        <p>
          <span class="tag fault">{kind}</span> {text}
        </p>
        <p class="quiet">
          {nodes.length === 1 ? nodes[0] : counted(nodes.length, 'node')}, for {duration(now.value - since)},
          felt {counted(felt, 'time')}
          {until !== undefined && `, ends in ${duration(until - now.value)}`}
        </p>
        {Object.entries(problems).map(([name, problem]) => (
          <p key={name} class="problem">
            {name}: {problem}
          </p>
        ))}
      </div>
      {mayDisturb.value && (
        <button type="button" onClick={onLift}>
          Lift<span class="unseen"> {kind}</span>
        </button>
      )}
    </li>
  );
}
