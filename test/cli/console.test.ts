import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { cli } from './run-cli.ts';
import { TwoLabs } from './two-labs.ts';

const here = new TwoLabs();

describe('console', () => {
  test('--log prints what is kept', async () => {
    here.daemon.answers.set('GET /v1/labs/other/nodes/lone/console', { bytes: 'login: ' });
    expect(await here.run('console', 'lone', '--log')).toEqual({ status: 0, out: 'login: ', err: '' });
  });

  test('joins the terminal until the detach key, and leaves it as it was', async () => {
    const input = new PassThrough();
    const raw: boolean[] = [];
    let typed = '';
    here.daemon.onConsole = stream => {
      stream.write('login: ');
      stream.on('data', (bytes: Buffer) => {
        typed += bytes.toString();
        if (typed === 'root\r\x03') input.write('bye\x1dnot sent');
      });
    };
    input.write('root\r\x03');
    const outcome = await cli(['console', 'lone'], {
      ...{ folder: here.daemon.folder, terminal: true, input, env: { NO_COLOR: '1' } },
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
    here.daemon.onConsole = stream => {
      stream.on('data', (bytes: Buffer) => {
        typed += bytes.toString();
      });
      stream.end('booting');
    };
    expect(await cli(['console', 'lone', '-f'], { folder: here.daemon.folder, input })).toEqual({
      ...{ status: 0, out: 'booting', err: 'The console has ended.\n' },
    });
    expect(typed).toBe('');
  });
});

describe('events', () => {
  test('are shown in their order', async () => {
    const events = [
      { id: 1, at: Date.UTC(2026, 0, 1), kind: 'power-on', severity: 'ok', message: 'powered on' },
      { id: 2, at: Date.UTC(2026, 0, 2), kind: 'panicked', severity: 'critical', message: 'kernel panic' },
    ];
    here.daemon.answers.set('GET /v1/labs/other/nodes/lone/events', { json: events });
    expect((await here.run('events', 'lone')).out).toBe(
      'TIME                  SEVERITY  EVENT     MESSAGE\n' +
        '2026-01-01 00:00:00Z  ok        power-on  powered on\n' +
        '2026-01-02 00:00:00Z  critical  panicked  kernel panic\n',
    );
    expect(JSON.parse((await here.run('events', 'lone', '--json')).out)).toEqual(events);
  });
});
