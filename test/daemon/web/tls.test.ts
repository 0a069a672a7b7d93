import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import pino from 'pino';
import { expect, test } from 'vitest';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import { Timeline } from '../../../src/daemon/watch/timeline.ts';
import { NodeWatch } from '../../../src/daemon/watch/watch-stream.ts';
import { Dashboard } from '../../../src/daemon/web/dashboard.ts';
import { makeIdentity } from '../../../src/support/certificate.ts';
import { systemClock } from '../../../src/support/clock.ts';

/** A dashboard that keeps its files in a folder. */
function makeDashboard(folder: string, metricsToken: string): Dashboard {
  const clock = systemClock;
  const happenings = new Happenings();
  const timeline = new Timeline(happenings, clock);
  const now = clock.now();
  return new Dashboard({
    api: new Hono().get('/v1/metrics', context => context.text('metrics')),
    labs: () => [],
    watch: new NodeWatch({ happenings, timeline, clock, nodes: () => [], node: () => undefined }),
    serialOf: () => {
      throw new Error('none');
    },
    remoteOf: () => undefined,
    screenOf: async () => ({ kind: 'none', why: '' }),
    identity: () => makeIdentity({ name: 'test', notBefore: now - 1000, notAfter: now + 3_600_000 }),
    metricsToken,
    folder,
    clock,
    log: pino({ level: 'silent' }),
  });
}

test('off the loopback interface there is TLS, a secure cookie, and a token for metrics', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-web-'));
  const tokenFile = join(folder, 'metrics-token');
  await using dashboard = makeDashboard(folder, tokenFile);
  await dashboard.open({ address: '0.0.0.0', port: 0 });
  const url = new URL((await dashboard.access()).url);
  expect(url.protocol).toBe('https:');
  const ticket = url.hash.replace('#ticket=', '');
  const ask = (method: string, path: string, headers: Record<string, string>, body?: string) =>
    new Promise<{ status: number; cookie: string }>((resolve, reject) => {
      const options = { method, headers, agent: false, rejectUnauthorized: false } as const;
      const outgoing = request(new URL(path, url.origin), options, answer => {
        answer.resume();
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, cookie: String(answer.headers['set-cookie']) }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const login = await ask('POST', '/login', { origin: url.origin }, JSON.stringify({ ticket }));
  expect(login.status).toBe(200);
  expect(login.cookie).toContain('Secure');
  expect((await ask('GET', '/metrics', {})).status).toBe(401);
  expect((await ask('GET', '/metrics', { authorization: 'Bearer wrong' })).status).toBe(401);
  const token = (await readFile(tokenFile, 'utf8')).trim();
  expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
  expect((await ask('GET', '/metrics', { authorization: `Bearer ${token}` })).status).toBe(200);
  await rm(folder, { recursive: true });
});

test('a client that says nothing does not keep a dashboard from ending', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-web-'));
  const dashboard = makeDashboard(folder, join(folder, 'metrics-token'));
  const { port } = new URL(await dashboard.open({ address: '0.0.0.0', port: 0 }));
  const client = connect({ port: Number(port), host: '127.0.0.1' });
  client.on('error', () => undefined);
  await new Promise<void>(resolve => client.on('connect', resolve));
  const gone = new Promise(resolve => client.on('close', resolve));
  client.resume();
  await dashboard[Symbol.asyncDispose]();
  await gone;
  await rm(folder, { recursive: true });
});

test('a dashboard whose token cannot be read listens nowhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-web-'));
  // A folder is no file.
  await using dashboard = makeDashboard(folder, folder);
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>(resolve => server.close(() => resolve()));
  await expect(dashboard.open({ address: '0.0.0.0', port })).rejects.toThrow('EISDIR');
  await new Promise<void>(resolve => server.listen(port, '0.0.0.0', resolve));
  await new Promise<void>(resolve => server.close(() => resolve()));
  await rm(folder, { recursive: true });
});
