import { expect, test } from 'vitest';
import type { NodeSummary } from '../../../src/daemon/api-watch.ts';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import { Metrics, type MetricsSources } from '../../../src/daemon/watch/metrics.ts';
import type { Activity } from '../../../src/node/activity.ts';

function setUp(sources: Partial<MetricsSources> = {}) {
  const happenings = new Happenings();
  const metrics = new Metrics(happenings, {
    version: '1.2.3',
    ipmiCommands: () => [],
    dropped: () => ({}),
    bootFetches: () => [],
    sessions: () => ({ ipmi: 0, sol: 0, redfish: 0 }),
    nodes: () => [],
    ...sources,
  });
  const happen = (activity: Activity) =>
    happenings.tell({ type: 'node', lab: 'lab', node: 'node-1', activity });
  return { happenings, metrics, happen };
}

function summary(change: Partial<NodeSummary>): NodeSummary {
  return {
    lab: 'lab',
    name: 'node-1',
    power: 'off',
    stage: 'off',
    bmc: { ipmi: '127.0.0.1:623' },
    faults: [],
    ...change,
  };
}

/** Lines of the project's own metrics with a value. */
async function own(metrics: Metrics, eachNode = false): Promise<string[]> {
  const lines = (await metrics.text(eachNode)).split('\n');
  return lines.filter(line => line.startsWith('quintupleo_'));
}

test('power operations are counted by how they ended, and timed from beginning to proof', async () => {
  const { metrics, happen } = setUp();
  const result = { id: 1, action: 'on', outcome: 'done', message: '', at: 0 } as const;
  happen({ type: 'operation-ended', result, request: undefined, milliseconds: 1_500 });
  happen({
    type: 'operation-ended',
    result: { ...result, outcome: 'failed' },
    request: undefined,
    milliseconds: 60_000,
  });
  // One that never began has no duration.
  happen({ type: 'operation-ended', result: { ...result, outcome: 'superseded' }, request: undefined });
  const lines = await own(metrics);
  expect(lines).toContain('quintupleo_node_operations_total{action="on",outcome="done"} 1');
  expect(lines).toContain('quintupleo_node_operations_total{action="on",outcome="failed"} 1');
  expect(lines).toContain('quintupleo_node_operations_total{action="on",outcome="superseded"} 1');
  expect(lines).toContain('quintupleo_node_operation_duration_seconds_sum{action="on",outcome="done"} 1.5');
  expect(lines.filter(line => /duration_seconds_count\{.*superseded/.test(line))).toEqual([]);
});

test('driver and cloud calls are counted by outcome and reason', async () => {
  const { metrics, happen, happenings } = setUp();
  const call = { id: 1, act: { action: 'off' } as const, request: undefined, milliseconds: 250 };
  happen({ type: 'call-ended', ...call, error: undefined });
  happen({ type: 'call-ended', ...call, error: { kind: 'conflict', message: 'busy' } });
  happenings.tell({
    type: 'cloud',
    request: undefined,
    call: {
      cloud: 'example',
      service: 'compute',
      method: 'POST',
      reason: 'power',
      status: '202',
      path: '/servers/8c4f6f2e/action',
      milliseconds: 500,
    },
  });
  const lines = await own(metrics);
  expect(lines).toContain('quintupleo_driver_calls_total{act="off",outcome="done"} 1');
  expect(lines).toContain('quintupleo_driver_calls_total{act="off",outcome="conflict"} 1');
  expect(lines).toContain(
    'quintupleo_cloud_calls_total{cloud="example",service="compute",method="POST",reason="power",status="202"} 1',
  );
  expect(lines.join()).not.toContain('8c4f6f2e');
});

test('what is counted elsewhere is read anew each time', async () => {
  let count = 1;
  const { metrics } = setUp({
    ipmiCommands: () => [{ command: 'Get Chassis Status', code: 0xc0, count }],
    dropped: () => ({ 'not-rmcp': count }),
    bootFetches: () => [{ what: 'boot', answer: 'network', status: 200, count }],
    sessions: () => ({ ipmi: count, sol: 0, redfish: 2 }),
  });
  await metrics.text();
  count = 5;
  const lines = await own(metrics);
  for (const line of [
    'quintupleo_ipmi_requests_total{command="Get Chassis Status",completion="0xc0"} 5',
    'quintupleo_ipmi_dropped_datagrams_total{reason="not-rmcp"} 5',
    'quintupleo_boot_fetches_total{what="boot",answer="network",status="200"} 5',
    'quintupleo_sessions{kind="ipmi"} 5',
  ]) {
    expect(lines).toContain(line);
  }
});

test('a thousand nodes are as many numbers as ten, unless each one is asked for', async () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      summary({ name: `node-${index}`, power: index % 2 ? 'on' : 'off', stage: index % 2 ? 'os' : 'off' }),
    );
  const few = setUp({ nodes: () => many(10) });
  const all = setUp({ nodes: () => many(1_000) });
  const lines = await own(all.metrics);
  expect(lines).toHaveLength((await own(few.metrics)).length);
  expect(lines).toContain('quintupleo_nodes{power="on",stage="os"} 500');
  const each = await own(all.metrics, true);
  expect(each).toContain('quintupleo_node_on{lab="lab",node="node-1"} 1');
  expect(each).toContain('quintupleo_node_info{lab="lab",node="node-0",power="off",stage="off"} 1');
});

test('nodes that changed are no longer counted as they were', async () => {
  let nodes = [summary({ faults: ['bmc-slow'], failure: 'no valid host' })];
  const { metrics } = setUp({ nodes: () => nodes });
  expect(await own(metrics)).toContain('quintupleo_faulty_nodes{kind="bmc-slow"} 1');
  nodes = [summary({ power: 'on', stage: 'firmware' })];
  const lines = await own(metrics, true);
  expect(lines.filter(line => line.startsWith('quintupleo_faulty_nodes'))).toEqual([]);
  expect(lines.filter(line => line.includes('power="off"'))).toEqual([]);
  expect(lines).toContain('quintupleo_nodes_failed 0');
});

test('Redfish requests are counted by route, whatever a client makes up', async () => {
  const { metrics } = setUp();
  const answered = { method: 'GET', route: '/redfish/v1/Systems/{system}', status: 200, milliseconds: 0.3 };
  metrics.redfishAnswered(answered);
  for (let index = 0; index < 50; index++) {
    metrics.redfishAnswered({ method: `M${index}`, route: undefined, status: 404, milliseconds: 0.1 });
  }
  const lines = await own(metrics);
  expect(lines).toContain(
    'quintupleo_redfish_requests_total{method="GET",route="/redfish/v1/Systems/{system}",status="200"} 1',
  );
  expect(lines).toContain('quintupleo_redfish_requests_total{method="other",route="none",status="404"} 50');
});

test('the process is told of: memory, event loop, start', async () => {
  const text = await setUp().metrics.text();
  for (const name of [
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
    'process_start_time_seconds',
    'quintupleo_build_info{version="1.2.3"} 1',
  ]) {
    expect(text).toContain(name);
  }
});

test('names follow the conventions of Prometheus', async () => {
  const names = (await setUp().metrics.names()).filter(name => name.startsWith('quintupleo_'));
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(name).toMatch(/^quintupleo_[a-z]+(_[a-z]+)*$/);
});
