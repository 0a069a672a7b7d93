import { beforeEach, describe, expect, test } from 'vitest';
import { bootHindrance } from '../../../src/daemon/faults/boot-faults.ts';
import { cloudHindrance } from '../../../src/daemon/faults/cloud-faults.ts';
import { type FaultContent, parseFault } from '../../../src/faults/fault.ts';
import { Faults } from '../../../src/faults/faults.ts';
import { VirtualClock } from '../../../src/support/clock.ts';

let clock: VirtualClock;
let faults: Faults;
let ended: string[];

beforeEach(() => {
  clock = new VirtualClock();
  faults = new Faults(clock, () => 1);
  ended = [];
});

/** Notes when a promise ends. */
function watch(promise: Promise<unknown>): void {
  promise.then(
    value => ended.push(`answered ${JSON.stringify(value)}`),
    () => ended.push('failed'),
  );
}

describe('requests of a machine that boots', () => {
  const inject = (content: FaultContent) =>
    faults.inject({ lab: 'one', nodes: ['a'], fault: parseFault(content) });
  const ask = (mac = 'aa', signal = new AbortController().signal) => {
    const owner = (card: string) => (card === 'aa' ? { lab: 'one', node: 'a' } : undefined);
    watch(Promise.resolve(bootHindrance(faults, owner, clock)(mac, () => signal)));
  };

  test('go their way when nothing is wrong, or something with another node', async () => {
    ask();
    inject({ kind: 'http-lost' });
    ask('bb');
    await clock.advance(0);
    expect(ended).toEqual(['answered undefined', 'answered undefined']);
  });

  test('wait until answers are no longer lost', async () => {
    const { id } = inject({ kind: 'http-lost' });
    ask();
    await clock.advance(60_000);
    expect(ended).toEqual([]);
    faults.lift('one', id);
    await clock.advance(0);
    expect(ended).toEqual(['answered undefined']);
  });

  test('end when the machine gives up', async () => {
    inject({ kind: 'http-lost' });
    const machine = new AbortController();
    ask('aa', machine.signal);
    machine.abort();
    await clock.advance(0);
    expect(ended).toEqual(['answered 408']);
  });

  test('take longer, or get errors', async () => {
    inject({ kind: 'http-slow', delay: '3s' });
    inject({ kind: 'http-errors', status: 500 });
    ask();
    await clock.advance(2_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['answered 500']);
    expect(faults.list('one').map(({ felt }) => felt)).toEqual([1, 1]);
  });
});

describe("calls of a cloud's APIs", () => {
  const inject = (content: FaultContent) =>
    faults.inject({ lab: 'one', nodes: [], fault: parseFault(content) });
  const request = { service: 'compute', method: 'GET', path: '/servers' } as const;
  const ask = (lab = 'one', signal = new AbortController().signal) =>
    watch(cloudHindrance(faults, lab, clock)(request, signal));

  test('are sent when nothing is wrong, or something with another lab', async () => {
    ask();
    inject({ kind: 'cloud-errors' });
    ask('two');
    await clock.advance(0);
    expect(ended).toEqual(['answered undefined', 'answered undefined']);
  });

  test('take longer, and can be given up meanwhile', async () => {
    inject({ kind: 'cloud-slow', delay: '4s' });
    ask();
    const caller = new AbortController();
    ask('one', caller.signal);
    caller.abort();
    await clock.advance(3_999);
    expect(ended).toEqual(['failed']);
    await clock.advance(1);
    expect(ended).toEqual(['failed', 'answered undefined']);
  });

  test('wait no longer than the fault lasts', async () => {
    const { id } = inject({ kind: 'cloud-slow', delay: '1h' });
    ask();
    faults.lift('one', id);
    await clock.advance(0);
    expect(ended).toEqual(['answered undefined']);
  });

  test('are refused as too many, or fail', async () => {
    const { id } = inject({ kind: 'cloud-rate-limited', retryAfter: '7s' });
    ask();
    await clock.advance(0);
    expect(ended[0]).toContain('"status":429');
    expect(ended[0]).toContain('"retry-after":"7"');
    faults.lift('one', id);
    inject({ kind: 'cloud-errors', status: 502 });
    ask();
    await clock.advance(0);
    expect(ended[1]).toContain('"status":502');
  });
});
