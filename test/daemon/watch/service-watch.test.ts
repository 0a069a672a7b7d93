import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ControlClient } from '../../../src/cli/client.ts';
import type { NodeSummary, TimelineEntry } from '../../../src/daemon/api-watch.ts';
import { runDaemon } from '../../../src/daemon/daemon.ts';
import { daemonIdentity } from '../../../src/daemon/service-control.ts';
import { SimulatedDriver } from '../../../src/drivers/simulated/simulated-driver.ts';
import type { LabDefinition } from '../../../src/lab/definition.ts';
import type { Driver, ServiceInstance } from '../../../src/node/driver.ts';
import { fingerprintOf } from '../../../src/support/certificate.ts';
import { findPaths } from '../../../src/support/paths.ts';
import { simulatedLab, startDaemon, type TestDaemon } from '../harness.ts';

/** The daemon in a service instance, which can be ended and started again. */
class ServiceDaemon {
  readonly #folder: string;
  readonly #manager: string;
  readonly #port: number;
  #end = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(folder: string, manager: string, port: number) {
    this.#folder = folder;
    this.#manager = manager;
    this.#port = port;
  }

  async instance(): Promise<ServiceInstance> {
    const { certificate } = await daemonIdentity(`${this.#folder}/state`, Date.now());
    return {
      ...{ host: '127.0.0.1', port: this.#port, interfaces: {} },
      fingerprint: fingerprintOf(certificate),
      admit: hand => hand({ clouds: {}, ca: undefined }),
    };
  }

  start(): Promise<void> {
    this.#end = new AbortController();
    const variables = {
      QUINTUPLEO_STATE_DIR: `${this.#folder}/state`,
      QUINTUPLEO_RUNTIME_DIR: `${this.#folder}/run`,
      QUINTUPLEO_CACHE_DIR: `${this.#folder}/cache`,
    };
    return new Promise((resolve, reject) => {
      this.#ended = runDaemon({
        ...{ paths: findPaths(variables, false, '/'), logLevel: 'silent', idleExit: false },
        remote: { port: this.#port, manager: this.#manager, owner: undefined },
        signal: this.#end.signal,
        onReady: resolve,
      });
      this.#ended.catch(reject);
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#ended;
  }
}

let folder = '';
let daemon: TestDaemon;
let service: ServiceDaemon;
let client: ControlClient;

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/quintupleo-test-`);
  daemon = await startDaemon();
  const { certificate } = await daemonIdentity(daemon.paths.stateDirectory, Date.now());
  service = new ServiceDaemon(folder, fingerprintOf(certificate), await freeTcpPort());
  await service.start();
  // Of the drivers only that of OpenStack makes such instances.
  (SimulatedDriver.prototype as Driver).service = () => service.instance();
  client = new ControlClient(daemon.paths.controlSocket, new AbortController().signal);
});
afterEach(async () => {
  delete (SimulatedDriver.prototype as Driver).service;
  await client[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

test('nodes of a service instance are watched as those of here, and are unknown while it is away', async () => {
  const progress = await daemon.run('POST', '/v1/labs/apply', servedElsewhere(simulatedLab(2)));
  expect(progress.at(-1)).toMatchObject({ type: 'done' });
  const states = async () =>
    (await client.nodes()).map(({ name, power, stage }) => `${name} ${power} ${stage}`);
  await expect.poll(states).toEqual(['node-1 off off', 'node-2 off off']);

  const watching = watch();
  await client.power('test', 'node-2', { action: 'on', wait: 10_000 });
  await expect.poll(() => watching.nodes.get('node-2')).toMatchObject({ power: 'on', stage: 'os' });
  await expect.poll(() => watching.texts()).toContain('seen: firmware started (power-on)');
  // What is told of the past and what is told as it happens is numbered alike.
  const past = await client.timeline('test', 'node-2');
  expect(past.length).toBeGreaterThan(3);
  for (const entry of watching.entries) expect(past).toContainEqual(entry);
  expect(past.find(({ kind }) => kind === 'request')?.text).toContain('the command line');
  expect(await client.metrics(false)).toMatch(/quintupleo_nodes\{power="on",stage="os"\} 1/);

  await service.stop();
  await expect.poll(() => watching.nodes.get('node-2')?.power, { timeout: 20_000 }).toBe('unknown');
  expect(watching.nodes.get('node-2')?.bmc.problem).toMatch(/does not answer/);
  await service.start();
  await expect.poll(() => watching.nodes.get('node-1')?.power, { timeout: 20_000 }).toBe('off');
  expect(watching.nodes.get('node-1')?.bmc.problem).toBeUndefined();
  await watching.stop();
}, 60_000);

/** What somebody who watches has been told. */
function watch() {
  const nodes = new Map<string, NodeSummary>();
  const entries: TimelineEntry[] = [];
  const messages = client.watch()[Symbol.asyncIterator]();
  const take = async () => {
    for (;;) {
      const { done, value } = await messages.next();
      if (done) return;
      if (value.type === 'entries') entries.push(...value.entries);
      if (value.type !== 'all' && value.type !== 'nodes') continue;
      for (const node of value.nodes) nodes.set(node.name, node);
    }
  };
  const taking = take().catch(() => undefined);
  const stop = async () => {
    await client[Symbol.asyncDispose]();
    await taking;
  };
  return { nodes, entries, texts: () => entries.map(({ text }) => text), stop };
}

/** With BMCs at addresses and ports that are told rather than chosen, as those of an instance are. */
function servedElsewhere(lab: LabDefinition): LabDefinition {
  const service = { nics: [], address: '127.0.0.1', bmcs: [] };
  const bmcs = Object.entries(lab.bmcs).map(([name, { ipmi, ...bmc }], index) => {
    const at = { address: `127.86.23.${index + 1}`, port: 6230 };
    return [name, { ...bmc, ipmi: { ...ipmi, ...at } }] as const;
  });
  const spec = { ...lab.spec, cloud: { routers: [], serverGroups: [], hosts: [], service } };
  return { ...lab, spec, bmcs: Object.fromEntries(bmcs) };
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
