import { describe, expect, test } from 'vitest';
import { nodeStatus } from './fake-daemon.ts';
import { pair, TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('power', () => {
  const power = (path: string, result: unknown, node = {}) =>
    here.daemon.answers.set(`POST /v1/labs/${path}/power`, {
      json: {
        node: { ...nodeStatus(path.split('/')[0] ?? '', path.split('/')[2] ?? ''), power: 'on', ...node },
        result,
      },
    });
  const done = { id: 1, action: 'on', outcome: 'done', message: '', at: 0 };

  test('switches the nodes that are named, and waits', async () => {
    power('pair/nodes/node-0', done);
    power('other/nodes/lone', done);
    expect(await here.run('power', 'pair/node-0', 'lone', 'soft')).toEqual({
      status: 0,
      out: 'pair/node-0: on\nother/lone: on\n',
      err: '',
    });
    expect(here.daemon.asked.slice(1)).toEqual(
      expect.arrayContaining([
        { what: 'POST /v1/labs/pair/nodes/node-0/power', body: { action: 'soft-off', wait: 300_000 } },
        { what: 'POST /v1/labs/other/nodes/lone/power', body: { action: 'soft-off', wait: 300_000 } },
      ]),
    );
  });

  test('of all nodes of a lab reports those that failed, and goes on with the others', async () => {
    power('pair/nodes/node-0', { ...done, outcome: 'failed', message: 'the guest ignored it' });
    power('pair/nodes/node-1', done);
    expect(await here.run('power', '--all', '--lab', 'pair', 'on')).toEqual({
      status: 1,
      out: 'pair/node-1: on\n',
      err: 'error: pair/node-0: the guest ignored it\n',
    });
  });

  test('that was refused is a failure', async () => {
    const json = { code: 'WRONG_STATE', message: 'lone: reset needs a machine that is on' };
    here.daemon.answers.set('POST /v1/labs/other/nodes/lone/power', { json, status: 503 });
    expect(await here.run('power', 'lone', 'reset')).toEqual({
      status: 1,
      out: '',
      err: 'error: other/lone: reset needs a machine that is on\n',
    });
  });

  test('that takes longer than the user waits is a failure, unless the user does not wait', async () => {
    const operation = { id: 1, action: 'off', steps: ['off'], phase: { name: 'acting' }, attempt: 1 };
    power('other/nodes/lone', undefined, { operation });
    const waited = await here.run('power', 'lone', 'off', '--timeout', '1');
    expect(waited).toMatchObject({
      status: 1,
      err: expect.stringContaining('off is not done yet. It goes on;'),
    });
    expect(await here.run('power', 'lone', 'off', '--no-wait')).toEqual({
      status: 0,
      out: 'other/lone: on (off under way)\n',
      err: '',
    });
    expect(here.daemon.asked.at(-1)?.body).toEqual({ action: 'off', wait: 0 });
  });

  test('status switches nothing', async () => {
    expect(JSON.parse((await here.run('power', 'lone', 'status', '--json')).out)).toEqual([
      { lab: 'other', node: 'lone', power: 'off', operation: null, result: null, error: null },
    ]);
    expect(here.daemon.asked.map(({ what }) => what)).toEqual(['GET /v1/labs']);
  });

  test.each([
    [['lone', 'up'], '"up" is no power action. Use one of: on, off,'],
    [['on'], 'no node is named. Name one or more, or use --all.'],
    [['--all', 'lone', 'on'], 'nodes are named beside --all.'],
    [['lone', 'on', '--timeout', 'x'], '--timeout x is out of range.'],
    [['lone', 'constructor'], '"constructor" is no power action.'],
  ])('%j is wrong', async (args, message) => {
    const { status, err } = await here.run('power', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
});

describe('stop and start', () => {
  test('stop powers the only lab off, gently unless told otherwise, and says what start does', async () => {
    here.daemon.answers.set('GET /v1/labs', { json: [pair] });
    const stopped = { ...pair, stopped: ['node-0'] };
    here.daemon.answers.set('POST /v1/labs/pair/stop', { progress: [{ type: 'done', lab: stopped }] });
    expect(await here.run('stop')).toEqual({
      status: 0,
      out: 'Lab pair is stopped.\n',
      err: '"quintupleo start pair" powers on node-0.\n',
    });
    await here.run('stop', 'pair', '--hard');
    expect(here.daemon.asked.filter(({ body }) => body).map(({ body }) => body)).toEqual([
      { grace: 120_000 },
      { grace: 0 },
    ]);
    expect((await here.run('stop', 'pair', '--timeout', '0')).status).toBe(2);
  });

  test('which lab must be said where there are several', async () => {
    expect((await here.run('stop')).status).toBe(2);
    expect((await here.run('start', 'none')).status).toBe(4);
  });

  test('start powers on what was on, and the status says until then that the lab is stopped', async () => {
    here.daemon.answers.set('GET /v1/labs', { json: [{ ...pair, stopped: ['node-0'] }] });
    here.daemon.answers.set('POST /v1/labs/pair/start', { progress: [{ type: 'done', lab: pair }] });
    expect((await here.run('status')).out).toContain('"quintupleo start pair" powers on node-0.');
    expect(await here.run('start')).toMatchObject({ status: 0, out: 'Lab pair is started.\n' });
  });
});
