import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { TimelineEntry } from '../../../src/daemon/api-watch.ts';
import { span, timeOfDay, timestamp } from '../format.ts';
import { onEntries } from '../live/watch.ts';
import { Loaded } from '../parts/loaded.tsx';
import { useResource } from '../parts/resource.ts';
import { nodePath } from '../routes.ts';
import type { NodeName } from './name.ts';
import { placeIn, type Story, severityOf, storiesOf } from './story.ts';

/** How many entries are kept. */
const most = 512;

const kindNames: Readonly<Record<TimelineEntry['kind'], string>> = {
  request: 'request',
  operation: 'operation',
  call: 'driver',
  cloud: 'cloud',
  observation: 'seen',
  event: 'event',
  fault: 'fault',
};

/** What happened with a node and why, newest first. */
export function Timeline({ node }: { readonly node: NodeName }) {
  const past = useResource<readonly TimelineEntry[]>(`/v1${nodePath(node)}/timeline`);
  const live = useSignal<readonly TimelineEntry[]>([]);
  useEffect(
    () =>
      onEntries(entries => {
        const own = entries.filter(entry => entry.lab === node.lab && entry.node === node.name);
        if (own.length > 0) live.value = [...live.peek(), ...own].slice(-most);
      }),
    [node.lab, node.name],
  );
  const stories = useComputed(() => {
    const { value } = past.current;
    const known = value.state === 'there' ? value.value : [];
    const last = known.at(-1)?.id ?? 0;
    // A daemon that has been started anew counts from one again: what was heard of the old one is not older, but gone.
    const newer = live.value.filter(entry => entry.id > last);
    return storiesOf([...known, ...newer].slice(-most)).toReversed();
  });
  return (
    <Loaded resource={past.current.value}>
      {() =>
        stories.value.length === 0 ? (
          <p class="nothing">Nothing has happened since the daemon started.</p>
        ) : (
          <ol class="stories">
            {stories.value.map(story => (
              <StoryView key={story.id} story={story} />
            ))}
          </ol>
        )
      }
    </Loaded>
  );
}

function StoryView({ story }: { readonly story: Story }) {
  const [first] = story.entries;
  if (!first) return null;
  const { request } = story;
  const last = story.entries.at(-1) ?? first;
  const rest = story.entries.filter(entry => entry !== (request ?? first));
  return (
    <li class={`story ${severityOf(story)}`}>
      <h2>
        <time dateTime={new Date(first.at).toISOString()} title={timestamp(first.at)}>
          {timeOfDay(first.at)}
        </time>
        <span class="what">{textOf(request ?? first)}</span>
        <span class="tag">{request?.face ?? kindNames[first.kind]}</span>
        {last.at > first.at && <span class="age">{span(last.at - first.at)}</span>}
      </h2>
      {rest.length > 0 && (
        <ol>
          {rest.map(entry => (
            <Entry key={entry.id} entry={entry} story={story} since={first.at} />
          ))}
        </ol>
      )}
    </li>
  );
}

interface EntryProps {
  readonly entry: TimelineEntry;
  readonly story: Story;
  readonly since: number;
}

function Entry({ entry, story, since }: EntryProps) {
  const { kind, severity, at, milliseconds } = entry;
  const { from, to } = placeIn(story, entry);
  return (
    <li class={`entry ${severity}`}>
      <span class={`kind kind-${kind}`}>{kindNames[kind]}</span>
      <span class="text">
        {textOf(entry)}
        {severity !== 'ok' && <span class="unseen"> ({severity})</span>}
      </span>
      <svg class={`track kind-${kind}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2="100" y1="4" y2="4" />
        <rect x={Math.min(98, from * 98)} width={Math.max(2, (to - from) * 98)} y="1" height="6" rx="1" />
      </svg>
      <span class="offset">
        +{span(at - since)}
        {milliseconds !== undefined && <span class="unseen">, took {span(milliseconds)}</span>}
      </span>
    </li>
  );
}

/** An entry's text without what its kind says already. */
function textOf({ text }: TimelineEntry): string {
  return text.replace(/^(seen|driver): /, '');
}
