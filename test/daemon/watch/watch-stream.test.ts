import { describe, expect, test } from 'vitest';
import type { NodeSummary, WatchMessage } from '../../../src/daemon/api-watch.ts';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import { Timeline } from '../../../src/daemon/watch/timeline.ts';
import { watchAnswer } from '../../../src/daemon/watch/watch-answer.ts';
import { NodeWatch, type Watcher } from '../../../src/daemon/watch/watch-stream.ts';
import type { PowerState } from '../../../src/node/power.ts';
import { VirtualClock } from '../../../src/support/clock.ts';

/** Nodes `LAB/NAME` whose power can be set, and which are watched. */
function watchedNodes(...keys: string[]) {
  const clock = new VirtualClock();
  const happenings = new Happenings();
  const timeline = new Timeline(happenings, clock);
  const powers = new Map<string, PowerState>(keys.map(key => [key, 'off']));
  let reads = 0;
  const read = (key: string): NodeSummary => {
    reads++;
    const [lab = '', name = ''] = key.split('/');
    const power = powers.get(key) ?? 'unknown';
    return { lab, name, power, stage: 'off', bmc: { ipmi: '192.0.2.1:623' }, faults: [] };
  };
  const watch = new NodeWatch({
    happenings,
    timeline,
    clock,
    nodes: () => [...powers.keys()].map(read),
    node: (lab, name) => (powers.has(`${lab}/${name}`) ? read(`${lab}/${name}`) : undefined),
  });
  const setPower = (key: string, power: PowerState) => {
    powers.set(key, power);
    const [lab = '', node = ''] = key.split('/');
    const activity = { type: 'observed', observation: { type: 'power', power } } as const;
    happenings.tell({ type: 'node', lab, node, activity });
  };
  const follow = (options: Partial<Watcher> = {}) => {
    const got: WatchMessage[] = [];
    const take = (line: string) => got.push(JSON.parse(line) as WatchMessage);
    const stop = watch.follow({ labs: undefined, after: undefined, take, ...options });
    return { got, stop };
  };
  return { clock, happenings, timeline, powers, watch, setPower, follow, reads: () => reads };
}

function brief(message: WatchMessage | undefined): string {
  switch (message?.type) {
    case 'all':
    case 'nodes':
      return `${message.type}: ${message.nodes.map(({ name, power }) => `${name} ${power}`).join(', ')}`;
    case 'entries':
      return `entries: ${message.entries.map(({ text }) => text).join(', ')}`;
    default:
      return message?.type ?? 'nothing';
  }
}

describe('who watches nodes', () => {
  test('is told how all is, and then only what has changed', async () => {
    const { clock, follow, setPower } = watchedNodes('lab/a', 'lab/b', 'lab/c');
    const { got } = follow();
    setPower('lab/b', 'on');
    await clock.advance(1_000);
    expect(got.map(brief)).toEqual(['all: a off, b off, c off', 'nodes: b on', 'entries: seen: power on']);
  });

  test('gets a node that changes all the time four times a second', async () => {
    const { clock, follow, setPower } = watchedNodes('lab/a');
    const { got } = follow();
    for (let step = 0; step < 1_000; step++) {
      setPower('lab/a', step % 2 === 0 ? 'on' : 'off');
      await clock.advance(1);
    }
    const nodes = got.filter(({ type }) => type === 'nodes');
    expect(nodes.length).toBeGreaterThan(0);
    expect(nodes.length).toBeLessThanOrEqual(4);
  }, 20_000);

  test('is not told of a node that is as it was', async () => {
    const { clock, follow, setPower } = watchedNodes('lab/a');
    const { got } = follow();
    setPower('lab/a', 'on');
    setPower('lab/a', 'off');
    await clock.advance(1_000);
    expect(got.map(({ type }) => type)).toEqual(['all', 'entries']);
  });

  test('is told all anew when nodes come or go', async () => {
    const { clock, follow, happenings, powers } = watchedNodes('lab/a', 'lab/b');
    const { got } = follow();
    powers.delete('lab/a');
    powers.set('other/c', 'on');
    happenings.tell({ type: 'nodes', lab: 'other' });
    await clock.advance(1_000);
    expect(got.map(brief)).toEqual(['all: a off, b off', 'all: b off, c on']);
  });

  test('sees nothing of labs that it may not see', async () => {
    const { clock, follow, setPower } = watchedNodes('one/a', 'two/b');
    const { got } = follow({ labs: new Set(['two']), after: 0 });
    setPower('one/a', 'on');
    await clock.advance(1_000);
    setPower('two/b', 'on');
    await clock.advance(1_000);
    expect(got.map(brief)).toEqual(['all: b off', 'nodes: b on', 'entries: seen: power on']);
  });

  test('gets the entries that it has missed, and none twice', async () => {
    const { clock, follow, setPower } = watchedNodes('lab/a');
    setPower('lab/a', 'on');
    setPower('lab/a', 'off');
    const { got } = follow({ after: 1 });
    expect(got.map(brief)).toEqual(['all: a off', 'entries: seen: power off']);
    await clock.advance(1_000);
    expect(got).toHaveLength(2);
  });

  test('who comes later is told the same as the others', async () => {
    const { clock, follow, setPower } = watchedNodes('lab/a');
    const early = follow();
    setPower('lab/a', 'on');
    const late = follow();
    expect(late.got.map(brief)).toEqual(['all: a on']);
    expect(early.got.map(brief)).toContain('nodes: a on');
    setPower('lab/a', 'off');
    await clock.advance(1_000);
    expect(late.got.map(brief)).toContain('nodes: a off');
    expect(early.got.map(brief).at(-2)).toBe('nodes: a off');
  });

  test('hears that the stream lives while nothing happens', async () => {
    const { clock, follow } = watchedNodes('lab/a');
    const { got } = follow();
    await clock.advance(60_000);
    expect(got.slice(1).map(brief)).toEqual(['alive', 'alive', 'alive']);
  });

  test('and leaves when it hears that is not told again', async () => {
    const { clock, follow, setPower } = watchedNodes('lab/a');
    let told = 0;
    let stop = () => {};
    ({ stop } = follow({
      take: () => {
        told++;
        stop();
      },
    }));
    const { got } = follow();
    await clock.advance(60_000);
    expect(told).toBe(2);
    setPower('lab/a', 'on');
    await clock.advance(1_000);
    expect(told).toBe(2);
    expect(got.filter(({ type }) => type === 'alive')).toHaveLength(3);
  });

  test('costs nothing once it has gone', async () => {
    const { clock, follow, setPower, reads } = watchedNodes('lab/a');
    const { got, stop } = follow();
    stop();
    const before = reads();
    setPower('lab/a', 'on');
    await clock.advance(60_000);
    expect(reads()).toBe(before);
    expect(got).toHaveLength(1);
  });

  test('a thousand nodes are read once, however many watch', () => {
    const { follow, reads } = watchedNodes(...Array.from({ length: 1_000 }, (_, at) => `lab/n${at}`));
    for (let watcher = 0; watcher < 10; watcher++) follow();
    expect(reads()).toBe(1_000);
  });
});

test('a reader that is too slow is cut off, and costs nothing more', async () => {
  const { clock, watch, setPower, powers, happenings } = watchedNodes(
    ...Array.from({ length: 5_000 }, (_, at) => `lab/n${at}`),
  );
  const reader = watchAnswer(
    watch,
    { labs: undefined, after: undefined },
    new AbortController().signal,
  ).body?.getReader();
  for (let round = 0; round < 60; round++) {
    powers.set(`lab/more${round}`, 'on');
    happenings.tell({ type: 'nodes', lab: 'lab' });
    await clock.advance(250);
  }
  setPower('lab/n1', 'on');
  await expect(reader?.read()).rejects.toThrow('too slow');
});

test('a stream ends with its client', async () => {
  const { clock, watch, setPower, reads } = watchedNodes('lab/a');
  const client = new AbortController();
  let ends = 0;
  const answer = watchAnswer(watch, { labs: undefined, after: undefined }, client.signal, () => ends++);
  client.abort();
  expect((await answer.text()).trim().split('\n')).toHaveLength(1);
  expect(ends).toBe(1);
  const before = reads();
  setPower('lab/a', 'on');
  await clock.advance(1_000);
  expect(reads()).toBe(before);
});

test('a stream whose client has left already is over', async () => {
  const { watch, reads } = watchedNodes('lab/a');
  let ends = 0;
  const query = { labs: undefined, after: undefined };
  const answer = watchAnswer(watch, query, AbortSignal.abort(), () => ends++);
  expect(await answer.text()).toBe('');
  expect(ends).toBe(1);
  watchAnswer(watch, query, new AbortController().signal);
  expect(reads()).toBe(2);
});
