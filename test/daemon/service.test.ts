import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { duplexPair } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeStatus, OperationAnswer } from '../../src/daemon/api.ts';
import { runDaemon } from '../../src/daemon/daemon.ts';
import { recordFor } from '../../src/daemon/lab-record.ts';
import { LabService } from '../../src/daemon/lab-service.ts';
import { RemoteLab } from '../../src/daemon/remote-lab.ts';
import { daemonIdentity } from '../../src/daemon/service-control.ts';
import { Happenings } from '../../src/daemon/watch/happenings.ts';
import { Timeline } from '../../src/daemon/watch/timeline.ts';
import type { ServiceInstance } from '../../src/node/driver.ts';
import { fingerprintOf, type Identity, makeIdentity } from '../../src/support/certificate.ts';
import { systemClock } from '../../src/support/clock.ts';
import { silentLog } from '../../src/support/log.ts';
import { findPaths } from '../../src/support/paths.ts';
import { onBehalfOf, RequestScope } from '../../src/support/request-scope.ts';
import { simulatedLab } from './harness.ts';

const soon = () => AbortSignal.timeout(20_000);

describe('a daemon that serves labs for another one', () => {
  let folder = '';
  let manager: Identity;
  let instance: ServiceInstance;
  const end = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  let service: LabService;
  let lab = simulatedLab(0);
  const timeline = new Timeline(new Happenings(), systemClock);
  const touched = new Set<string>();

  beforeAll(async () => {
    folder = await mkdtemp(`${tmpdir()}/quintupleo-test-`);
    manager = await daemonIdentity(`${folder}/manager`, Date.now());
    const port = await freeTcpPort();
    const variables = {
      QUINTUPLEO_STATE_DIR: `${folder}/state`,
      QUINTUPLEO_RUNTIME_DIR: `${folder}/run`,
      QUINTUPLEO_CACHE_DIR: `${folder}/cache`,
    };
    const remote = { port, manager: fingerprintOf(manager.certificate), owner: undefined };
    await new Promise<void>((resolve, reject) => {
      const options = {
        paths: findPaths(variables, false, '/'),
        logLevel: 'silent',
        idleExit: false,
        remote,
      };
      ended = runDaemon({ ...options, signal: end.signal, onReady: resolve });
      ended.catch(reject);
    });
    const { certificate } = await daemonIdentity(`${folder}/state`, Date.now());
    instance = {
      host: '127.0.0.1',
      port,
      fingerprint: fingerprintOf(certificate),
      interfaces: {},
      admit: hand => hand({ clouds: {}, ca: undefined }),
    };
    service = serviceOf(async () => instance);
    lab = simulatedLab(2);
    const bmcs = Object.entries(lab.bmcs);
    for (const [name, bmc] of bmcs) {
      const ipmi = { ...bmc.ipmi, port: await freeUdpPort() };
      lab = { ...lab, bmcs: { ...lab.bmcs, [name]: { ...bmc, ipmi } } };
    }
    await service.push(recordFor(lab, undefined), soon());
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    end.abort();
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  function serviceOf(find: () => Promise<ServiceInstance>): LabService {
    return new LabService({
      ...{ lab: 'test', find, identity: async () => manager, clock: systemClock, log: silentLog },
      ...{ record: () => recordFor(lab, undefined), timeline, touched: node => touched.add(node) },
    });
  }

  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const request = new Request(`http://quintupleo/v1/labs/test/nodes/${path}`, init);
    return (await (await service.remote.forward(request)).json()) as T;
  };

  test('serves what it was handed, and answers as if it were asked here', async () => {
    expect((await service.status(lab)).nodes.map(({ name, power }) => [name, power])).toEqual([
      ['node-1', 'off'],
      ['node-2', 'off'],
    ]);
    const answer = await ask<OperationAnswer>('POST', 'node-1/power', { action: 'on', wait: 10_000 });
    expect(answer).toMatchObject({ node: { power: 'on' }, result: { outcome: 'done' } });
    expect(await ask<NodeStatus>('GET', 'node-1')).toMatchObject({ power: 'on', bmc: { users: ['admin'] } });
    expect(await ask('GET', 'node-9')).toMatchObject({ code: 'NODE_NOT_FOUND' });
  });

  const seen = () =>
    service.summaries().map(({ name, power, stage, bmc }) => ({ name, power, stage, problem: bmc.problem }));

  test('its nodes are seen here as they change, and what happens with them', async () => {
    await expect.poll(seen).toMatchObject([
      { name: 'node-1', power: 'on' },
      { name: 'node-2', power: 'off', stage: 'off', problem: undefined },
    ]);
    touched.clear();
    const scope = new RequestScope(() => ({ face: 'dashboard', name: 'a click', by: 'Åsa from 192.0.2.7' }));
    await onBehalfOf(scope, () => ask('POST', 'node-2/power', { action: 'on', wait: 10_000 }));
    await expect.poll(() => service.summary('node-2')).toMatchObject({ lab: 'test', power: 'on' });
    expect([...touched]).toEqual(['node-2']);
    expect(service.summary('node-9')).toBeUndefined();
    // Begins with what happened before anybody looked.
    const texts = (node: string) => timeline.of('test', node).map(({ text }) => text);
    await expect.poll(() => texts('node-2')).toContain('seen: firmware started (power-on)');
    expect(texts('node-1')).toContain('seen: firmware started (power-on)');
    expect(timeline.of('test', 'node-2').find(({ kind }) => kind === 'request')).toMatchObject({
      face: 'dashboard',
      text: 'power on (POST /v1/labs/test/nodes/node-2/power, Åsa from 192.0.2.7)',
    });
    await ask('POST', 'node-2/power', { action: 'off', wait: 10_000 });
    await expect.poll(() => service.summary('node-2')?.stage).toBe('off');
  });

  test('tells what screens nodes have', async () => {
    expect(await ask('GET', 'node-1/screen')).toMatchObject({ kind: 'none' });
  });

  test('leaves alone what stays when it is told of a change', async () => {
    const smaller = { ...lab, spec: { ...lab.spec, nodes: lab.spec.nodes.slice(0, 1) } };
    await service.push(recordFor(smaller, undefined), soon());
    expect((await service.status(smaller)).nodes.map(({ name, power }) => [name, power])).toEqual([
      ['node-1', 'on'],
    ]);
    await service.push(recordFor(lab, undefined), soon());
    expect((await service.status(lab)).nodes).toHaveLength(2);
  });

  test('lets a console through, both ways', async () => {
    const [client, inside] = duplexPair();
    await service.remote.tunnel('/v1/labs/test/nodes/node-1/console', inside, Buffer.alloc(0));
    let heard = '';
    client.on('data', data => {
      heard += data;
    });
    await expect.poll(() => heard).toMatch(/^HTTP\/1.1 101 /);
    client.write('echo\r');
    await expect.poll(() => heard.split('\r\n\r\n').slice(1).join()).toContain('echo');
    const closed = once(inside, 'close');
    client.end();
    await closed;
  });

  test('says nothing to a stranger, and nothing is said to one', async () => {
    const identity = async () => makeIdentity({ name: 'manager', notBefore: 0, notAfter: Date.now() + 1e9 });
    await using stranger = new RemoteLab('test', async () => instance, identity);
    await expect(stranger.status(soon())).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    const other = { ...instance, fingerprint: instance.fingerprint.replaceAll(/./g, '0') };
    await using deceived = new RemoteLab(
      'test',
      async () => other,
      async () => manager,
    );
    await expect(deceived.status(soon())).rejects.toMatchObject({ code: 'PEER_IS_ANOTHER' });
  });

  test('when it cannot be reached, nodes are unknown, and why', async () => {
    const port = await freeTcpPort();
    await using lost = serviceOf(async () => ({ ...instance, port }));
    const [node] = (await lost.status(lab)).nodes;
    expect(node).toMatchObject({ name: 'node-1', power: 'unknown' });
    expect(node?.bmc.problem).toMatch(/does not answer/);
    lost.watch();
    const view = () => lost.summary('node-1');
    await expect.poll(() => view()?.bmc.problem).toMatch(/does not answer/);
    expect(view()).toMatchObject({
      power: 'unknown',
      stage: 'off',
      bmc: { ipmi: expect.stringMatching(/^127/) },
    });
  });

  test('forgets a lab that is taken back', async () => {
    await service.remote.leave(soon());
    await expect(service.remote.status(soon())).rejects.toMatchObject({ code: 'LAB_NOT_FOUND' });
    await service.remote.leave(soon());
  });
});

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
