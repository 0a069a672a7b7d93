import { expect, test } from 'vitest';
import { SimulatedDriver } from '../../src/drivers/simulated/simulated-driver.ts';
import type { Activity } from '../../src/node/activity.ts';
import { DriverError, machineId } from '../../src/node/driver.ts';
import type { PowerAction } from '../../src/node/power.ts';
import { type KeptNode, NodeRunner } from '../../src/node/runner.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { silentLog } from '../../src/support/log.ts';
import { currentRequest, onBehalfOf, RequestScope } from '../../src/support/request-scope.ts';

const spec = {
  name: 'node-1',
  uuid: '8c4f6f2e-4a53-4b3a-9e8e-0d5c1f6d7a10',
  cpus: 1,
  memory: 2 ** 29,
  disks: [],
  nics: [],
  firmware: 'bios',
} as const;
const machine = machineId('lab', spec.name);

const scopeOf = (name: string) => new RequestScope(() => ({ face: 'ipmi', name, by: 'a test' }));

/** A node that is off, and what it goes through from then on. */
async function setUp(latency = 1_000) {
  const clock = new VirtualClock();
  const driver = new SimulatedDriver({ stateDirectory: undefined, clock, latency, faultRate: 0, seed: 1 });
  const document = memoryDocument<KeptNode>();
  const node = await NodeRunner.start({ spec, machine, driver, clock, document, log: silentLog }, false);
  const stop = new AbortController();
  await driver.watch((_, observation) => node.observe(observation), stop.signal);
  const lab = { name: 'lab', networks: [], nodes: [spec] };
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, stop.signal);
  const activities: Activity[] = [];
  node.onActivity(activity => activities.push(activity));
  return { clock, driver, node, activities };
}

/** One line an activity, with the request that it is of. */
function lines(activities: readonly Activity[]): string[] {
  return activities.map(activity => {
    const request = 'request' in activity && activity.request ? ` for ${activity.request.origin.name}` : '';
    return `${textOf(activity)}${request}`;
  });
}

function textOf(activity: Activity): string {
  switch (activity.type) {
    case 'command':
      return `command ${activity.command.type} ${activity.reply.accepted ? 'accepted' : 'refused'}`;
    case 'operation-began':
      return `operation ${activity.operation.id} ${activity.operation.action} began`;
    case 'operation-ended':
      return `operation ${activity.result.id} ${activity.result.outcome} after ${activity.milliseconds}`;
    case 'call':
      return `call ${activity.act.action}`;
    case 'call-ended':
      return `call ${activity.act.action} ${activity.error?.kind ?? 'done'} after ${activity.milliseconds}`;
    case 'observed':
      return `observed ${activity.observation.type}`;
    case 'logged':
      return `logged ${activity.entry.kind}`;
  }
}

test('a power command is told from the request to what was seen of it, each step once', async () => {
  const { node, clock, activities } = await setUp();
  await onBehalfOf(scopeOf('Chassis Control'), () =>
    node.command({ type: 'power', action: 'on', by: 'a test' }),
  );
  await clock.advance(2_000);
  expect(lines(activities)).toEqual([
    'command power accepted for Chassis Control',
    'operation 1 on began for Chassis Control',
    'call on for Chassis Control',
    'observed booted',
    'logged power-on',
    'logged booted',
    'call on done after 1000 for Chassis Control',
    'operation 1 done after 1000 for Chassis Control',
  ]);
});

test('an operation that makes way ends before the one that takes its place begins, and each has its own request', async () => {
  const { node, clock, activities } = await setUp();
  await onBehalfOf(scopeOf('on'), () => node.command({ type: 'power', action: 'on', by: 'a test' }));
  await clock.advance(500);
  await onBehalfOf(scopeOf('off'), () => node.command({ type: 'power', action: 'off', by: 'a test' }));
  await clock.advance(5_000);
  const operations = lines(activities).filter(line => line.startsWith('operation'));
  expect(operations).toEqual([
    'operation 1 on began for on',
    'operation 1 superseded after 500 for on',
    expect.stringMatching(/^operation 2 (off began|done after undefined) for off$/),
    ...operations.slice(3),
  ]);
});

test('a request that is superseded before it was begun is told to have ended, without a duration', async () => {
  const { node, clock, activities } = await setUp();
  const ask = (name: string, action: PowerAction) =>
    onBehalfOf(scopeOf(name), () => node.command({ type: 'power', action, by: 'a test' }));
  await ask('first', 'on');
  await clock.advance(1);
  await ask('second', 'cycle');
  await ask('third', 'off');
  await clock.advance(10_000);
  const ended = lines(activities).filter(line => /^operation \d+ (done|superseded)/.test(line));
  for (const name of ['first', 'third']) expect(ended.some(line => line.endsWith(`for ${name}`))).toBe(true);
  expect(new Set(ended).size).toBe(ended.length);
});

test('a refused command is told with its refusal, and sets nothing off', async () => {
  const { node, activities } = await setUp();
  await node.command({ type: 'power', action: 'reset', by: 'a test' });
  expect(lines(activities)).toEqual(['command power refused']);
});

test('a driver call is made on behalf of whoever asked, also when it is tried again later', async () => {
  const { node, clock, driver, activities } = await setUp(0);
  const callers: (string | undefined)[] = [];
  const act = driver.act.bind(driver);
  driver.act = (...given) => {
    callers.push(currentRequest()?.origin.name);
    if (callers.length === 1) return Promise.reject(new DriverError('transient', 'try again'));
    return act(...given);
  };
  await onBehalfOf(scopeOf('Chassis Control'), () =>
    node.command({ type: 'power', action: 'on', by: 'a test' }),
  );
  await clock.advance(60_000);
  expect(callers).toEqual(['Chassis Control', 'Chassis Control']);
  expect(lines(activities)).toContain('call on transient after 0 for Chassis Control');
});

test('what follows from an observation is not taken for a request’s that happened to be there before', async () => {
  const { node, clock, driver } = await setUp(0);
  await onBehalfOf(scopeOf('earlier'), () => node.command({ type: 'power', action: 'on', by: 'a test' }));
  await clock.advance(0);
  const callers: (string | undefined)[] = [];
  driver.act = async () => {
    callers.push(currentRequest()?.origin.name);
  };
  const override = { enabled: 'once', target: 'pxe', detail: undefined } as const;
  await node.command({ type: 'set-boot-override', override, expiresAfter: undefined, by: 'a test' });
  // The driver's stream may have been opened by a request.
  onBehalfOf(scopeOf('stale'), () => node.observe({ type: 'panicked', detail: 'for a test' }));
  await clock.advance(10_000);
  expect(callers).toEqual([undefined]);
});

test('the same power seen again, the same file fetched and the same address given again, are no news', async () => {
  const { node, activities } = await setUp();
  node.observe({ type: 'power', power: 'on' });
  node.observe({ type: 'power', power: 'on' });
  node.observe({ type: 'fetched', what: 'fetched vmlinuz' });
  node.observe({ type: 'fetched', what: 'fetched vmlinuz' });
  node.observe({ type: 'leased', address: '192.0.2.7' });
  node.observe({ type: 'leased', address: '192.0.2.7' });
  const seen = lines(activities).filter(line => line.startsWith('observed'));
  expect(seen).toEqual(['observed power', 'observed fetched', 'observed leased']);
});

test('whoever stops listening is told no more', async () => {
  const { node } = await setUp();
  const told: Activity[] = [];
  const stop = node.onActivity(activity => told.push(activity));
  node.observe({ type: 'power', power: 'on' });
  const before = told.length;
  stop();
  node.observe({ type: 'power', power: 'off' });
  expect([before > 0, told.length]).toEqual([true, before]);
});
