import { beforeEach, expect, test } from 'vitest';
import { type ChaosDaemon, runScenario } from '../../../src/cli/chaos/run-scenario.ts';
import type { FaultRequest, FaultStatus } from '../../../src/daemon/api-faults.ts';
import { planScenario, scenarioSchema } from '../../../src/faults/scenario.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { delay } from '../../../src/support/delay.ts';
import { QuintupleoError } from '../../../src/support/errors.ts';

const unreachable = { kind: 'bmc-unreachable' };

let clock: VirtualClock;
let requests: FaultRequest[];
/** IDs of what is injected. */
let live: Set<string>;
/** Milliseconds that an injection takes. */
let slowness: number;
/** What lifting fails with, by ID. */
let failures: Map<string, Error>;
let interruption: AbortController;

beforeEach(() => {
  clock = new VirtualClock();
  requests = [];
  live = new Set();
  slowness = 0;
  failures = new Map();
  interruption = new AbortController();
});

const daemon: ChaosDaemon = {
  async inject(lab, request) {
    if (slowness > 0) await delay(clock, slowness);
    requests.push(request);
    const id = `f${requests.length}`;
    live.add(id);
    const { nodes = [] } = request;
    const status: FaultStatus = {
      ...{ id, lab, nodes, kind: 'bmc-unreachable', text: 'unreachable', seed: 1 },
      ...{ since: clock.now(), until: undefined, felt: 0, problems: {}, notes: {} },
    };
    return [status];
  },
  faults: async () => [],
  async lift(_lab, id) {
    live.delete(id);
    const failure = failures.get(id);
    if (failure) throw failure;
  },
  async *watch(signal) {
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
    yield* [];
  },
};

function run(...steps: readonly unknown[]) {
  const scenario = scenarioSchema.parse({ name: 'test', steps, settle: '0s' });
  const plan = planScenario(scenario, ['a', 'b']);
  const running = runScenario(plan, {
    ...{ lab: 'one', daemon, clock, signal: interruption.signal },
    tell: () => undefined,
  });
  running.catch(() => undefined);
  return running;
}

test('what is injected late lasts a while all the same', async () => {
  slowness = 60_000;
  const running = run({ for: '10s', fault: unreachable }, { for: '10s', fault: unreachable });
  await clock.advance(600_000);
  expect((await running).steps).toHaveLength(2);
  expect(requests.every(({ duration }) => (duration ?? 0) > 0)).toBe(true);
  expect(live.size).toBe(0);
});

test('one fault that cannot be lifted keeps no other from being lifted', async () => {
  failures.set('f1', new Error('the daemon is busy'));
  const running = run({ for: '10s', fault: unreachable }, { for: '20s', fault: unreachable });
  await clock.advance(60_000);
  await expect(running).rejects.toThrow('the daemon is busy');
  expect(live.size).toBe(0);
});

test('what somebody else has lifted is lifted', async () => {
  failures.set('f1', new QuintupleoError('gone', { family: 'user', code: 'FAULT_NOT_FOUND' }));
  const running = run({ for: '10s', fault: unreachable });
  await clock.advance(60_000);
  expect((await running).interrupted).toBe(false);
});

test('what is being injected when the run is interrupted is lifted', async () => {
  slowness = 5_000;
  const running = run({ for: '1min', fault: unreachable }, { for: '1min', fault: unreachable });
  await clock.advance(1_000);
  interruption.abort();
  await clock.advance(60_000);
  expect((await running).interrupted).toBe(true);
  expect(requests).toHaveLength(1);
  expect(live.size).toBe(0);
});

test('what is wrong with the cloud concerns all nodes', async () => {
  const running = run({ for: '10s', fault: { kind: 'cloud-errors' } });
  await clock.advance(60_000);
  expect((await running).nodes.map(({ node }) => node)).toEqual(['a', 'b']);
});
