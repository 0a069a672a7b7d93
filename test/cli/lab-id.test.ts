import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeDaemon, fakeDaemon, labStatus } from './fake-daemon.ts';
import { cli, daemonStatus } from './run-cli.ts';

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await fakeDaemon({
    'GET /v1/daemon': { json: daemonStatus },
    'GET /v1/labs': { json: [labStatus('one-7', [])] },
    'POST /v1/labs/plan': { json: { changes: [], warnings: [] } },
  });
  await writeFile(join(daemon.folder, 'lab.yaml'), 'lab: one\ndriver: openstack\nnodes: [{name: node}]\n');
});
afterEach(() => daemon[Symbol.asyncDispose]());

const runHere = (...args: string[]) => cli(args, { folder: daemon.folder });

describe('--id', () => {
  test('makes a lab of its own of a file', async () => {
    const { status, out } = await runHere('up', 'lab.yaml', '--id', '7', '--expires', '4h', '--plan');
    expect({ status, out }).toEqual({ status: 0, out: 'Nothing to change in lab one-7.\n' });
    expect(daemon.asked.at(-1)).toMatchObject({
      what: 'POST /v1/labs/plan',
      body: { spec: { name: 'one-7', cloud: { lease: 4 * 3_600_000 } } },
    });
  });

  test.each(['lab.yaml', 'one'])('names that lab again, by its file or its name: %s', async argument => {
    const { out } = await runHere('status', argument, '--id', '7', '--json');
    expect(JSON.parse(out)).toMatchObject([{ name: 'one-7' }]);
    expect((await runHere('down', argument, '--id', '8')).out).toBe(
      'There is no lab one-8: nothing to do.\n',
    );
  });

  test('that cannot be part of a name is refused', async () => {
    const { err } = await runHere('up', 'lab.yaml', '--id', 'A_1');
    expect(err).toContain('--id "A_1" cannot be part of a name');
    expect(daemon.asked).toEqual([]);
  });
});

test('a lease that is none is refused', async () => {
  const { err } = await runHere('up', 'lab.yaml', '--expires', 'soon');
  expect(err).toContain('--expires "soon" is not a lease');
  expect(daemon.asked).toEqual([]);
});
