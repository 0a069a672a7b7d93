import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cliDocs } from '../../src/cli/docs.ts';
import { createProgram } from '../../src/cli/program.ts';
import { type FakeDaemon, fakeDaemon, labStatus, nodeStatus } from './fake-daemon.ts';
import { cli, cliContext, daemonStatus } from './run-cli.ts';

const pair = labStatus('pair', [
  nodeStatus('pair', 'node-0', { power: 'on' }),
  nodeStatus('pair', 'node-1', {
    bmc: { address: '127.0.0.1', port: 6231, users: ['admin'], problem: 'taken' },
  }),
]);
const other = labStatus('other', [nodeStatus('other', 'node-0'), nodeStatus('other', 'lone')]);

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await fakeDaemon({
    'GET /v1/daemon': { json: daemonStatus },
    'GET /v1/labs': { json: [pair, other] },
  });
});
afterEach(() => daemon[Symbol.asyncDispose]());

const runHere = (...args: string[]) => cli(args, { folder: daemon.folder });

describe('how the command line ends', () => {
  test('0 for help and version, 2 for what it does not understand', async () => {
    expect(await cli(['--version'])).toMatchObject({ status: 0, out: `${daemonStatus.version}\n` });
    expect((await cli(['--help'])).status).toBe(0);
    expect((await cli(['up', '--help'])).out).toContain('quintupleo up lab.yaml --dry-run');
    expect(await cli(['stauts'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('Did you mean status?'),
    });
    expect((await cli([])).status).toBe(2);
    expect((await cli(['up'])).status).toBe(2);
    expect((await cli(['up', 'a.yaml', '--no-such-option'])).status).toBe(2);
  });

  test('6 when no daemon runs', async () => {
    expect(await cli(['status'])).toEqual({
      status: 6,
      out: '',
      err: 'error: the daemon is not running. Start it with "quintupleo up LAB.yaml", or with "quintupleo serve".\n',
    });
  });

  test('70 for a bug, with a stack only for --debug', async () => {
    daemon.answers.set('GET /v1/labs', { json: { code: 'INTERNAL', message: 'oops' }, status: 500 });
    const { status, err } = await runHere('status');
    expect(status).toBe(70);
    expect(err).toBe(
      'bug: oops\nThis is a mistake of this program. Please report it, with what it prints with --debug.\n',
    );
    expect((await runHere('status', '--debug')).err).toMatch(/\n {4}at /);
  });

  test('130 when interrupted, without a word', async () => {
    expect(
      await cli(['status'], { folder: daemon.folder, signal: AbortSignal.abort(new Error('stop')) }),
    ).toEqual({
      status: 130,
      out: '',
      err: '',
    });
  });

  test('errors are JSON for programs', async () => {
    const { status, err } = await runHere('events', 'nod-0', '--json');
    expect(status).toBe(4);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'NODE_NOT_FOUND', message: 'there is no node nod-0', remedy: 'Did you mean node-0?' },
    });
  });

  test('what docs/cli.md says is current; else run scripts/generate-docs.js', () => {
    expect(readFileSync('docs/cli.md', 'utf8')).toBe(cliDocs(createProgram(cliContext().context)));
  });
});

describe('status', () => {
  test('shows every lab with its nodes', async () => {
    const { status, out, err } = await runHere('ps');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toBe(
      [
        'pair  up',
        '  driver        qemu',
        '  accelerator   kvm',
        '',
        'NODE    POWER  IPMI                  MACS               CONSOLE',
        'node-0  on     127.0.0.1:6230        52:54:00:00:00:01  quintupleo console pair/node-0',
        'node-1  off    127.0.0.1:6231 taken  52:54:00:00:00:01  quintupleo console pair/node-1',
        '',
        'other  up',
        '  driver        qemu',
        '  accelerator   kvm',
        '',
        'NODE    POWER  IPMI            MACS               CONSOLE',
        'node-0  off    127.0.0.1:6230  52:54:00:00:00:01  quintupleo console other/node-0',
        'lone    off    127.0.0.1:6230  52:54:00:00:00:01  quintupleo console other/lone',
        '',
      ].join('\n'),
    );
  });

  test('tells where Redfish is, and by which certificate it is known', async () => {
    const redfish = { url: 'https://127.0.0.1:8443/redfish/v1', users: ['admin'], fingerprint: 'AB:CD' };
    const [first, second] = pair.nodes;
    const own = { url: 'https://127.0.0.1:8444/redfish/v1', problem: undefined };
    const nodes = [first && { ...first, bmc: { ...first.bmc, redfish: own } }, second];
    daemon.answers.set('GET /v1/labs', { json: [{ ...pair, redfish, nodes }] });
    expect((await runHere('status')).out).toBe(
      [
        'pair  up',
        '  driver        qemu',
        '  accelerator   kvm',
        '  redfish       https://127.0.0.1:8443/redfish/v1',
        '  certificate   AB:CD',
        '',
        'NODE    POWER  IPMI                  REDFISH                 MACS               CONSOLE',
        'node-0  on     127.0.0.1:6230        https://127.0.0.1:8444  52:54:00:00:00:01  quintupleo console pair/node-0',
        'node-1  off    127.0.0.1:6231 taken  -                       52:54:00:00:00:01  quintupleo console pair/node-1',
        '',
      ].join('\n'),
    );
  });

  test('gives programs what the daemon says', async () => {
    expect(JSON.parse((await runHere('status', 'pair', '--json')).out)).toEqual(
      JSON.parse(JSON.stringify([pair])),
    );
  });

  test('is coloured on a terminal, unless the user wants no colours', async () => {
    const on = { folder: daemon.folder, terminal: true };
    expect((await cli(['status'], on)).out).toContain('\x1b[32mup\x1b[39m');
    expect((await cli(['status'], { ...on, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b');
  });

  test('says how to finish what was interrupted', async () => {
    daemon.answers.set('GET /v1/labs', { json: [{ ...pair, phase: 'applying' }] });
    expect((await runHere('status')).out).toContain('"quintupleo up /labs/pair.yaml" finishes it.');
  });

  test('tells labs and nodes that are not there from those that could be meant', async () => {
    expect(await runHere('status', 'piar')).toMatchObject({
      status: 4,
      err: 'error: there is no lab piar. Did you mean pair?\n',
    });
    expect(await runHere('events', 'node-0')).toMatchObject({
      status: 2,
      err: 'error: several labs have a node node-0. Say which: pair/node-0, other/node-0.\n',
    });
  });
});

describe('power', () => {
  const power = (path: string, result: unknown, node = {}) =>
    daemon.answers.set(`POST /v1/labs/${path}/power`, {
      json: {
        node: { ...nodeStatus(path.split('/')[0] ?? '', path.split('/')[2] ?? ''), power: 'on', ...node },
        result,
      },
    });
  const done = { id: 1, action: 'on', outcome: 'done', message: '', at: 0 };

  test('switches the nodes that are named, and waits', async () => {
    power('pair/nodes/node-0', done);
    power('other/nodes/lone', done);
    expect(await runHere('power', 'pair/node-0', 'lone', 'soft')).toEqual({
      status: 0,
      out: 'pair/node-0: on\nother/lone: on\n',
      err: '',
    });
    expect(daemon.asked.slice(1)).toEqual(
      expect.arrayContaining([
        { what: 'POST /v1/labs/pair/nodes/node-0/power', body: { action: 'soft-off', wait: 300_000 } },
        { what: 'POST /v1/labs/other/nodes/lone/power', body: { action: 'soft-off', wait: 300_000 } },
      ]),
    );
  });

  test('of all nodes of a lab reports those that failed, and goes on with the others', async () => {
    power('pair/nodes/node-0', { ...done, outcome: 'failed', message: 'the guest ignored it' });
    power('pair/nodes/node-1', done);
    expect(await runHere('power', '--all', '--lab', 'pair', 'on')).toEqual({
      status: 1,
      out: 'pair/node-1: on\n',
      err: 'error: pair/node-0: the guest ignored it\n',
    });
  });

  test('that was refused is a failure', async () => {
    const json = { code: 'WRONG_STATE', message: 'lone: reset needs a machine that is on' };
    daemon.answers.set('POST /v1/labs/other/nodes/lone/power', { json, status: 503 });
    expect(await runHere('power', 'lone', 'reset')).toEqual({
      status: 1,
      out: '',
      err: 'error: other/lone: reset needs a machine that is on\n',
    });
  });

  test('that takes longer than the user waits is a failure, unless the user does not wait', async () => {
    const operation = { id: 1, action: 'off', steps: ['off'], phase: { name: 'acting' }, attempt: 1 };
    power('other/nodes/lone', undefined, { operation });
    const waited = await runHere('power', 'lone', 'off', '--timeout', '1');
    expect(waited).toMatchObject({
      status: 1,
      err: expect.stringContaining('off is not done yet. It goes on;'),
    });
    expect(await runHere('power', 'lone', 'off', '--no-wait')).toEqual({
      status: 0,
      out: 'other/lone: on (off under way)\n',
      err: '',
    });
    expect(daemon.asked.at(-1)?.body).toEqual({ action: 'off', wait: 0 });
  });

  test('status switches nothing', async () => {
    expect(JSON.parse((await runHere('power', 'lone', 'status', '--json')).out)).toEqual([
      { lab: 'other', node: 'lone', power: 'off', operation: null, result: null, error: null },
    ]);
    expect(daemon.asked.map(({ what }) => what)).toEqual(['GET /v1/labs']);
  });

  test.each([
    [['lone', 'up'], '"up" is no power action. Use one of: on, off,'],
    [['on'], 'no node is named. Name one or more, or use --all.'],
    [['--all', 'lone', 'on'], 'nodes are named beside --all.'],
    [['lone', 'on', '--timeout', 'x'], '--timeout x is out of range.'],
    [['lone', 'constructor'], '"constructor" is no power action.'],
  ])('%j is wrong', async (args, message) => {
    const { status, err } = await runHere('power', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
});

describe('boot', () => {
  test('sets an override, for one boot unless told otherwise', async () => {
    const boot = { enabled: 'continuous', target: 'pxe', revision: 1 };
    daemon.answers.set('PUT /v1/labs/other/nodes/lone/boot', {
      json: { ...nodeStatus('other', 'lone'), boot, firmware: 'uefi' },
    });
    expect(await runHere('boot', 'lone', 'pxe', '--persist', '--uefi')).toEqual({
      status: 0,
      out: 'other/lone: pxe, at every boot; UEFI\n',
      err: '',
    });
    await runHere('boot', 'lone', 'bios');
    await runHere('boot', 'lone', 'none');
    expect(daemon.asked.filter(({ what }) => what.startsWith('PUT')).map(({ body }) => body)).toEqual([
      { target: 'pxe', enabled: 'continuous', mode: 'uefi' },
      { target: 'bios-setup', enabled: 'once' },
      { target: 'default', enabled: 'disabled' },
    ]);
  });

  test('without a target shows it', async () => {
    expect((await runHere('boot', 'lone')).out).toBe(
      'other/lone: no override: boots as its firmware does, from its first disk; BIOS\n',
    );
    expect(JSON.parse((await runHere('boot', 'lone', '--json')).out)).toEqual({
      ...{ lab: 'other', node: 'lone' },
      boot: { enabled: 'disabled', target: 'default', mode: 'bios' },
    });
  });

  test.each([
    [['lone', 'floppy'], '"floppy" is no boot target.'],
    [['lone', 'pxe', '--once', '--persist'], '--once and --persist exclude each other.'],
    [['lone', 'pxe', '--uefi', '--legacy'], '--uefi and --legacy exclude each other.'],
  ])('%j is wrong', async (args, message) => {
    const { status, err } = await runHere('boot', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
});

describe('events', () => {
  test('are shown in their order', async () => {
    const events = [
      { id: 1, at: Date.UTC(2026, 0, 1), kind: 'power-on', severity: 'ok', message: 'powered on' },
      { id: 2, at: Date.UTC(2026, 0, 2), kind: 'panicked', severity: 'critical', message: 'kernel panic' },
    ];
    daemon.answers.set('GET /v1/labs/other/nodes/lone/events', { json: events });
    expect((await runHere('events', 'lone')).out).toBe(
      'TIME                  SEVERITY  EVENT     MESSAGE\n' +
        '2026-01-01 00:00:00Z  ok        power-on  powered on\n' +
        '2026-01-02 00:00:00Z  critical  panicked  kernel panic\n',
    );
    expect(JSON.parse((await runHere('events', 'lone', '--json')).out)).toEqual(events);
  });
});

describe('credentials', () => {
  beforeEach(() => {
    const login = (name: string, password: string) => ({ name, password, privilege: 'administrator' });
    const nodes = {
      'node-0': [login('admin', 'pw-0'), login('monitor', 'pw-m')],
      'node-1': [login('admin', 'pw-1')],
    };
    daemon.answers.set('GET /v1/labs/pair/credentials', { json: { nodes } });
  });

  test('of a lab are a table', async () => {
    expect((await runHere('credentials', 'pair')).out).toBe(
      'NODE    BMC             USER     PASSWORD  PRIVILEGE\n' +
        'node-0  127.0.0.1:6230  admin    pw-0      administrator\n' +
        'node-0  127.0.0.1:6230  monitor  pw-m      administrator\n' +
        'node-1  127.0.0.1:6231  admin    pw-1      administrator\n',
    );
  });

  test('tell those of the Redfish service that shows all nodes', async () => {
    const redfish = [{ name: 'admin', password: 'pw-lab', privilege: 'administrator' }];
    daemon.answers.set('GET /v1/labs/pair/credentials', { json: { nodes: {}, redfish } });
    daemon.answers.set('GET /v1/labs', {
      json: [{ ...pair, redfish: { url: 'https://127.0.0.1:8443/redfish/v1' } }],
    });
    expect((await runHere('credentials', 'pair')).out).toBe(
      'NODE  BMC                                USER   PASSWORD  PRIVILEGE\n' +
        'all   https://127.0.0.1:8443/redfish/v1  admin  pw-lab    administrator\n',
    );
    expect((await runHere('credentials', 'pair', '--service', '--password')).out).toBe('pw-lab\n');
  });

  test('can be one password, for scripts', async () => {
    expect((await runHere('credentials', 'pair/node-0', '--password')).out).toBe('pw-0\n');
    expect((await runHere('credentials', 'pair/node-0', '--password', '--user', 'monitor')).out).toBe(
      'pw-m\n',
    );
    expect((await runHere('credentials', 'pair', '--password')).status).toBe(2);
    expect((await runHere('credentials', 'pair/node-0', '--user', 'nobody')).status).toBe(2);
    expect((await runHere('credentials', 'pair/node-9')).status).toBe(4);
  });
});

describe('console', () => {
  test('--log prints what is kept', async () => {
    daemon.answers.set('GET /v1/labs/other/nodes/lone/console', { bytes: 'login: ' });
    expect(await runHere('console', 'lone', '--log')).toEqual({ status: 0, out: 'login: ', err: '' });
  });

  test('joins the terminal until the detach key, and leaves it as it was', async () => {
    const input = new PassThrough();
    const raw: boolean[] = [];
    let typed = '';
    daemon.onConsole = stream => {
      stream.write('login: ');
      stream.on('data', (bytes: Buffer) => {
        typed += bytes.toString();
        if (typed === 'root\r\x03') input.write('bye\x1dnot sent');
      });
    };
    input.write('root\r\x03');
    const outcome = await cli(['console', 'lone'], {
      ...{ folder: daemon.folder, terminal: true, input, env: { NO_COLOR: '1' } },
      rawMode: mode => raw.push(mode),
    });
    expect(outcome.status).toBe(0);
    expect(outcome.out).toBe('login: ');
    expect(outcome.err).toContain('Ctrl-] detaches.');
    expect(outcome.err).toMatch(/Detached\.\n$/);
    expect(typed.startsWith('root\r\x03')).toBe(true);
    expect(typed).not.toContain('not sent');
    expect(raw).toEqual([true, false]);
  });

  test('--follow sends nothing, and ends with the console', async () => {
    const input = new PassThrough();
    input.write('never sent');
    let typed = '';
    daemon.onConsole = stream => {
      stream.on('data', (bytes: Buffer) => {
        typed += bytes.toString();
      });
      stream.end('booting');
    };
    expect(await cli(['console', 'lone', '-f'], { folder: daemon.folder, input })).toEqual({
      ...{ status: 0, out: 'booting', err: 'The console has ended.\n' },
    });
    expect(typed).toBe('');
  });
});

describe('status of what changes by itself', () => {
  const change = { op: 'create', kind: 'machine', name: 'node-1', summary: 'gone', disruptive: false };

  test('--drift shows what up would mend', async () => {
    daemon.answers.set('GET /v1/labs/pair/drift', { json: { changes: [change], warnings: [] } });
    daemon.answers.set('GET /v1/labs/other/drift', { json: { changes: [], warnings: [] } });
    const { out } = await runHere('status', '--drift');
    expect(out).toContain(
      'Drift: 1 to create; "quintupleo up /labs/pair.yaml" mends it.\n  + machine node-1  gone',
    );
    expect(out).toContain('No drift.');
    const { out: json } = await runHere('status', 'pair', '--drift', '--json');
    expect(JSON.parse(json)).toMatchObject([{ name: 'pair', drift: [change] }]);
  });

  test('nobody asks for drift unless told to', async () => {
    await runHere('status');
    expect(daemon.asked.map(({ what }) => what)).toEqual(['GET /v1/labs']);
  });

  test('--daemon shows calls of clouds by service and reason, a minute', async () => {
    const call = { cloud: 'c', service: 'compute', method: 'GET', reason: 'poll', status: '200', count: 30 };
    daemon.answers.set('GET /v1/daemon', {
      json: {
        ...daemonStatus,
        startedAt: Date.now() - 10 * 60_000,
        dropped: { 'not-rmcp': 3 },
        cloudCalls: [
          call,
          { ...call, status: 'unreachable', count: 10 },
          { ...call, reason: 'up', count: 1 },
        ],
        bootFetches: [{ what: 'firmware', answer: 'network', status: 200, count: 2 }],
      },
    });
    const { out } = await runHere('status', '--daemon');
    expect(out).toMatch(/^c +compute +poll +40 +4\.0 +10$/m);
    expect(out).toMatch(/^c +compute +up +1 +0\.1 +-$/m);
    expect(out).toMatch(/^firmware +network +200 +2$/m);
    expect(out).toMatch(/^not-rmcp +3$/m);
  });
});

describe('why', () => {
  const finding = { check: 'BMC', result: 'ok', message: 'answers' };

  test('says that nothing stands in the way, or what does', async () => {
    daemon.answers.set('GET /v1/labs/other/nodes/lone/why', { json: [finding] });
    expect(await runHere('why', 'lone')).toEqual({
      status: 0,
      out: 'ok    BMC: answers\n\nNothing stands in the way of a network boot of other/lone.\n',
      err: '',
    });
    const fault = { check: 'instance', result: 'fail', message: 'there is none', remedy: 'Run up again.' };
    daemon.answers.set('GET /v1/labs/other/nodes/lone/why', { json: [finding, fault] });
    const { status, out } = await runHere('why', 'lone');
    expect(status).toBe(1);
    expect(out).toContain(
      'fail  instance: there is none\n      Run up again.\n\nOne thing stands in the way',
    );
    const json = JSON.parse((await runHere('why', 'lone', '--json')).out);
    expect(json).toEqual([{ ...finding, remedy: null }, fault]);
  });
});

describe('stop and start', () => {
  test('stop powers the only lab off, gently unless told otherwise, and says what start does', async () => {
    daemon.answers.set('GET /v1/labs', { json: [pair] });
    const stopped = { ...pair, stopped: ['node-0'] };
    daemon.answers.set('POST /v1/labs/pair/stop', { progress: [{ type: 'done', lab: stopped }] });
    expect(await runHere('stop')).toEqual({
      status: 0,
      out: 'Lab pair is stopped.\n',
      err: '"quintupleo start pair" powers on node-0.\n',
    });
    await runHere('stop', 'pair', '--hard');
    expect(daemon.asked.filter(({ body }) => body).map(({ body }) => body)).toEqual([
      { grace: 120_000 },
      { grace: 0 },
    ]);
    expect((await runHere('stop', 'pair', '--timeout', '0')).status).toBe(2);
  });

  test('which lab must be said where there are several', async () => {
    expect((await runHere('stop')).status).toBe(2);
    expect((await runHere('start', 'none')).status).toBe(4);
  });

  test('start powers on what was on, and the status says until then that the lab is stopped', async () => {
    daemon.answers.set('GET /v1/labs', { json: [{ ...pair, stopped: ['node-0'] }] });
    daemon.answers.set('POST /v1/labs/pair/start', { progress: [{ type: 'done', lab: pair }] });
    expect((await runHere('status')).out).toContain('"quintupleo start pair" powers on node-0.');
    expect(await runHere('start')).toMatchObject({ status: 0, out: 'Lab pair is started.\n' });
  });
});

describe('quit, schema, completion', () => {
  test('quit asks the daemon to end', async () => {
    daemon.answers.set('POST /v1/daemon/stop', { bytes: '' });
    expect((await runHere('quit')).status).toBe(0);
    expect(daemon.asked.map(({ what }) => what)).toEqual(['GET /v1/daemon', 'POST /v1/daemon/stop']);
  });

  test('schema is the file that is shipped', async () => {
    const shipped = JSON.parse(readFileSync('schema/lab.schema.json', 'utf8'));
    expect(JSON.parse((await cli(['schema'])).out)).toEqual(shipped);
  });

  test.each(['bash', 'zsh', 'fish'])('completion for %s knows every command', async shell => {
    const { status, out } = await cli(['completion', shell]);
    expect(status).toBe(0);
    for (const name of ['up', 'down', 'status', 'power', 'credentials', 'prove']) expect(out).toContain(name);
  });

  test('names are completed from what is there, and without a daemon there are none', async () => {
    expect((await runHere('complete-names')).out).toBe(
      'pair\npair/node-0\npair/node-1\nother\nother/node-0\nother/lone\n',
    );
    expect(await cli(['complete-names'])).toEqual({ status: 0, out: '', err: '' });
  });
});
