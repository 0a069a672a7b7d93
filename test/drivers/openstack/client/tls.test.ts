import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { OpenStack } from '../../../../src/drivers/openstack/client/openstack.ts';
import { FakeCloud, project } from './fake-cloud.ts';
import { connect, ctx } from './harness.ts';
import { ImpatientClock } from './impatient-clock.ts';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quintupleo-tls-'));
  const subject = ['-subj', '/CN=cloud', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const output = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '2', ...subject, ...output], { stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function tlsCloud(): Promise<FakeCloud> {
  const cloud = await FakeCloud.start({
    cert: readFileSync(file('cert.pem'), 'utf8'),
    key: readFileSync(file('key.pem'), 'utf8'),
  });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  return cloud;
}

test('a private authority is trusted where the configuration names it', async () => {
  const cloud = await tlsCloud();
  const client = connect(cloud.config({ caFile: file('cert.pem') }));
  expect(await client.project(ctx)).toMatchObject({ projectId: project });
});

test('a certificate of an unknown authority is refused at once, and the error says what to set', async () => {
  const cloud = await tlsCloud();
  const clock = new ImpatientClock();
  const client = connect(cloud.config(), clock);
  await expect(client.project(ctx)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/certificate.*; set "cacert" of cloud fake/),
  });
  expect(clock.waits).toEqual([]);
  expect(cloud.requests).toEqual([]);
});

test('verify: false takes any certificate, and warns once', async () => {
  const cloud = await tlsCloud();
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: line => lines.push(line) });
  const client = OpenStack.connect(cloud.config({ verify: false }), { clock: new ImpatientClock(), log });
  onTestFinished(() => client[Symbol.asyncDispose]());
  await client.project(ctx);
  await client.project(ctx);
  expect(lines.map(line => JSON.parse(line))).toMatchObject([
    { level: 40, cloud: 'fake', source: 'clouds.yaml' },
  ]);
});

test('a file of certificates that is not there is an error that names key and file', async () => {
  const cloud = await tlsCloud();
  const client = connect(cloud.config({ caFile: file('none.pem') }));
  await expect(client.project(ctx)).rejects.toMatchObject({
    code: 'CLOUD_CERTIFICATE_UNREADABLE',
    message: expect.stringMatching(/^clouds\.yaml: cloud fake: cacert: ENOENT.*none\.pem/),
  });
});

test('plain HTTP where the configuration says HTTPS is an error at once', async () => {
  const cloud = await FakeCloud.start();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const clock = new ImpatientClock();
  const client = connect(
    cloud.config({ authUrl: `${cloud.url.replace('http:', 'https:')}/identity/v3` }),
    clock,
  );
  await expect(client.project(ctx)).rejects.toMatchObject({ code: 'unreachable' });
  expect(clock.waits).toEqual([]);
});
