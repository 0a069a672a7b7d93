import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LiveView } from '../../src/cli/watch-live.ts';
import type { NodeSummary, TimelineEntry, WatchMessage } from '../../src/daemon/api-watch.ts';
import { type FakeDaemon, fakeDaemon, labStatus, nodeStatus } from './fake-daemon.ts';
import { cli, daemonStatus } from './run-cli.ts';

const summary = (lab: string, name: string, change: Partial<NodeSummary> = {}): NodeSummary => ({
  lab,
  name,
  power: 'off',
  stage: 'off',
  bmc: { ipmi: '127.0.0.1:6230' },
  faults: [],
  ...change,
});
const entry = (id: number, change: Partial<TimelineEntry> = {}): TimelineEntry => ({
  id,
  at: 1_000,
  lab: 'pair',
  node: 'node-0',
  kind: 'event',
  severity: 'ok',
  text: 'powered on',
  ...change,
});
const plain = { bold: same, dim: same, red: same, green: same, yellow: same };
function same(text: string): string {
  return text;
}

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await fakeDaemon({
    'GET /v1/daemon': { json: daemonStatus },
    'GET /v1/labs': { json: [labStatus('pair', [nodeStatus('pair', 'node-0')])] },
  });
});
afterEach(() => daemon[Symbol.asyncDispose]());
const runHere = (...args: string[]) => cli(args, { folder: daemon.folder });

describe('what happens with nodes', () => {
  const entries = [
    entry(1, { kind: 'request', text: 'power on (Chassis Control, admin from 127.0.0.1)', request: 'r-1' }),
    entry(2, { kind: 'call', text: 'driver: on: done', milliseconds: 1_234, request: 'r-1' }),
    entry(3, { node: 'node-1', severity: 'critical', text: 'power-on failed' }),
  ];

  test('is a timeline: who asked for what, what was done, how long it took', async () => {
    daemon.answers.set('GET /v1/labs/pair/nodes/node-0/timeline', { json: entries.slice(0, 2) });
    const { out } = await runHere('events', 'node-0', '--timeline');
    expect(out.replace(/^\S+/gm, 'TIME').split('\n')).toEqual([
      'TIME  pair/node-0  request  power on (Chassis Control, admin from 127.0.0.1) [r-1]',
      'TIME  pair/node-0  call  driver: on: done 1.2 s [r-1]',
      '',
    ]);
  });

  test('is followed as it happens: what event logs get, or all of it; a value a line for programs', async () => {
    const progress: readonly WatchMessage[] = [
      { type: 'all', nodes: [], lastEntry: 0 },
      { type: 'entries', entries },
    ];
    daemon.answers.set('GET /v1/watch', { progress });
    expect((await runHere('events', '--follow')).out).toMatch(
      /^\S+ {2}pair\/node-1 {2}event {2}power-on failed\n$/,
    );
    expect((await runHere('events', 'node-0', '--follow', '--timeline', '--json')).out).toBe(
      `${JSON.stringify(entries[0])}\n${JSON.stringify(entries[1])}\n`,
    );
    expect((await runHere('watch', '--json', '--lab', 'other')).out).toBe(
      `${JSON.stringify(progress[0])}\n{"type":"entries","entries":[]}\n`,
    );
  });

  test('needs a node, or to be followed; and a terminal to be drawn on', async () => {
    expect(await runHere('events')).toMatchObject({
      status: 2,
      err: expect.stringContaining('no node is named'),
    });
    expect(await runHere('watch')).toMatchObject({ status: 2, err: expect.stringContaining('no terminal') });
  });
});

describe('the live view', () => {
  test('shows what nodes do, and the latest that happened below', () => {
    const view = new LiveView(undefined);
    const operation = { action: 'on', phase: 'acting', startedAt: 0 } as const;
    const nodes = [
      summary('pair', 'node-0', { operation }),
      summary('pair', 'node-1', { power: 'on', stage: 'kernel' }),
    ];
    view.take({ type: 'all', nodes, lastEntry: 0 });
    view.take({
      type: 'nodes',
      nodes: [summary('pair', 'node-1', { power: 'on', stage: 'os', faults: ['bmc-slow'] })],
    });
    view.take({ type: 'entries', entries: [entry(1)] });
    const lines = view.lines(24, 2_500, plain);
    expect(lines.slice(0, 6)).toEqual([
      'all labs  2 nodes, 1 on, 1 in transition',
      '',
      'NODE         POWER  STAGE  OPERATION        BMC             NOTE',
      'pair/node-0  off           on acting 2.5 s  127.0.0.1:6230',
      'pair/node-1  on     os                      127.0.0.1:6230  fault: bmc-slow',
      '',
    ]);
    expect(lines[6]).toMatch(/pair\/node-0 {2}event {2}powered on$/);
  });

  test('scrolls through more nodes than there is room for, and no further', () => {
    const view = new LiveView('big');
    const nodes = Array.from({ length: 100 }, (_, index) => summary('big', `node-${index}`));
    view.take({ type: 'all', nodes: [...nodes, summary('other', 'node-0')], lastEntry: 0 });
    expect(view.lines(25, 0, plain)[0]).toBe('big  100 nodes, 0 on  1 to 20 of 100');
    for (let times = 0; times < 9; times++) view.scroll(' ', 25);
    expect(view.lines(25, 0, plain)[0]).toBe('big  100 nodes, 0 on  81 to 100 of 100');
    expect(view.lines(25, 0, plain)).toHaveLength(25 - 1);
  });
});

describe('recorded consoles', () => {
  test('are a file for each node, readable by their owner alone, until Ctrl-C', async () => {
    const interrupt = new AbortController();
    daemon.answers.set('GET /v1/watch', {
      progress: [{ type: 'all', nodes: [summary('pair', 'node-0'), summary('big', 'n')], lastEntry: 0 }],
      open: () => undefined,
    });
    daemon.onConsole = stream => stream.write('Linux version 6.1\r\nlogin: ');
    const options = { folder: daemon.folder, signal: interrupt.signal };
    const recording = cli(['console', '--all', '-o', 'consoles'], options);
    const file = join(daemon.folder, 'consoles', 'pair', 'node-0.log');
    const other = join(daemon.folder, 'consoles', 'big', 'n.log');
    await vi.waitFor(async () => {
      for (const path of [file, other]) expect(await readFile(path, 'utf8')).toContain('Linux');
    });
    interrupt.abort();
    const { status, err } = await recording;
    expect({ status, err }).toEqual({
      status: 0,
      err: 'Recording to consoles. Ctrl-C ends it.\nRecorded 2 consoles to consoles.\n',
    });
    expect(await readFile(file, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z Linux version 6.1\n\S+ login:\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await cli(['console', 'node-0', '-o', 'consoles'], { folder: daemon.folder })).toMatchObject({
      status: 1,
      err: expect.stringContaining('node-0.log is there already'),
    });
  });

  test('are not recorded over earlier ones, which is told at once', async () => {
    // Nothing ever comes after the first message.
    daemon.answers.set('GET /v1/watch', {
      progress: [{ type: 'all', nodes: [summary('pair', 'node-0')], lastEntry: 0 }],
      open: () => undefined,
    });
    await mkdir(join(daemon.folder, 'consoles', 'pair'), { recursive: true });
    await writeFile(join(daemon.folder, 'consoles', 'pair', 'node-0.log'), 'earlier');
    expect(await runHere('console', '--all', '-o', 'consoles')).toMatchObject({
      status: 1,
      err: expect.stringContaining('node-0.log is there already'),
    });
  });

  test('want to know whose and where', async () => {
    const run = (...args: string[]) =>
      cli(['console', ...args], { folder: daemon.folder, input: new PassThrough() });
    expect((await run()).err).toContain('no node is named');
    expect((await run('--all')).err).toContain('no folder to record to');
    expect((await run('node-0', '--all', '-o', 'x')).err).toContain('it is not clear what to record');
  });
});
