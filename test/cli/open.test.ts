import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeDaemon, fakeDaemon } from './fake-daemon.ts';
import { cli, daemonStatus } from './run-cli.ts';

const access = { url: 'http://127.0.0.1:8625/#ticket=abc' };

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await fakeDaemon({
    'GET /v1/daemon': { json: daemonStatus },
    'POST /v1/web': { json: access },
  });
});
afterEach(() => daemon[Symbol.asyncDispose]());

test('the dashboard’s URL is printed', async () => {
  const { status, out } = await cli(['open'], { folder: daemon.folder });
  expect({ status, out }).toEqual({ status: 0, out: `${access.url}\n` });
});

test('the same for programs', async () => {
  const { out } = await cli(['open', '--json'], { folder: daemon.folder });
  expect(JSON.parse(out)).toEqual(access);
});

test('a display without a program that opens browsers is no error', async () => {
  const env = { DISPLAY: ':0', PATH: '/nowhere' };
  const { status, out } = await cli(['open'], { folder: daemon.folder, env });
  expect({ status, out }).toEqual({ status: 0, out: `${access.url}\n` });
});

test('the daemon serves the dashboard at an address and a port', async () => {
  const { status, err } = await cli(['serve', '--web', 'localhost'], { folder: daemon.folder });
  expect(status).toBe(2);
  expect(err).toContain('192.0.2.1:8625');
});
