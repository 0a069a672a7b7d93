import { SpanStatusCode } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import { Tracing } from '../../../src/daemon/watch/tracing.ts';
import type { CloudCall } from '../../../src/drivers/openstack/clouds.ts';
import { SimulatedDriver } from '../../../src/drivers/simulated/simulated-driver.ts';
import { machineId } from '../../../src/node/driver.ts';
import { type KeptNode, NodeRunner } from '../../../src/node/runner.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { delay } from '../../../src/support/delay.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import { silentLog } from '../../../src/support/log.ts';
import { currentRequest, onBehalfOf, RequestScope } from '../../../src/support/request-scope.ts';

const spec = {
  name: 'node-1',
  uuid: '8c4f6f2e-4a53-4b3a-9e8e-0d5c1f6d7a10',
  cpus: 1,
  memory: 2 ** 29,
  disks: [],
  nics: [],
  firmware: 'bios',
} as const;

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

const cloudCall: CloudCall = {
  cloud: 'example',
  service: 'compute',
  method: 'POST',
  reason: 'power',
  status: '202',
  path: '/servers/1/action',
  milliseconds: 400,
};

/** A simulated node that is off, whose driver asks a cloud for what it does, and the spans of what it goes through. */
async function setUp(status = '202') {
  const clock = new VirtualClock();
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const happenings = new Happenings();
  new Tracing(happenings, clock, provider.getTracer('test'));
  const driver = new SimulatedDriver({
    stateDirectory: undefined,
    clock,
    latency: 1_000,
    faultRate: 0,
    seed: 1,
  });
  const act = driver.act.bind(driver);
  driver.act = async (...given) => {
    await delay(clock, 400);
    happenings.tell({ type: 'cloud', call: { ...cloudCall, status }, request: currentRequest() });
    return act(...given);
  };
  const machine = machineId('lab', spec.name);
  const document = memoryDocument<KeptNode>();
  const node = await NodeRunner.start({ spec, machine, driver, clock, document, log: silentLog }, false);
  const stop = new AbortController();
  await driver.watch((_, observation) => node.observe(observation), stop.signal);
  const lab = { name: 'lab', networks: [], nodes: [spec] };
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, stop.signal);
  node.onActivity(activity => happenings.tell({ type: 'node', lab: 'lab', node: 'node-1', activity }));
  return { clock, node, happenings, spans: () => exporter.getFinishedSpans() };
}

const scopeOf = (parent?: string) =>
  new RequestScope(() => ({
    face: 'redfish',
    name: 'POST /redfish/v1/Systems/node-1/Actions/ComputerSystem.Reset',
    by: 'admin',
    traceparent: parent,
  }));

/** Each span below the one that it is part of. */
function tree(spans: readonly ReadableSpan[], parent?: string, indent = ''): string[] {
  return spans
    .filter(span => span.parentSpanContext?.spanId === parent)
    .flatMap(span => [`${indent}${span.name}`, ...tree(spans, span.spanContext().spanId, `${indent}  `)]);
}

const milliseconds = ({ duration: [seconds, nanoseconds] }: ReadableSpan) =>
  seconds * 1_000 + nanoseconds / 1e6;

test('a client’s command is one trace, from its own to the cloud’s call', async () => {
  const { clock, node, spans } = await setUp();
  await onBehalfOf(scopeOf(traceparent), () => node.command({ type: 'power', action: 'on', by: 'admin' }));
  await clock.advance(10_000);
  expect(tree(spans(), '00f067aa0ba902b7')).toEqual([
    'POST /redfish/v1/Systems/node-1/Actions/ComputerSystem.Reset',
    '  power on',
    '    driver on',
    '      POST compute',
  ]);
  expect(new Set(spans().map(span => span.spanContext().traceId))).toEqual(new Set([traceId]));
  expect(Object.fromEntries(spans().map(span => [span.name.split(' /')[0], milliseconds(span)]))).toEqual({
    POST: 1_400,
    'power on': 1_400,
    'driver on': 1_400,
    'POST compute': 400,
  });
});

test.each(['', '00-00000000000000000000000000000000-00f067aa0ba902b7-01', 'nonsense'])(
  'a traceparent that says nothing (%j) begins a trace of its own',
  async parent => {
    const { clock, node, spans } = await setUp();
    await onBehalfOf(scopeOf(parent), () => node.command({ type: 'power', action: 'on', by: 'admin' }));
    await clock.advance(10_000);
    expect(tree(spans())).toHaveLength(4);
  },
);

test('what fails says so in its span', async () => {
  const { clock, node, spans } = await setUp('409');
  await onBehalfOf(scopeOf(), () => node.command({ type: 'power', action: 'reset', by: 'admin' }));
  await onBehalfOf(scopeOf(), () => node.command({ type: 'power', action: 'on', by: 'admin' }));
  await clock.advance(10_000);
  const failed = spans().filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed.map(({ name, status }) => `${name.split(' /')[0]}: ${status.message}`)).toEqual([
    'POST: reset needs a machine that is on',
    'POST compute: 409',
  ]);
});

test('a command that sets nothing off has a span that ends at once', async () => {
  const { clock, node, spans } = await setUp();
  await onBehalfOf(scopeOf(), () => node.command({ type: 'set-asset-tag', tag: 'rack 7' }));
  await clock.advance(0);
  expect(spans().map(milliseconds)).toEqual([0]);
  expect(spans()[0]?.attributes).toMatchObject({
    'quintupleo.lab': 'lab',
    'quintupleo.node': 'node-1',
    'quintupleo.face': 'redfish',
    'quintupleo.by': 'admin',
    'quintupleo.command': 'asset tag',
  });
});

test('two requests at one node are two traces', async () => {
  const { clock, node, spans } = await setUp();
  await onBehalfOf(scopeOf(), () => node.command({ type: 'power', action: 'on', by: 'admin' }));
  await clock.advance(100);
  await onBehalfOf(scopeOf(), () => node.command({ type: 'power', action: 'off', by: 'admin' }));
  await clock.advance(20_000);
  const roots = spans().filter(span => span.parentSpanContext === undefined);
  expect(roots).toHaveLength(2);
  const ends = new Set(spans().map(span => span.spanContext().spanId));
  expect(ends.size).toBe(spans().length);
});

test('polls, which are nobody’s, make no spans', async () => {
  const { happenings, spans } = await setUp();
  happenings.tell({ type: 'cloud', call: cloudCall, request: undefined });
  expect(spans()).toEqual([]);
});

test('calls of a cloud for a request that is no node’s, such as an “up”, are below it', async () => {
  const { clock, happenings, spans } = await setUp();
  const request = new RequestScope(() => ({ face: 'control', name: 'POST /v1/labs/apply', by: 'root' }));
  happenings.tell({ type: 'cloud', call: cloudCall, request });
  await clock.advance(0);
  happenings.tell({ type: 'cloud', call: cloudCall, request });
  await clock.advance(0);
  expect(tree(spans())).toEqual(['POST /v1/labs/apply', '  POST compute', '  POST compute']);
});
