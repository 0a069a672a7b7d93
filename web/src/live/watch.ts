import { signal } from '@preact/signals';
import type { TimelineEntry, WatchMessage } from '../../../src/daemon/api-watch.ts';
import { unreachable } from '../../../src/support/errors.ts';
import { showAll, showChanged } from '../fleet/fleet.ts';
import { ask, Refusal } from '../http.ts';
import { linesOf } from './lines.ts';

/** The stream of all that happens, taken up again whenever it breaks. */

/** Whether what is shown is what is so. */
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');

/** Grows whenever the stream begins anew, or labs come or go: what was read before may be out of date. */
export const beginnings = signal(0);
let hasBegun = false;

/** Milliseconds of silence after which a stream is taken for dead: the daemon says every few seconds that it lives. */
const silence = 40_000;
const shortestPause = 500;
const longestPause = 10_000;

const listeners = new Set<(entries: readonly TimelineEntry[]) => void>();

/** Hears what happens with all nodes. @returns stops it */
export function onEntries(listener: (entries: readonly TimelineEntry[]) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Keeps what is shown up to date until it is told to end. */
export async function keepWatching(end: AbortSignal): Promise<void> {
  let pause = shortestPause;
  while (!end.aborted) {
    const began = performance.now();
    await watchOnce(end).catch((error: unknown) => {
      if (!end.aborted && !(error instanceof Refusal)) console.warn('the stream broke', error);
    });
    if (end.aborted) return;
    connection.value = 'lost';
    pause = performance.now() - began > longestPause ? shortestPause : Math.min(longestPause, pause * 1.6);
    await waitFor(pause, end);
  }
}

async function watchOnce(end: AbortSignal): Promise<void> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), silence);
  try {
    const { body } = await ask('/v1/watch', { signal: AbortSignal.any([end, quiet.signal]) });
    if (!body) return;
    for await (const line of linesOf(body)) {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silence);
      if (line !== '') take(JSON.parse(line) as WatchMessage);
    }
  } finally {
    clearTimeout(timer);
  }
}

function take(message: WatchMessage): void {
  switch (message.type) {
    case 'all':
      showAll(message.nodes);
      connection.value = 'live';
      if (hasBegun) beginnings.value += 1;
      hasBegun = true;
      break;
    case 'nodes':
      showChanged(message.nodes);
      break;
    case 'entries':
      for (const listener of listeners) listener(message.entries);
      break;
    case 'alive':
      break;
    default:
      unreachable(message);
  }
}

/** Waits; less if the network or the reader comes back meanwhile. */
function waitFor(milliseconds: number, end: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      document.removeEventListener('visibilitychange', done);
      end.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener('online', done);
    document.addEventListener('visibilitychange', done);
    end.addEventListener('abort', done);
  });
}
