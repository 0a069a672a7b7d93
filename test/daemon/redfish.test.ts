import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CredentialsAnswer, LabStatus, NodeStatus, PlanAnswer, Progress } from '../../src/daemon/api.ts';
import { recordFor } from '../../src/daemon/lab-record.ts';
import { LabRedfish } from '../../src/daemon/lab-redfish.ts';
import { TcpReservations } from '../../src/daemon/tcp-reservations.ts';
import { Faults } from '../../src/faults/faults.ts';
import type { LabDefinition } from '../../src/lab/definition.ts';
import { fingerprintOf, makeIdentity } from '../../src/support/certificate.ts';
import { systemClock } from '../../src/support/clock.ts';
import { silentLog } from '../../src/support/log.ts';
import { redfishLab, startDaemon, type TestDaemon } from './harness.ts';
import { askRedfish, type RedfishAnswer } from './redfish-client.ts';

async function statusOf(daemon: TestDaemon): Promise<LabStatus> {
  return (await daemon.call<LabStatus>('GET', '/v1/labs/test')).body;
}

/** Asks the lab's service, or a node's own, as its administrator. */
async function ask(
  daemon: TestDaemon,
  where: 'lab' | string,
  method: string,
  path: string,
  body?: unknown,
): Promise<RedfishAnswer> {
  const { redfish, nodes } = await statusOf(daemon);
  const node = nodes.find(({ name }) => name === where);
  const url = where === 'lab' ? redfish?.url : node?.bmc.redfish?.url;
  const { body: credentials } = await daemon.call<CredentialsAnswer>('GET', '/v1/labs/test/credentials');
  const logins = where === 'lab' ? credentials.redfish : credentials.nodes[where];
  return askRedfish(new URL(path, url), {
    method,
    body,
    fingerprint: redfish?.fingerprint,
    login: logins?.[0],
  });
}

test("a lab's nodes are shown by one service, and each by one of its own, both known by one certificate", async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(2));
  const { redfish, nodes } = await statusOf(daemon);
  expect(redfish?.users).toEqual(['admin']);
  expect(redfish?.problem).toBeUndefined();
  expect(redfish?.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(new Set([redfish?.url, ...nodes.map(({ bmc }) => bmc.redfish?.url)]).size).toBe(3);

  const members = (answer: RedfishAnswer) => answer.body.Members;
  const systems = '/redfish/v1/Systems';
  expect(members(await ask(daemon, 'lab', 'GET', systems))).toEqual([
    { '@odata.id': `${systems}/node-1` },
    { '@odata.id': `${systems}/node-2` },
  ]);
  expect(members(await ask(daemon, 'node-2', 'GET', systems))).toEqual([
    { '@odata.id': `${systems}/node-2` },
  ]);
  expect((await ask(daemon, 'node-2', 'GET', `${systems}/node-1`)).status).toBe(404);
  expect(
    (await askRedfish(new URL(systems, redfish?.url), { fingerprint: redfish?.fingerprint })).status,
  ).toBe(401);
});

test('what is done by Redfish is seen by all', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(1));
  const system = '/redfish/v1/Systems/node-1';
  const reset = await ask(daemon, 'node-1', 'POST', `${system}/Actions/ComputerSystem.Reset`, {
    ResetType: 'On',
  });
  expect(reset.status).toBeLessThan(300);
  await expect
    .poll(async () => (await daemon.call<NodeStatus>('GET', '/v1/labs/test/nodes/node-1')).body.power)
    .toBe('on');
  for (const where of ['lab', 'node-1']) {
    expect((await ask(daemon, where, 'GET', system)).body).toMatchObject({ PowerState: 'On' });
  }
  await daemon.call('PUT', '/v1/labs/test/nodes/node-1/boot', { target: 'pxe', enabled: 'once' });
  expect((await ask(daemon, 'lab', 'GET', system)).body).toMatchObject({
    Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' },
  });
});

test('places, certificate and what clients set outlive the daemon', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', redfishLab(2));
  const before = await statusOf(first);
  const accounts = '/redfish/v1/AccountService/Accounts';
  const made = await ask(first, 'node-1', 'POST', accounts, {
    UserName: 'olga',
    Password: 'a new password',
    RoleId: 'Operator',
  });
  expect(made.status).toBe(201);
  await ask(first, 'lab', 'PATCH', '/redfish/v1/SessionService', { SessionTimeout: 120 });
  await first.stop();

  await using second = await startDaemon(first.paths);
  const after = await statusOf(second);
  expect(after.redfish).toEqual(before.redfish);
  expect(after.nodes.map(({ bmc }) => bmc)).toEqual(before.nodes.map(({ bmc }) => bmc));
  const olga = await askRedfish(new URL('/redfish/v1/Systems', after.nodes[0]?.bmc.redfish?.url), {
    fingerprint: after.redfish?.fingerprint,
    login: { name: 'olga', password: 'a new password' },
  });
  expect(olga.status).toBe(200);
  expect((await ask(second, 'lab', 'GET', '/redfish/v1/SessionService')).body).toMatchObject({
    SessionTimeout: 120,
  });
  // The file says something new.
  await second.run('POST', '/v1/labs/apply', redfishLab(2, { sessionTimeout: 600_000 }));
  expect((await ask(second, 'lab', 'GET', '/redfish/v1/SessionService')).body).toMatchObject({
    SessionTimeout: 600,
  });
});

test('who has subscribed to events is told after a restart of the daemon, and a certificate that clients put there stays', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', redfishLab(1));
  const subscriptions = '/redfish/v1/EventService/Subscriptions';
  const wanted = { Destination: 'https://192.0.2.9/events', Protocol: 'Redfish', Context: 'mine' };
  for (const where of ['lab', 'node-1']) {
    expect((await ask(first, where, 'POST', subscriptions, wanted)).status).toBe(201);
  }
  const { certificate, key } = await makeIdentity({ name: 'other', notBefore: 0, notAfter: 4e12 });
  const certificates = '/redfish/v1/Managers/node-1/NetworkProtocol/HTTPS/Certificates/1';
  const replaced = await ask(
    first,
    'lab',
    'POST',
    '/redfish/v1/CertificateService/Actions/CertificateService.ReplaceCertificate',
    {
      CertificateString: `${certificate}${key}`,
      CertificateType: 'PEM',
      CertificateUri: { '@odata.id': certificates },
    },
  );
  expect(replaced.status).toBeLessThan(300);
  expect((await statusOf(first)).redfish?.fingerprint).toBe(fingerprintOf(certificate));
  expect((await ask(first, 'node-1', 'GET', certificates)).body).toMatchObject({
    Subject: { CommonName: 'other' },
  });
  await first.stop();

  await using second = await startDaemon(first.paths);
  expect((await statusOf(second)).redfish?.fingerprint).toBe(fingerprintOf(certificate));
  for (const where of ['lab', 'node-1']) {
    expect((await ask(second, where, 'GET', subscriptions)).body).toMatchObject({ 'Members@odata.count': 1 });
  }
});

test('new settings are planned, take effect, and leave the certificate as it is', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(2));
  const before = await statusOf(daemon);
  const planned = async (lab: LabDefinition) =>
    (await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', lab)).body.changes.map(
      ({ op, kind, name }) => `${op} ${kind} ${name}`,
    );
  expect(await planned(redfishLab(2))).toEqual([]);
  const plain = redfishLab(2, { tls: false });
  expect(await planned(plain)).toEqual(['update redfish test']);
  await daemon.run('POST', '/v1/labs/apply', plain);
  const after = await statusOf(daemon);
  expect(after.redfish?.url).toBe(before.redfish?.url?.replace('https', 'http'));
  expect(after.redfish?.fingerprint).toBeUndefined();
  expect((await ask(daemon, 'node-1', 'GET', '/redfish/v1/Systems/node-1')).status).toBe(200);
  expect(await planned(plain)).toEqual([]);
  await daemon.run('POST', '/v1/labs/apply', redfishLab(2));
  expect((await statusOf(daemon)).redfish).toEqual(before.redfish);
});

test('a service goes when the lab file no longer has it, and all go with the lab', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(2));
  const { redfish, nodes } = await statusOf(daemon);
  const urls = [redfish?.url, ...nodes.map(({ bmc }) => bmc.redfish?.url)];
  await daemon.run('POST', '/v1/labs/apply', redfishLab(2, { service: undefined }));
  const without = await statusOf(daemon);
  expect(without.redfish?.url).toBeUndefined();
  expect(without.nodes.map(({ bmc }) => bmc.redfish?.url)).toEqual(urls.slice(1));
  await daemon.run('DELETE', '/v1/labs/test');
  for (const url of urls) await expect(askRedfish(new URL(url ?? ''), {})).rejects.toThrow('ECONNREFUSED');
  await expect(stat(join(daemon.paths.stateDirectory, 'labs', 'test'))).rejects.toThrow('ENOENT');
});

test('a place that another program has is said, with the remedy', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await using daemon = await startDaemon();
  const service = { address: '127.0.0.1', port, users: [] };
  const lab = redfishLab(1, { service });
  const plan = (await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', lab)).body;
  expect(plan.warnings).toEqual([
    `the lab's Redfish service cannot listen on 127.0.0.1:${port} as it is now`,
  ]);
  const failed = (await daemon.run('POST', '/v1/labs/apply', lab)).at(-1) as Progress & { type: 'failed' };
  expect(failed.error).toMatchObject({ code: 'REDFISH_DEAF', remedy: expect.stringContaining('up again') });
  other.close();
  await once(other, 'close');
  expect((await daemon.run('POST', '/v1/labs/apply', lab)).at(-1)).toMatchObject({ type: 'done' });
  expect((await statusOf(daemon)).redfish?.problem).toBeUndefined();
});

test('daemons and labs that choose ports at the same moment choose different ones', async () => {
  await using one = await startDaemon();
  await using other = await startDaemon();
  const lab = redfishLab(4);
  const twin = { ...lab, spec: { ...lab.spec, name: 'twin' } };
  const applied = await Promise.all([
    one.run('POST', '/v1/labs/apply', lab),
    one.run('POST', '/v1/labs/apply', twin),
    other.run('POST', '/v1/labs/apply', lab),
  ]);
  const urls = applied.flatMap(progress => {
    const last = progress.at(-1);
    if (last?.type !== 'done') return [];
    const { redfish, nodes = [] } = last.lab ?? {};
    return [redfish?.url, ...nodes.map(({ bmc }) => bmc.redfish?.url)];
  });
  expect(urls.length).toBe(15);
  expect(new Set(urls).size).toBe(15);
});

test('a BMC that is restarted ends its sessions, and only its own', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(2));
  const sessions = '/redfish/v1/SessionService/Sessions';
  const { nodes } = (await daemon.call<CredentialsAnswer>('GET', '/v1/labs/test/credentials')).body;
  const { redfish, nodes: shown } = await statusOf(daemon);
  const tokens: Record<string, string | undefined> = {};
  const asked = async (node: string) => {
    const url = shown.find(({ name }) => name === node)?.bmc.redfish?.url;
    const fingerprint = redfish?.fingerprint;
    return askRedfish(new URL('/redfish/v1/Systems', url), { fingerprint, token: tokens[node] });
  };
  for (const node of ['node-1', 'node-2']) {
    const [login] = nodes[node] ?? [];
    const opened = await ask(daemon, node, 'POST', sessions, {
      UserName: login?.name,
      Password: login?.password,
    });
    tokens[node] = opened.headers['x-auth-token']?.toString();
    expect((await asked(node)).status).toBe(200);
  }
  const path = '/redfish/v1/Managers/node-1/Actions/Manager.Reset';
  expect((await ask(daemon, 'lab', 'POST', path, { ResetType: 'GracefulRestart' })).status).toBeLessThan(300);
  // It answers before it goes.
  await expect.poll(async () => (await asked('node-1')).status).toBe(503);
  expect((await asked('node-2')).status).toBe(200);
  await expect.poll(async () => (await asked('node-1')).status, { timeout: 10_000 }).toBe(401);
});

test('nodes are shown in the order of the lab file', async () => {
  await using daemon = await startDaemon();
  const lab = redfishLab(3);
  await daemon.run('POST', '/v1/labs/apply', lab);
  const nodes = [2, 0, 1].flatMap(index => lab.spec.nodes[index] ?? []);
  await daemon.run('POST', '/v1/labs/apply', { ...lab, spec: { ...lab.spec, nodes } });
  expect((await ask(daemon, 'lab', 'GET', '/redfish/v1/Systems')).body.Members).toEqual(
    ['node-3', 'node-1', 'node-2'].map(name => ({ '@odata.id': `/redfish/v1/Systems/${name}` })),
  );
});

test('a lab whose Redfish cannot be served is there all the same, and says why', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', redfishLab(1));
  await first.stop();
  const kept = join(first.paths.stateDirectory, 'labs', 'test', 'redfish', 'certificate.json');
  await writeFile(kept, 'half of');
  await using second = await startDaemon(first.paths);
  const { redfish, nodes } = await statusOf(second);
  expect(redfish?.problem).toMatch(/JSON/);
  expect(nodes.map(({ bmc }) => bmc.problem)).toEqual([undefined]);
  const failed = (await second.run('POST', '/v1/labs/apply', redfishLab(1))).at(-1);
  expect(failed).toMatchObject({ type: 'failed', error: { code: 'REDFISH_FAILED' } });
  await rm(kept);
  expect((await second.run('POST', '/v1/labs/apply', redfishLab(1))).at(-1)).toMatchObject({ type: 'done' });
  expect((await ask(second, 'node-1', 'GET', '/redfish/v1/Systems')).status).toBe(200);
});

test('a node whose own service cannot be served keeps nothing else away', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', redfishLab(2));
  const wanted = { Destination: 'https://192.0.2.9/events', Protocol: 'Redfish' };
  expect((await ask(first, 'node-1', 'POST', '/redfish/v1/EventService/Subscriptions', wanted)).status).toBe(
    201,
  );
  await first.stop();
  const own = join(first.paths.stateDirectory, 'labs', 'test', 'bmcs', 'node-1', 'redfish');
  await writeFile(join(own, 'service.json'), 'half of');
  await using second = await startDaemon(first.paths);
  const { nodes } = await statusOf(second);
  expect(nodes.map(({ bmc }) => bmc.problem)).toEqual([undefined, undefined]);
  expect(nodes.map(({ bmc }) => bmc.redfish?.problem)).toEqual([expect.stringMatching(/JSON/), undefined]);
  for (const where of ['lab', 'node-2']) {
    expect((await ask(second, where, 'GET', '/redfish/v1/Systems')).status).toBe(200);
  }
  await rm(join(own, 'service.json'));
  expect((await second.run('POST', '/v1/labs/apply', redfishLab(2))).at(-1)).toMatchObject({ type: 'done' });
  expect((await ask(second, 'node-1', 'GET', '/redfish/v1/Systems')).status).toBe(200);
});

test('a node whose Redfish settings cannot be read keeps nothing else away', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', redfishLab(2));
  await first.stop();
  const own = join(first.paths.stateDirectory, 'labs', 'test', 'bmcs', 'node-1', 'redfish');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'bmc.json'), 'half of');
  await using second = await startDaemon(first.paths);
  const { nodes } = await statusOf(second);
  expect(nodes.map(({ bmc }) => bmc.problem)).toEqual([undefined, undefined]);
  expect(nodes.map(({ bmc }) => bmc.redfish?.problem)).toEqual([expect.stringMatching(/JSON/), undefined]);
  const systems = (await ask(second, 'lab', 'GET', '/redfish/v1/Systems')).body;
  expect(systems.Members).toEqual([{ '@odata.id': '/redfish/v1/Systems/node-2' }]);
  await rm(join(own, 'bmc.json'));
  expect((await second.run('POST', '/v1/labs/apply', redfishLab(2))).at(-1)).toMatchObject({ type: 'done' });
  expect((await ask(second, 'node-1', 'GET', '/redfish/v1/Systems')).status).toBe(200);
});

test('an image that is thrown away once a lab is served no more brings no service back', async () => {
  await using reservations = new TcpReservations();
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-redfish-'));
  const redfish = new LabRedfish({
    faults: new Faults(systemClock),
    lab: 'test',
    record: () => recordFor(redfishLab(0), undefined),
    folder,
    clock: systemClock,
    log: silentLog,
    reservations,
  });
  const media = redfish.mediaOf('node-1');
  await redfish.setUp();
  expect(redfish.status()).toBeDefined();
  await redfish[Symbol.asyncDispose]();
  await media.discard({ url: '', file: join(folder, 'media', 'x.img'), size: 1, writeProtected: true });
  expect(redfish.status()).toBeUndefined();
  await rm(folder, { recursive: true });
});

test('secrets of the services are for their owner alone', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', redfishLab(1));
  const folder = join(daemon.paths.stateDirectory, 'labs', 'test', 'redfish');
  const kept = join(folder, 'certificate.json');
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect(await readFile(kept, 'utf8')).toContain('PRIVATE KEY');
});
