import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type {
  ApiError,
  CredentialsAnswer,
  LabStatus,
  NodeStatus,
  OperationAnswer,
  PlanAnswer,
} from '../../src/daemon/api.ts';
import { runDaemon } from '../../src/daemon/daemon.ts';
import { simulatedLab, startDaemon } from './harness.ts';

test('a lab comes up, is used and goes down without a trace', async () => {
  await using daemon = await startDaemon();
  const lab = simulatedLab(3);
  const planned = await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', lab);
  expect(planned.body.changes.map(({ op, kind, name }) => `${op} ${kind} ${name}`)).toEqual([
    'create network provisioning',
    'create machine node-1',
    'create machine node-2',
    'create machine node-3',
  ]);
  expect((await daemon.call<LabStatus[]>('GET', '/v1/labs')).body).toEqual([]);

  const progress = await daemon.run('POST', '/v1/labs/apply', lab);
  expect(progress.at(-1)).toMatchObject({ type: 'done', lab: { name: 'test', phase: 'up' } });
  expect((await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', lab)).body.changes).toEqual([]);

  const on = await daemon.call<OperationAnswer>('POST', '/v1/labs/test/nodes/node-2/power', {
    action: 'on',
    wait: 5_000,
  });
  expect(on.body).toMatchObject({ node: { power: 'on' }, result: { outcome: 'done' } });
  const again = await daemon.call<OperationAnswer>('POST', '/v1/labs/test/nodes/node-2/power', {
    action: 'on',
    wait: 5_000,
  });
  expect(again.body.result).toBeUndefined();

  const gone = await daemon.run('DELETE', '/v1/labs/test');
  expect(gone.at(-1)).toEqual({ type: 'done' });
  await expect(stat(join(daemon.paths.stateDirectory, 'labs', 'test'))).rejects.toThrow('ENOENT');
  expect((await daemon.run('DELETE', '/v1/labs/test')).at(-1)).toEqual({ type: 'done' });
});

test('every BMC has a port of its own, which it keeps when the lab changes and when the daemon starts anew', async () => {
  const first = await startDaemon();
  const { paths } = first;
  await first.run('POST', '/v1/labs/apply', simulatedLab(2));
  const before = (await first.call<LabStatus>('GET', '/v1/labs/test')).body.nodes.map(node => node.bmc.port);
  expect(new Set(before).size).toBe(2);
  await first.stop();

  await using second = await startDaemon(paths);
  await second.run('POST', '/v1/labs/apply', simulatedLab(3));
  const { nodes } = (await second.call<LabStatus>('GET', '/v1/labs/test')).body;
  expect(nodes.slice(0, 2).map(node => node.bmc.port)).toEqual(before);
  expect(nodes.map(node => node.bmc.problem)).toEqual([undefined, undefined, undefined]);
});

test('daemons and labs that choose ports at the same moment choose different ones', async () => {
  await using one = await startDaemon();
  await using other = await startDaemon();
  const second = simulatedLab(8);
  const twin = { ...second, spec: { ...second.spec, name: 'twin' } };
  const applied = await Promise.all([
    one.run('POST', '/v1/labs/apply', simulatedLab(8)),
    one.run('POST', '/v1/labs/apply', twin),
    other.run('POST', '/v1/labs/apply', simulatedLab(8)),
  ]);
  const ports = applied.flatMap(progress => {
    const last = progress.at(-1);
    return last?.type === 'done' ? (last.lab?.nodes.map(({ bmc }) => bmc.port) ?? []) : [];
  });
  expect(ports.length).toBe(24);
  expect(new Set(ports).size).toBe(24);
});

test('what a node was told survives the daemon', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', simulatedLab(1));
  await first.call('PUT', '/v1/labs/test/nodes/node-1/boot', { target: 'pxe', enabled: 'once' });
  await first.call('POST', '/v1/labs/test/nodes/node-1/power', { action: 'on', wait: 0 });
  await first.call('PUT', '/v1/labs/test/nodes/node-1/boot', { target: 'disk', enabled: 'continuous' });
  const credentials = (await first.call<CredentialsAnswer>('GET', '/v1/labs/test/credentials')).body;
  await first.stop();
  await using second = await startDaemon(first.paths);
  const { body } = await second.call<NodeStatus>('GET', '/v1/labs/test/nodes/node-1');
  expect(body.boot).toMatchObject({ target: 'disk', enabled: 'continuous' });
  expect(body.power).toBe('on');
  expect((await second.call('GET', '/v1/labs/test/credentials')).body).toEqual(credentials);
});

test('nodes that the lab file no longer has are taken away, with what was kept of them', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(3));
  await daemon.call('PUT', '/v1/labs/test/nodes/node-3/boot', { target: 'pxe', enabled: 'once' });
  const plan = (await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', simulatedLab(2))).body;
  expect(plan.changes).toEqual([expect.objectContaining({ op: 'delete', name: 'node-3', disruptive: true })]);
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(2));
  expect((await daemon.call('GET', '/v1/labs/test/nodes/node-3')).status).toBe(404);
  await expect(stat(join(daemon.paths.stateDirectory, 'labs/test/nodes/node-3.json'))).rejects.toThrow(
    'ENOENT',
  );
});

test('a BMC whose settings changed is set up anew, and the plan says so', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(1));
  const changed = simulatedLab(1, { cipherSuites: [17] });
  const plan = (await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', changed)).body;
  expect(plan.changes).toEqual([expect.objectContaining({ op: 'update', kind: 'bmc', name: 'node-1' })]);
  await daemon.run('POST', '/v1/labs/apply', changed);
  expect((await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', changed)).body.changes).toEqual([]);
});

test('a port that another program has is said, with the remedy', async () => {
  await using daemon = await startDaemon();
  await using other = await startDaemon();
  await other.run('POST', '/v1/labs/apply', simulatedLab(1, { port: 17_230 }));
  const plan = await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', simulatedLab(1, { port: 17_230 }));
  expect(plan.body.warnings).toEqual(['the BMC of node-1 cannot listen on 127.0.0.1:17230 as it is now']);
  const progress = await daemon.run('POST', '/v1/labs/apply', simulatedLab(1, { port: 17_230 }));
  expect(progress.at(-1)).toMatchObject({ type: 'failed', error: { code: 'BMC_DEAF' } });
  expect((await daemon.call<LabStatus>('GET', '/v1/labs/test')).body.phase).toBe('failed');
  await other.run('DELETE', '/v1/labs/test');
  expect((await daemon.run('POST', '/v1/labs/apply', simulatedLab(1, { port: 17_230 }))).at(-1)?.type).toBe(
    'done',
  );
});

test('errors say what is not there, and what is', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(1));
  const lab = await daemon.call<ApiError>('GET', '/v1/labs/nowhere');
  expect(lab).toMatchObject({
    status: 404,
    body: { code: 'LAB_NOT_FOUND', remedy: 'Labs that are up: test.' },
  });
  const node = await daemon.call<ApiError>('GET', '/v1/labs/test/nodes/node-9');
  expect(node).toMatchObject({ status: 404, body: { code: 'NODE_NOT_FOUND', remedy: 'It has node-1.' } });
  const reset = await daemon.call<ApiError>('POST', '/v1/labs/test/nodes/node-1/power', {
    action: 'reset',
    wait: 0,
  });
  expect(reset).toMatchObject({ status: 503, body: { code: 'WRONG_STATE' } });
  const nonsense = await daemon.call<ApiError>('POST', '/v1/labs/test/nodes/node-1/power', {
    action: 'explode',
  });
  expect(nonsense.status).toBe(400);
});

test('a second daemon on the same state does not start', async () => {
  await using daemon = await startDaemon();
  const { paths } = daemon;
  const second = runDaemon({
    paths,
    logLevel: 'silent',
    signal: new AbortController().signal,
    idleExit: false,
  });
  await expect(second).rejects.toThrow('another daemon works on');
});

test('an attached console does not keep the daemon from ending', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(1));
  const console = request({
    socketPath: daemon.paths.controlSocket,
    path: '/v1/labs/test/nodes/node-1/console',
    headers: { connection: 'upgrade', upgrade: 'console' },
  });
  const closed = new Promise<void>((resolve, reject) => {
    console.on('error', reject);
    console.on('upgrade', (_response, socket) => {
      socket.resume().on('close', resolve);
      daemon.stop().catch(reject);
    });
  });
  console.end();
  await closed;
});

test('a network card that ironic-python-agent would not see is warned of', async () => {
  await using daemon = await startDaemon();
  const lab = simulatedLab(1);
  const [node] = lab.spec.nodes;
  const nodes = node ? [{ ...node, nics: [{ mac: 'fa:16:3e:00:00:01', network: 'provisioning' }] }] : [];
  const plan = await daemon.call<PlanAnswer>('POST', '/v1/labs/plan', {
    ...lab,
    spec: { ...lab.spec, nodes },
  });
  expect(plan.body.warnings).toEqual([
    'node-1: ironic-python-agent ignores network cards whose MAC address begins with fa:',
  ]);
});

test('a node whose first network is left to another DHCP server is not assigned the deploy ramdisk', async () => {
  await using daemon = await startDaemon();
  const lab = simulatedLab(1);
  const networks = lab.spec.networks.map(network => ({ ...network, dhcp: false }));
  await daemon.run('POST', '/v1/labs/apply', { ...lab, spec: { ...lab.spec, networks } });
  const refusal = await daemon.call<ApiError>('PUT', '/v1/labs/test/nodes/node-1/deploy');
  expect(refusal).toMatchObject({ status: 422, body: { code: 'NO_NETBOOT' } });
  expect(refusal.body.message).toBe(
    'node-1 does not netboot from the lab: its network provisioning has dhcp: false',
  );
});

test('secrets are for their owner alone', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(1));
  const record = await stat(join(daemon.paths.stateDirectory, 'labs/test/lab.json'));
  expect(record.mode & 0o777).toBe(0o600);
  expect((await stat(daemon.paths.controlSocket)).mode & 0o777).toBe(0o600);
});
