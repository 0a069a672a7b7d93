import { expect, test } from 'vitest';
import { SimulatedDriver } from '../../src/drivers/simulated/simulated-driver.ts';
import { machineId } from '../../src/node/driver.ts';
import { type KeptNode, NodeRunner } from '../../src/node/runner.ts';
import type { NodeSpec } from '../../src/node/spec.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { type Document, memoryDocument } from '../../src/support/document.ts';
import { silentLog } from '../../src/support/log.ts';

const spec: NodeSpec = {
  name: 'node-1',
  uuid: '8c4f6f2e-4a53-4b3a-9e8e-0d5c1f6d7a10',
  cpus: 1,
  memory: 2 ** 29,
  disks: [],
  nics: [],
  firmware: 'bios',
};
const machine = machineId('lab', spec.name);

async function setUp(options: { document?: Document<KeptNode>; latency?: number } = {}) {
  const clock = new VirtualClock();
  const driver = new SimulatedDriver({
    stateDirectory: undefined,
    clock,
    latency: options.latency ?? 1_000,
    faultRate: 0,
    seed: 1,
  });
  const document = options.document ?? memoryDocument<KeptNode>();
  const start = () => NodeRunner.start({ spec, machine, driver, clock, document, log: silentLog }, false);
  const node = await start();
  const stop = new AbortController();
  await driver.watch((_, observation) => node.observe(observation), stop.signal);
  const lab = { name: 'lab', networks: [], nodes: [spec] };
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, stop.signal);
  return { clock, driver, document, node, start };
}

test('a command is answered when it is on disk, and carried out by the driver', async () => {
  const { node, clock, document } = await setUp();
  expect(await node.command({ type: 'power', action: 'on', by: 'test' })).toEqual({
    accepted: true,
    operation: 1,
  });
  expect((await document.read())?.durable.operation?.action).toBe('on');
  expect(node.state.power).toBe('off');
  await clock.advance(1_000);
  expect(node.state.power).toBe('on');
  expect((await document.read())?.durable.operation).toBeUndefined();
});

test('a disk that cannot be written is an error to the client, not a pretended success', async () => {
  const document: Document<KeptNode> = {
    read: async () => undefined,
    write: async () => {
      throw new Error('no space left on device');
    },
    delete: async () => undefined,
  };
  const { node } = await setUp({ document });
  await expect(node.command({ type: 'set-asset-tag', tag: 'rack 7' })).rejects.toThrow('no space left');
});

test('a hard off ends a driver call that hangs', async () => {
  const { node, clock } = await setUp({ latency: 50_000 });
  await node.command({ type: 'power', action: 'on', by: 'test' });
  await clock.advance(1_000);
  await node.command({ type: 'power', action: 'off', by: 'test' });
  await clock.advance(51_000);
  expect(node.state.power).toBe('off');
  expect(node.state.results.map(result => result.outcome)).toEqual(['superseded', 'done']);
});

test('a node that starts anew knows what the one before it had accepted', async () => {
  const { node, start, clock, driver } = await setUp();
  await node.command({ type: 'set-asset-tag', tag: 'rack 7' });
  await node.command({ type: 'power', action: 'on', by: 'test' });
  await node.close();
  const again = await start();
  await driver.watch((_, observation) => again.observe(observation), new AbortController().signal);
  await clock.advance(2_000);
  expect(again.state.durable.assetTag).toBe('rack 7');
  expect(again.state.power).toBe('on');
});

test('a driver that throws what is not its error fails the operation, not the daemon', async () => {
  const { clock } = await setUp();
  const driver = new SimulatedDriver({ stateDirectory: undefined, clock, latency: 0, faultRate: 0, seed: 1 });
  driver.act = () => Promise.reject(new TypeError('a bug'));
  const node = await NodeRunner.start(
    { spec, machine, driver, clock, document: memoryDocument(), log: silentLog },
    false,
  );
  node.observe({ type: 'power', power: 'off' });
  await node.command({ type: 'power', action: 'on', by: 'test' });
  await clock.advance(0);
  expect(node.state.results.at(-1)).toMatchObject({ outcome: 'failed', message: 'a bug' });
});
