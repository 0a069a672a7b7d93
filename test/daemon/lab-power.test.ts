import { describe, expect, test } from 'vitest';
import type { LabStatus, NodeStatus, OperationAnswer, PowerRequest } from '../../src/daemon/api.ts';
import { type LabSwitch, startLab, stopLab } from '../../src/daemon/lab-power.ts';
import type { StoppedLab } from '../../src/daemon/lab-record.ts';
import type { PowerState } from '../../src/node/power.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { QuintupleoError } from '../../src/support/errors.ts';
import { nodeStatus } from '../cli/fake-daemon.ts';
import { simulatedLab, startDaemon } from './harness.ts';

const never = new AbortController().signal;
const silent = () => undefined;

/** A lab that does what it is told at once, apart from what a test forbids. */
class FakeLab implements LabSwitch {
  readonly clock = new VirtualClock();
  stopped: StoppedLab | undefined;
  readonly done: string[] = [];
  readonly powers: Record<string, PowerState>;
  readonly hostPowers: Map<string, PowerState>;
  /** Nodes that ignore a soft off, and those that cannot be told to. */
  readonly deaf = new Set<string>();
  readonly unable = new Set<string>();
  readonly broken = new Set<string>();

  constructor(power: Record<string, PowerState>, hosts: Record<string, PowerState> = {}) {
    this.powers = power;
    this.hostPowers = new Map(Object.entries(hosts));
  }

  nodes = async () => Object.keys(this.powers).map(name => this.#status(name));
  hosts = async () => this.hostPowers;
  keep = async (stopped: StoppedLab | undefined) => {
    this.stopped = stopped;
    this.done.push('keep');
  };
  power = async (name: string, { action, wait }: PowerRequest): Promise<OperationAnswer> => {
    this.done.push(action === 'soft-off' ? `${action} ${name} ${wait}` : `${action} ${name}`);
    if (this.broken.has(name)) throw new Error(`${name}: no`);
    if (action === 'soft-off' && this.unable.has(name)) {
      throw new QuintupleoError('no ACPI', { family: 'platform', code: 'UNSUPPORTED' });
    }
    if (action !== 'soft-off' || !this.deaf.has(name)) this.powers[name] = action === 'on' ? 'on' : 'off';
    return { node: this.#status(name), result: undefined };
  };
  switchHost = async (name: string, on: boolean) => {
    this.done.push(`${on ? 'on' : 'off'} host ${name}`);
    this.hostPowers.set(name, on ? 'on' : 'off');
  };

  #status(name: string): NodeStatus {
    return nodeStatus('lab', name, { power: this.powers[name] ?? 'unknown' });
  }
}

describe('a lab that is stopped', () => {
  test('is off, hosts first, and what was on is kept before anything is done', async () => {
    const lab = new FakeLab({ a: 'on', b: 'off' }, { seed: 'on', spare: 'off' });
    await stopLab(lab, 60_000, silent, never);
    expect(lab.done).toEqual(['keep', 'off host seed', 'soft-off a 60000']);
    expect(lab.stopped).toEqual({ nodes: ['a'], hosts: ['seed'] });
  });

  test('loses its power where guests do not obey, cannot be asked, or shall not be', async () => {
    const lab = new FakeLab({ a: 'on', b: 'on' });
    lab.deaf.add('a');
    lab.unable.add('b');
    await stopLab(lab, 60_000, silent, never);
    expect(lab.powers).toEqual({ a: 'off', b: 'off' });
    const hard = new FakeLab({ a: 'on' });
    await stopLab(hard, 0, silent, never);
    expect(hard.done).toEqual(['keep', 'off a']);
  });

  test('is stopped as far as can be when a part of it fails, and the next stop adds to what was kept', async () => {
    const lab = new FakeLab({ a: 'on', b: 'on' });
    lab.broken.add('a');
    await expect(stopLab(lab, 0, silent, never)).rejects.toMatchObject({
      code: 'NOT_STOPPED',
      message: 'a: no',
    });
    expect(lab.powers.b).toBe('off');
    lab.broken.clear();
    await stopLab(lab, 0, silent, never);
    expect(lab.powers.a).toBe('off');
    expect(lab.stopped?.nodes.toSorted()).toEqual(['a', 'b']);
  });

  test('is left alone when nobody knows what is on', async () => {
    const lab = new FakeLab({ a: 'on', b: 'unknown' });
    await expect(stopLab(lab, 0, silent, never)).rejects.toMatchObject({ code: 'POWER_UNKNOWN' });
    expect(lab.done).toEqual([]);
  });
});

describe('a lab that is started', () => {
  test('has what was on, nodes first, and forgets it then', async () => {
    const lab = new FakeLab({ a: 'off', b: 'off' }, { seed: 'off' });
    lab.stopped = { nodes: ['a', 'gone'], hosts: ['seed', 'gone'] };
    await startLab(lab, silent, never);
    expect(lab.done).toEqual(['on a', 'on host seed', 'keep']);
    expect(lab.stopped).toBeUndefined();
  });

  test('keeps it as long as something failed', async () => {
    const lab = new FakeLab({ a: 'off' });
    lab.stopped = { nodes: ['a'], hosts: [] };
    lab.broken.add('a');
    await expect(startLab(lab, silent, never)).rejects.toMatchObject({ code: 'NOT_STARTED' });
    expect(lab.stopped).toEqual({ nodes: ['a'], hosts: [] });
  });

  test('does nothing when it was not stopped', async () => {
    const lab = new FakeLab({ a: 'off' });
    await startLab(lab, silent, never);
    expect(lab.done).toEqual([]);
  });
});

test('what was on when a lab was stopped outlives the daemon and a change of the lab', async () => {
  const first = await startDaemon();
  await first.run('POST', '/v1/labs/apply', simulatedLab(2));
  await first.call('POST', '/v1/labs/test/nodes/node-2/power', { action: 'on', wait: 5_000 });
  const stopped = await first.run('POST', '/v1/labs/test/stop', { grace: 5_000 });
  expect(stopped.at(-1)).toMatchObject({ type: 'done', lab: { stopped: ['node-2'] } });
  await first.stop();
  await using second = await startDaemon(first.paths);
  await second.run('POST', '/v1/labs/apply', simulatedLab(3));
  await second.run('POST', '/v1/labs/test/start');
  const { body } = await second.call<LabStatus>('GET', '/v1/labs/test');
  expect(body.nodes.map(({ power }) => power)).toEqual(['off', 'on', 'off']);
  expect(body.stopped).toBeUndefined();
});

test('drift is what an up of the same file would mend', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(1));
  expect((await daemon.call('GET', '/v1/labs/test/drift')).body).toEqual({ changes: [], warnings: [] });
});
