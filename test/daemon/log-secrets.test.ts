import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { LabStatus } from '../../src/daemon/api.ts';
import { createLog } from '../../src/support/log.ts';
import { redfishLab, startDaemon } from './harness.ts';
import { askRedfish, type RedfishQuestion } from './redfish-client.ts';

let folder = '';
afterEach(() => rm(folder, { recursive: true, force: true }));

async function makeLog() {
  folder = await mkdtemp(join(tmpdir(), 'quintupleo-test-'));
  const path = join(folder, 'log');
  return { log: createLog('trace', path), read: () => readFile(path, 'utf8') };
}

test('nothing that clients and lab files keep secret is in the log, whatever its level', {
  timeout: 60_000,
}, async () => {
  const secrets = {
    ofFile: 'Lab-file-pass-1',
    webhook: 'whsec_webhook-signing-key',
    community: 'trap-community-1',
    wrong: 'Wrong-password-1',
    account: 'Account-pass-1',
    changed: 'Changed-pass-1',
    header: 'Bearer subscriber-token-1',
  };
  const { log, read } = await makeLog();
  const daemon = await startDaemon(undefined, log);
  const user = { name: 'admin', password: secrets.ofFile, privilege: 'administrator' as const };
  const lab = redfishLab(1, {
    service: { address: '127.0.0.1', port: undefined, users: [user] },
    destinations: ['127.0.0.1'],
  });
  const notify = {
    // Nobody listens there, which is logged.
    webhooks: [
      {
        url: 'http://127.0.0.1:9/',
        secret: secrets.webhook,
        severity: 'ok' as const,
        verifyCertificate: true,
      },
    ],
    traps: [{ address: '127.0.0.1', port: 9, community: secrets.community, severity: 'ok' as const }],
    file: undefined,
    destinations: ['127.0.0.1'],
  };
  await daemon.run('POST', '/v1/labs/apply', { ...lab, notify });
  const { redfish } = (await daemon.call<LabStatus>('GET', '/v1/labs/test')).body;
  const ask = (path: string, question: RedfishQuestion) =>
    askRedfish(new URL(path, redfish?.url), { fingerprint: redfish?.fingerprint, ...question });
  const login = { name: 'admin', password: secrets.ofFile };

  expect((await ask('/redfish/v1/Systems', { login: { ...login, password: secrets.wrong } })).status).toBe(
    401,
  );
  const body = { UserName: 'admin', Password: secrets.ofFile };
  const session = await ask('/redfish/v1/SessionService/Sessions', { method: 'POST', body });
  const token = String(session.headers['x-auth-token']);
  const accounts = '/redfish/v1/AccountService/Accounts';
  const made = await ask(accounts, {
    method: 'POST',
    token,
    body: { UserName: 'second', Password: secrets.account, RoleId: 'Operator' },
  });
  expect(made.status).toBe(201);
  const path = String(made.body['@odata.id']);
  const changed = await ask(path, { method: 'PATCH', token, body: { Password: secrets.changed } });
  expect(changed.status).toBeLessThan(300);
  const subscribed = await ask('/redfish/v1/EventService/Subscriptions', {
    method: 'POST',
    token,
    body: {
      Destination: 'http://127.0.0.1:9/',
      Protocol: 'Redfish',
      HttpHeaders: [{ Authorization: secrets.header }],
    },
  });
  expect(subscribed.status).toBe(201);
  await daemon.call('POST', '/v1/labs/test/nodes/node-1/power', { action: 'on', wait: 30_000 });
  const { body: credentials } = await daemon.call<{
    nodes: Record<string, readonly { password: string }[]>;
  }>('GET', '/v1/labs/test/credentials');
  const generated = credentials.nodes['node-1']?.[0]?.password ?? '';
  await expect.poll(read).toContain('a webhook was not taken');
  await expect.poll(read).toContain('an event was not delivered');
  await daemon[Symbol.asyncDispose]();

  const text = await read();
  expect(text).toContain('"msg":"serving"');
  for (const [what, secret] of Object.entries({ ...secrets, token, generated })) {
    expect(secret.length, what).toBeGreaterThan(8);
    expect(text.includes(secret), what).toBe(false);
    expect(text.includes(Buffer.from(secret).toString('base64')), what).toBe(false);
  }
});

test('a secret that is logged by mistake is not written', async () => {
  const { log, read } = await makeLog();
  log.info(
    { password: 'one-1', user: { password: 'two-2' }, request: { headers: { cookie: 'three-3' } } },
    'x',
  );
  log.info({ headers: { 'x-auth-token': 'four-4' } }, 'y');
  await expect.poll(read).toContain('"msg":"y"');
  expect(await read()).not.toMatch(/one-1|two-2|three-3|four-4/);
});
