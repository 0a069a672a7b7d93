import { useEffect } from 'preact/hooks';
import type { EventEntry } from '../../../src/daemon/api.ts';
import { timestamp } from '../format.ts';
import { onEntries } from '../live/watch.ts';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';
import { nodePath } from '../routes.ts';
import type { NodeName } from './name.ts';

/** A node's event log, newest first: what IPMI calls the System Event Log. */
export function EventLog({ node }: { readonly node: NodeName }) {
  const log = useResource<readonly EventEntry[]>(`/v1${nodePath(node)}/events`);
  useEffect(
    () =>
      onEntries(entries => {
        const isOwn = ({ kind, lab, node: name }: (typeof entries)[number]) =>
          kind === 'event' && lab === node.lab && name === node.name;
        if (entries.some(isOwn)) log.reload();
      }),
    [node.lab, node.name],
  );
  return (
    <Loaded resource={log.current.value}>
      {entries =>
        entries.length === 0 ? (
          <p class="nothing">The log is empty.</p>
        ) : (
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col" class="number">
                  ID
                </th>
                <th scope="col">Time</th>
                <th scope="col">Severity</th>
                <th scope="col">Message</th>
              </tr>
            </thead>
            <tbody>
              {entries.toReversed().map(({ id, at, severity, message }) => (
                <tr key={id}>
                  <td class="number">{id}</td>
                  <td class="time">{timestamp(at)}</td>
                  <td class={`state ${severity}`}>{severity}</td>
                  <td>{message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Loaded>
  );
}
