import type { TimelineEntry } from '../../../src/daemon/api-watch.ts';

/** What followed from one request of a client, or what happened by itself; entries oldest first. */
export interface Story {
  /** Of its first entry. */
  readonly id: number;
  /** What set it off; `undefined`: nobody, as far as is known. */
  readonly request: TimelineEntry | undefined;
  readonly entries: readonly TimelineEntry[];
}

/** How soon after another something that nobody asked for still belongs to it, in milliseconds. */
const afterRequest = 1000;
const afterAnother = 5000;

interface OpenStory {
  request: TimelineEntry | undefined;
  readonly entries: [TimelineEntry, ...TimelineEntry[]];
}

/**
 * The stories that a node's timeline tells, oldest first. What was seen names no request: it belongs to the operation that
 * was under way, since a node carries out one at a time.
 */
export function storiesOf(timeline: readonly TimelineEntry[]): readonly Story[] {
  const stories: OpenStory[] = [];
  const byRequest = new Map<string, OpenStory>();
  let latest: OpenStory | undefined;
  for (const entry of timeline) {
    let story = entry.request === undefined ? latest : byRequest.get(entry.request);
    if (entry.request === undefined && story && !belongs(entry, story)) story = undefined;
    if (story) {
      story.entries.push(entry);
    } else {
      story = { request: undefined, entries: [entry] };
      stories.push(story);
    }
    if (entry.request !== undefined) byRequest.set(entry.request, story);
    if (entry.kind === 'request') story.request ??= entry;
    latest = story;
  }
  return stories.map(({ request, entries }) => ({
    id: entries[0].id,
    request,
    entries: withoutBeginnings(entries),
  }));
}

/** The worst of a story. */
export function severityOf({ entries }: Story): TimelineEntry['severity'] {
  if (entries.some(entry => entry.severity === 'critical')) return 'critical';
  return entries.some(entry => entry.severity === 'warning') ? 'warning' : 'ok';
}

/** An entry's place in its story, as shares of the story's length; a call has one from its beginning on. */
export function placeIn(
  { entries }: Story,
  { at, milliseconds = 0 }: TimelineEntry,
): { from: number; to: number } {
  const begins = entries.map(entry => entry.at - (entry.milliseconds ?? 0));
  const begin = Math.min(...begins);
  const length = Math.max(1, Math.max(...entries.map(entry => entry.at)) - begin);
  return { from: (at - milliseconds - begin) / length, to: (at - begin) / length };
}

function belongs(entry: TimelineEntry, { request, entries }: OpenStory): boolean {
  const operations = entries.filter(({ kind }) => kind === 'operation').length;
  // It was begun and has not ended.
  if (operations % 2 === 1) return true;
  const previous = entries.at(-1) ?? entries[0];
  return entry.at - previous.at <= (request ? afterRequest : afterAnother);
}

/** A call that has ended says all that its beginning did. */
function withoutBeginnings(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
  return entries.filter(
    (entry, place) =>
      entry.kind !== 'call' ||
      entry.milliseconds !== undefined ||
      !entries.some(
        (later, its) =>
          its > place && later.milliseconds !== undefined && later.text.startsWith(`${entry.text}:`),
      ),
  );
}
