import { describe, expect, test } from 'vitest';
import { cli, daemonStatus } from './run-cli.ts';
import { pair, TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('status', () => {
  test('shows every lab with its nodes', async () => {
    const { status, out, err } = await here.run('ps');
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
    here.daemon.answers.set('GET /v1/labs', { json: [{ ...pair, redfish, nodes }] });
    expect((await here.run('status')).out).toBe(
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
    expect(JSON.parse((await here.run('status', 'pair', '--json')).out)).toEqual(
      JSON.parse(JSON.stringify([pair])),
    );
  });

  test('is coloured on a terminal, unless the user wants no colours', async () => {
    const on = { folder: here.daemon.folder, terminal: true };
    expect((await cli(['status'], on)).out).toContain('\x1b[32mup\x1b[39m');
    expect((await cli(['status'], { ...on, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b');
  });

  test('says how to finish what was interrupted', async () => {
    here.daemon.answers.set('GET /v1/labs', { json: [{ ...pair, phase: 'applying' }] });
    expect((await here.run('status')).out).toContain('"quintupleo up /labs/pair.yaml" finishes it.');
  });

  test('tells labs and nodes that are not there from those that could be meant', async () => {
    expect(await here.run('status', 'piar')).toMatchObject({
      status: 4,
      err: 'error: there is no lab piar. Did you mean pair?\n',
    });
    expect(await here.run('events', 'node-0')).toMatchObject({
      status: 2,
      err: 'error: several labs have a node node-0. Say which: pair/node-0, other/node-0.\n',
    });
  });
});

describe('status of what changes by itself', () => {
  const change = { op: 'create', kind: 'machine', name: 'node-1', summary: 'gone', disruptive: false };

  test('--drift shows what up would mend', async () => {
    here.daemon.answers.set('GET /v1/labs/pair/drift', { json: { changes: [change], warnings: [] } });
    here.daemon.answers.set('GET /v1/labs/other/drift', { json: { changes: [], warnings: [] } });
    const { out } = await here.run('status', '--drift');
    expect(out).toContain(
      'Drift: 1 to create; "quintupleo up /labs/pair.yaml" mends it.\n  + machine node-1  gone',
    );
    expect(out).toContain('No drift.');
    const { out: json } = await here.run('status', 'pair', '--drift', '--json');
    expect(JSON.parse(json)).toMatchObject([{ name: 'pair', drift: [change] }]);
  });

  test('nobody asks for drift unless told to', async () => {
    await here.run('status');
    expect(here.daemon.asked.map(({ what }) => what)).toEqual(['GET /v1/labs']);
  });

  test('--daemon shows calls of clouds by service and reason, a minute', async () => {
    const call = { cloud: 'c', service: 'compute', method: 'GET', reason: 'poll', status: '200', count: 30 };
    here.daemon.answers.set('GET /v1/daemon', {
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
    const { out } = await here.run('status', '--daemon');
    expect(out).toMatch(/^c +compute +poll +40 +4\.0 +10$/m);
    expect(out).toMatch(/^c +compute +up +1 +0\.1 +-$/m);
    expect(out).toMatch(/^firmware +network +200 +2$/m);
    expect(out).toMatch(/^not-rmcp +3$/m);
  });
});
