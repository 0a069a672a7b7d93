import { expect, test } from 'vitest';
import type { NodeSummary, TimelineEntry, WatchMessage } from '../../../src/daemon/api-watch.ts';
import { RemoteWatch } from '../../../src/daemon/watch/remote-watch.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';

const node = (name: string, power: NodeSummary['power'], lab = 'lab'): NodeSummary => ({
  ...{ lab, name, power, stage: power === 'on' ? 'os' : 'off', faults: [] },
  bmc: { ipmi: '192.0.2.1:623' },
});
const entry = (id: number, text: string, lab = 'lab'): TimelineEntry => ({
  ...{ id, at: id * 1000, lab, node: 'a', kind: 'event', severity: 'ok', text },
});
const all = (...nodes: NodeSummary[]): WatchMessage => ({ type: 'all', nodes, lastEntry: 0 });
const entries = (...some: TimelineEntry[]): WatchMessage => ({ type: 'entries', entries: some });

/** A service whose connections a test makes and breaks, and a daemon that watches it. */
function setUp() {
  const clock = new VirtualClock();
  const service = { up: true, startedAt: 1 };
  const asked: number[] = [];
  let tell: (message: WatchMessage | Error | undefined) => void = () => {};
  const remote = {
    startedAt: async () => {
      if (!service.up) throw new Error('nobody answers');
      return service.startedAt;
    },
    watch: async function* (after: number, signal: AbortSignal) {
      asked.push(after);
      const told: (WatchMessage | Error | undefined)[] = [];
      let wake = () => {};
      tell = message => {
        told.push(message);
        wake();
      };
      signal.addEventListener('abort', () => tell(new Error('aborted')), { once: true });
      for (;;) {
        if (told.length === 0) {
          await new Promise<void>(resolve => {
            wake = resolve;
          });
        }
        const message = told.shift();
        if (message === undefined) return;
        if (message instanceof Error) throw message;
        yield message;
      }
    },
  };
  const taken: string[] = [];
  const changed: (readonly string[] | undefined)[] = [];
  const watch = new RemoteWatch({
    ...{ lab: 'lab', remote, clock, log: silentLog },
    timeline: { takeOver: ({ text }) => taken.push(text) },
    changed: nodes => changed.push(nodes),
  });
  const says = async (...messages: (WatchMessage | Error | undefined)[]) => {
    for (const message of messages) tell(message);
    await clock.advance(0);
  };
  return { clock, service, asked, taken, changed, watch, says };
}

async function watched(...messages: WatchMessage[]) {
  const parts = setUp();
  parts.watch.begin();
  await parts.clock.advance(0);
  await parts.says(...messages);
  return parts;
}

test('nodes are as the service tells, and nothing of other labs', async () => {
  const { watch, says, taken, changed } = await watched(all(node('a', 'off'), node('x', 'on', 'other')));
  expect([watch.of('a')?.power, watch.of('x')]).toEqual(['off', undefined]);
  await says({ type: 'nodes', nodes: [node('a', 'on')] }, { type: 'alive' });
  await says(entries(entry(1, 'powered on'), entry(2, 'elsewhere', 'other')));
  expect([watch.of('a')?.power, taken, changed]).toEqual(['on', ['powered on'], [undefined, ['a']]]);
  await says(all(node('b', 'on')));
  expect([watch.of('a'), watch.of('b')?.power, watch.problem]).toEqual([
    undefined,
    'on',
    'the service does not serve it',
  ]);
});

test('a connection that ends is begun again where it ended, and nodes stay as they were meanwhile', async () => {
  for (const end of [undefined, new Error('silent for too long')]) {
    const { watch, clock, says, asked } = await watched(all(node('a', 'on')), entries(entry(7, 'it')));
    await says(end);
    expect(watch.of('a')?.power).toBe('on');
    await clock.advance(1_000);
    expect(asked).toEqual([0, 7]);
  }
});

test('a service that has begun anew is asked for all that happened there', async () => {
  const { clock, service, says, asked } = await watched(all(node('a', 'on')), entries(entry(7, 'it')));
  service.startedAt = 2;
  await says(undefined);
  await clock.advance(1_000);
  expect(asked).toEqual([0, 0]);
});

test('while it does not answer nodes are unknown and it is known why; it is asked less and less often', async () => {
  const { watch, clock, service, says, asked, changed } = await watched(all(node('a', 'on')));
  service.up = false;
  await says(undefined);
  await clock.advance(1_000);
  expect([watch.of('a'), watch.problem]).toEqual([undefined, 'nobody answers']);
  expect(changed).toEqual([undefined, undefined]);
  await clock.advance(600_000);
  // The same again is no news.
  expect(changed).toHaveLength(2);
  service.up = true;
  await clock.advance(30_000);
  expect(asked).toEqual([0, 0]);
  await says(all(node('a', 'off')));
  expect(watch.of('a')?.power).toBe('off');
});

test('who begins again does not wait for the next attempt', async () => {
  const { watch, clock, service, says, asked } = await watched(all(node('a', 'on')));
  service.up = false;
  await says(undefined);
  await clock.advance(100_000);
  service.up = true;
  watch.begin();
  await clock.advance(0);
  expect(asked).toHaveLength(2);
});

test('when it ends nothing is known any more, and nobody is asked', async () => {
  const { watch, clock, asked } = await watched(all(node('a', 'on')));
  watch.end();
  await clock.advance(600_000);
  expect([watch.of('a'), watch.problem, asked]).toEqual([undefined, 'the service has not answered yet', [0]]);
});
