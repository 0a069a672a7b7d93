import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/daemon/api.ts';
import { type FakeDaemon, fakeDaemon, labStatus, nodeStatus } from './fake-daemon.ts';
import { cli, daemonStatus } from './run-cli.ts';

const create = {
  op: 'create',
  kind: 'machine',
  name: 'node',
  summary: '1 CPU, 1 GiB',
  disruptive: false,
} as const;
const remove = {
  op: 'delete',
  kind: 'machine',
  name: 'old',
  summary: 'with its disk',
  disruptive: true,
} as const;
const lab = labStatus('one', [nodeStatus('one', 'node')]);
const done: Progress = { type: 'done', lab };

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await fakeDaemon({ 'GET /v1/daemon': { json: daemonStatus }, 'GET /v1/labs': { json: [lab] } });
  await writeFile(join(daemon.folder, 'lab.yaml'), 'lab: one\nnodes: [{name: node}]\n');
});
afterEach(() => daemon[Symbol.asyncDispose]());

const plan = (...changes: object[]) =>
  daemon.answers.set('POST /v1/labs/plan', { json: { changes, warnings: [] } });
const apply = (...progress: Progress[]) => daemon.answers.set('POST /v1/labs/apply', { progress });
const runHere = (...args: string[]) => cli(args, { folder: daemon.folder });
const asked = () => daemon.asked.map(({ what }) => what);

describe('up', () => {
  test('shows the plan, applies it, and ends with what can be done now', async () => {
    plan(create);
    apply(
      { type: 'start', change: create },
      { type: 'note', message: 'making a disk' },
      { type: 'finish', change: create },
      done,
    );
    expect(await runHere('up', 'lab.yaml')).toEqual({
      status: 0,
      out: [
        'Lab one: 1 to create',
        '  + machine node  1 CPU, 1 GiB',
        '',
        'one  up',
        '  driver        qemu',
        '  accelerator   kvm',
        '',
        'NODE  POWER  IPMI            MACS               CONSOLE',
        'node  off    127.0.0.1:6230  52:54:00:00:00:01  quintupleo console one/node',
        '',
        'Try next:',
        '  quintupleo power one/node on',
        '  quintupleo console one/node',
        '  IPMI_PASSWORD="$(quintupleo credentials one/node --password)" \\',
        '    ipmitool -I lanplus -H 127.0.0.1 -p 6230 -U admin -E chassis status',
        '',
      ].join('\n'),
      err: '    making a disk\n  ✓ create machine node\n',
    });
    expect(daemon.asked.at(-1)?.body).toMatchObject({
      spec: { name: 'one' },
      source: join(daemon.folder, 'lab.yaml'),
    });
  });

  test('says so when there is nothing to change', async () => {
    plan();
    apply(done);
    const { status, out } = await runHere('up', 'lab.yaml');
    expect(status).toBe(0);
    expect(out).toMatch(/^Nothing to change in lab one\.\n/);
    expect(out).not.toContain('Try next');
  });

  test('--dry-run changes nothing', async () => {
    plan(remove);
    expect((await runHere('up', 'lab.yaml', '-n')).out).toContain(
      '  - machine old  with its disk  disruptive\n',
    );
    expect(JSON.parse((await runHere('up', 'lab.yaml', '-n', '--json')).out)).toEqual({
      changes: [remove],
      warnings: [],
    });
    expect(asked()).not.toContain('POST /v1/labs/apply');
  });

  test('does nothing disruptive unasked', async () => {
    plan(create, remove);
    expect(await runHere('up', 'lab.yaml')).toMatchObject({
      status: 7,
      err:
        'error: disruptive changes need a confirmation: delete machine old. ' +
        'Look at them with --dry-run, then run this with --yes.\n',
    });
    expect(asked()).not.toContain('POST /v1/labs/apply');
    apply(done);
    expect((await runHere('up', 'lab.yaml', '--yes')).status).toBe(0);
  });

  test.each([
    ['y', 0],
    ['n', 7],
    ['', 7],
  ])('asks on a terminal; "%s" ends with %d', async (answer, status) => {
    plan(remove);
    apply(done);
    const input = new PassThrough();
    input.write(`${answer}\n`);
    const outcome = await cli(['up', 'lab.yaml'], { folder: daemon.folder, terminal: true, input });
    expect(outcome.status).toBe(status);
    expect(outcome.err).toContain('Continue? [y/N]');
    expect(asked().includes('POST /v1/labs/apply')).toBe(status === 0);
  });

  test('takes the end of the input for a no', async () => {
    plan(remove);
    const input = new PassThrough();
    input.end();
    expect((await cli(['up', 'lab.yaml'], { folder: daemon.folder, terminal: true, input })).status).toBe(7);
  });

  test('--json prints progress, a value a line', async () => {
    plan(create);
    apply({ type: 'finish', change: create }, done);
    const { out, err } = await runHere('up', 'lab.yaml', '--json');
    expect(err).toBe('');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).type),
    ).toEqual(['finish', 'done']);
  });

  test('reports what went wrong', async () => {
    plan(create);
    apply({
      type: 'failed',
      error: { code: 'PORT_TAKEN', message: 'port 6230 is taken', remedy: 'Choose another one.' },
    });
    expect(await runHere('up', 'lab.yaml')).toMatchObject({
      status: 5,
      err: 'error: port 6230 is taken. Choose another one.\n',
    });
  });

  test('notices a daemon that ends before it is done', async () => {
    plan(create);
    daemon.answers.set('POST /v1/labs/apply', { progress: [{ type: 'start', change: create }], cut: true });
    expect(await runHere('up', 'lab.yaml')).toMatchObject({
      status: 6,
      err: expect.stringMatching(/^error: the daemon does not answer: /),
    });
  });

  test('that is interrupted says how it is finished', async () => {
    plan(create);
    // A stream that says how it begins, and then nothing more.
    const interruption = new AbortController();
    daemon.answers.set('POST /v1/labs/apply', {
      progress: [{ type: 'start', change: create }],
      open: () => interruption.abort(new Error('Ctrl-C')),
    });
    const outcome = await cli(['up', 'lab.yaml'], { folder: daemon.folder, signal: interruption.signal });
    expect(outcome.status).toBe(130);
    expect(outcome.err).toBe('\nInterrupted. "quintupleo up lab.yaml" finishes it.\n');
  });

  test('ends with 3 for a lab file with errors, which it lists', async () => {
    await writeFile(join(daemon.folder, 'bad.yaml'), 'lab: one\nnode: []\n');
    expect(await runHere('up', 'bad.yaml')).toEqual({
      status: 3,
      out: '',
      err:
        'bad.yaml:1:1: "nodes" is missing. Add it.\n' +
        'bad.yaml:2:1: unknown key "node". Did you mean "nodes"?\n',
    });
    expect(JSON.parse((await runHere('up', 'bad.yaml', '--json')).err).error).toMatchObject({
      code: 'LAB_FILE_INVALID',
      problems: [
        { line: 1, column: 1 },
        { line: 2, column: 1 },
      ],
    });
    expect(await runHere('up', 'none.yaml')).toMatchObject({
      status: 3,
      err: expect.stringContaining('no such file'),
    });
    expect(daemon.asked).toEqual([]);
  });

  test('warns of a daemon of another version', async () => {
    daemon.answers.set('GET /v1/daemon', { json: { ...daemonStatus, version: '0.0.1' } });
    plan();
    apply(done);
    expect((await runHere('up', 'lab.yaml')).err).toContain('warning: the daemon is version 0.0.1');
  });
});

describe('down', () => {
  beforeEach(async () => {
    await mkdir(join(daemon.folder, 'state/labs/one'), { recursive: true });
    daemon.answers.set('DELETE /v1/labs/one', {
      progress: [
        { type: 'finish', change: remove },
        { type: 'done', lab: undefined },
      ],
    });
  });

  test.each([[['one']], [['lab.yaml']], [[]]])('%j takes the lab away', async args => {
    expect(await runHere('down', ...args)).toEqual({
      status: 0,
      out: 'Lab one is gone.\n',
      err: '  ✓ delete machine old\n',
    });
    expect(asked()).toContain('DELETE /v1/labs/one');
  });

  test('of the last lab waits for the end of a daemon that ends then, however many labs there were before', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    daemon.answers.set('GET /v1/daemon', { json: { ...daemonStatus, pid: child.pid } });
    daemon.answers.set('GET /v1/labs', { json: [lab, labStatus('two', [])] });
    daemon.answers.set('DELETE /v1/labs/one', {
      progress: [{ type: 'done', lab: undefined }],
      before: () => {
        daemon.answers.set('GET /v1/labs', { json: [] });
        child.stdin?.end();
      },
    });
    expect(await runHere('down', 'one')).toMatchObject({ status: 0, out: 'Lab one is gone.\n' });
    expect(child.exitCode).toBe(0);
  });

  test('starts no daemon to find that there is no lab', async () => {
    await rm(join(daemon.folder, 'state'), { recursive: true });
    expect(await runHere('down', 'one')).toMatchObject({
      status: 0,
      out: 'There is no lab one: nothing to do.\n',
    });
    expect(asked()).toEqual([]);
  });

  test('has nothing to do for a lab that is not there', async () => {
    expect(await runHere('down', 'two')).toEqual({
      status: 0,
      out: 'There is no lab two: nothing to do.\n',
      err: '',
    });
    expect(asked()).not.toContain('DELETE /v1/labs/two');
  });

  test('needs a name when there are several labs', async () => {
    daemon.answers.set('GET /v1/labs', { json: [lab, labStatus('two', [])] });
    expect(await runHere('down')).toMatchObject({
      status: 2,
      err: 'error: there are several labs. Say which: one, two.\n',
    });
  });
});
