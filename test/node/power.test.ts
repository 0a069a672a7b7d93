import { describe, expect, test } from 'vitest';
import { everything, NodeModel } from './model.ts';

const actions = (node: NodeModel) =>
  node.acts.map(act => act.action).filter(action => action !== 'set-next-boot');

describe('power is what was observed', () => {
  test('a machine that was told to power on is off until it is seen on', () => {
    const node = new NodeModel();
    node.power('on');
    const seen = node.finishCallUnseen();
    expect(node.state.power).toBe('off');
    expect(node.state.durable.operation?.phase.name).toBe('verifying');
    seen();
    expect(node.state.power).toBe('on');
    expect(node.state.durable.operation).toBeUndefined();
    expect(node.state.results.at(-1)).toMatchObject({ action: 'on', outcome: 'done' });
  });

  test('a guest that powers itself off is seen off, and the log says whose doing it was', () => {
    const node = new NodeModel(everything, 'on');
    node.guestPowersOff();
    expect(node.state.power).toBe('off');
    expect(node.state.log.entries.at(-1)).toMatchObject({
      kind: 'power-off',
      message: 'powered off (guest)',
    });
  });

  test('hours of operation count only while the machine is on', () => {
    const node = new NodeModel();
    node.power('on');
    node.settle();
    node.pass(3_600_000);
    node.power('off');
    node.settle();
    const { poweredOn, onSince } = node.state.durable;
    expect(onSince).toBeUndefined();
    expect(poweredOn).toBe(3_600_000);
  });
});

describe('a command is never lost and never wrong-footed', () => {
  test('already in the wanted state is success without a driver call', () => {
    const node = new NodeModel();
    expect(node.power('off')).toEqual({ accepted: true });
    expect(node.power('soft-off')).toEqual({ accepted: true });
    expect(node.acts).toEqual([]);
  });

  test('a command while another is under way waits for it; the last one wins', () => {
    const node = new NodeModel();
    node.power('on');
    node.power('off');
    node.power('on');
    node.power('off');
    expect(node.calls).toHaveLength(1);
    node.failCall('transient');
    node.settle();
    expect(node.machine.power).toBe('off');
    expect(node.state.durable.pending).toBeUndefined();
  });

  test('a second call is made only when the first has ended', () => {
    const node = new NodeModel(everything, 'on');
    node.power('soft-off');
    node.power('on');
    expect(node.calls).toHaveLength(1);
    node.settle();
    expect(actions(node)).toEqual(['soft-off', 'on']);
    expect(node.machine.power).toBe('on');
  });

  test('a conflict is tried again until it passes', () => {
    const node = new NodeModel();
    node.power('on');
    node.failCall('conflict');
    expect(node.state.durable.operation?.phase).toMatchObject({
      name: 'waiting',
      reason: 'simulated conflict',
    });
    expect(node.calls).toHaveLength(0);
    node.pass(1_000);
    node.failCall('conflict');
    node.pass(2_000);
    node.finishCall();
    expect(node.state.power).toBe('on');
    expect(actions(node)).toEqual(['on', 'on', 'on']);
  });

  test('a conflict that ends by itself in the wanted state is success', () => {
    const node = new NodeModel();
    node.power('on');
    node.observe({ type: 'power', power: 'on' });
    node.failCall('conflict');
    expect(node.state.durable.operation).toBeUndefined();
    expect(node.state.results.at(-1)).toMatchObject({ outcome: 'done' });
  });

  test('a change of the machine ends the wait before the next try', () => {
    const node = new NodeModel(everything, 'on');
    node.power('reset');
    node.failCall('conflict');
    expect(node.calls).toHaveLength(0);
    node.observe({ type: 'power', power: 'unknown' });
    expect(node.calls).toHaveLength(1);
  });

  test('what does not pass within the bound fails loudly', () => {
    const node = new NodeModel();
    node.power('on');
    for (let tries = 0; tries < 100 && node.state.durable.operation; tries++) {
      node.failCall('conflict');
      node.pass(1_000);
    }
    expect(node.state.results.at(-1)).toMatchObject({ outcome: 'failed', message: 'simulated conflict' });
    expect(node.state.log.entries.at(-1)).toMatchObject({ kind: 'power-failed', severity: 'critical' });
  });

  test('a refusal of the platform fails at once', () => {
    const node = new NodeModel();
    node.power('on');
    node.failCall('refused');
    expect(node.state.results.at(-1)).toMatchObject({ outcome: 'failed' });
    expect(node.state.power).toBe('off');
  });

  test('a call that hangs is given up at its deadline', () => {
    const node = new NodeModel();
    node.power('on');
    node.pass(61_000);
    expect(node.calls[0]?.aborted).toBe(true);
    node.failCall('transient');
    expect(node.state.durable.operation).toBeUndefined();
    expect(node.state.results.at(-1)).toMatchObject({ outcome: 'failed' });
  });
});

describe('hard off is hard', () => {
  test('it does not wait for a guest that was asked and does not obey', () => {
    const node = new NodeModel(everything, 'on');
    node.power('soft-off');
    node.finishCallUnseen();
    expect(node.state.durable.operation?.phase.name).toBe('verifying');
    node.power('off');
    expect(node.calls[0]?.act.action).toBe('off');
    node.finishCall();
    expect(node.state.power).toBe('off');
    expect(node.state.results.map(result => result.outcome)).toEqual(['superseded', 'done']);
  });

  test('it ends a call under way that stands in its way', () => {
    const node = new NodeModel(everything, 'on');
    node.power('reset');
    node.power('off');
    expect(node.calls[0]).toMatchObject({ act: { action: 'reset' }, aborted: true });
    node.failCall('transient');
    expect(node.calls[0]?.act.action).toBe('off');
  });

  test('it is done even to a machine that is seen off while a failed power-on may still have its effect', () => {
    const node = new NodeModel();
    node.power('on');
    node.power('off');
    node.failCall('transient');
    expect(node.calls[0]?.act.action).toBe('off');
  });

  test('a guest that ignores a soft off fails it, and stays on', () => {
    const node = new NodeModel(everything, 'on');
    node.power('soft-off');
    node.finishCallUnseen();
    node.pass(121_000);
    expect(node.state.results.at(-1)).toMatchObject({
      outcome: 'failed',
      message: 'the guest did not power itself off',
    });
    expect(node.state.power).toBe('on');
  });

  test('a reset of a machine whose guest ignores a soft off is done at once', () => {
    const node = new NodeModel(everything, 'on');
    node.power('soft-off');
    node.finishCallUnseen();
    expect(node.power('reset')).toMatchObject({ accepted: true });
    expect(node.calls[0]?.act.action).toBe('reset');
  });
});

describe('compound commands', () => {
  test('cycle is hard off and on', () => {
    const node = new NodeModel(everything, 'on');
    node.power('cycle');
    node.settle();
    expect(actions(node)).toEqual(['off', 'on']);
    expect(node.machine.power).toBe('on');
  });

  test('a graceful restart waits for the guest', () => {
    const node = new NodeModel(everything, 'on');
    node.power('graceful-restart');
    const obey = node.finishCallUnseen();
    node.pass(30_000);
    expect(actions(node)).toEqual(['soft-off']);
    obey();
    node.settle();
    expect(actions(node)).toEqual(['soft-off', 'on']);
  });

  test('a hard off during a cycle leaves the machine off', () => {
    const node = new NodeModel(everything, 'on');
    node.power('cycle');
    node.power('off');
    node.settle();
    expect(node.machine.power).toBe('off');
  });
});

describe('unsupported is an answer', () => {
  test.each(['reset', 'cycle', 'nmi', 'graceful-restart'] as const)(
    '%s of a machine that is off is refused',
    action => {
      expect(new NodeModel().power(action)).toMatchObject({ accepted: false, refusal: 'wrong-state' });
    },
  );

  test('what the driver cannot do is refused, and nothing is called', () => {
    const node = new NodeModel({ ...everything, actions: ['on', 'off'] }, 'on');
    expect(node.power('nmi')).toMatchObject({ accepted: false, refusal: 'unsupported' });
    expect(node.power('soft-off')).toMatchObject({ accepted: false, refusal: 'unsupported' });
    expect(node.acts).toEqual([]);
  });

  test('an NMI during another operation is refused for now', () => {
    const node = new NodeModel(everything, 'on');
    node.power('reset');
    expect(node.power('nmi')).toMatchObject({ accepted: false, refusal: 'busy' });
  });
});

describe('a kill of the daemon', () => {
  test('loses no accepted command', () => {
    const node = new NodeModel();
    node.power('on');
    node.restart();
    node.settle();
    expect(node.machine.power).toBe('on');
  });

  test('loses no command that waited behind another', () => {
    const node = new NodeModel();
    node.power('on');
    node.power('soft-off');
    node.restart();
    node.settle();
    expect(node.machine.power).toBe('off');
    expect(actions(node)).toContain('on');
  });

  test('sends no second NMI', () => {
    const node = new NodeModel(everything, 'on');
    node.power('nmi');
    node.restart();
    node.settle();
    expect(actions(node)).toEqual(['nmi']);
    expect(node.state.results.at(-1)).toMatchObject({ outcome: 'failed' });
  });
});

describe('after the host lost power', () => {
  const cases = [
    ['always-off', 'on', false],
    ['previous', 'on', true],
    ['previous', 'off', false],
    ['always-on', 'off', true],
  ] as const;
  test.each(cases)('policy %s with a machine that was %s', (policy, before, starts) => {
    const node = new NodeModel(everything, before);
    node.command({ type: 'set-restore-policy', policy });
    node.machine.power = 'off';
    node.state = { ...node.state, power: 'unknown', seen: false };
    node.take({ type: 'started', powerLost: true });
    node.observe({ type: 'power', power: 'off' });
    node.settle();
    expect(node.machine.power).toBe(starts ? 'on' : 'off');
    if (starts) expect(node.state.durable.restartCause).toBe('restore-policy');
  });
});

describe('watchdog', () => {
  const settings = {
    use: 4,
    action: 'cycle',
    interval: 10_000,
    dontLog: false,
    preTimeoutInterrupt: 0,
    preTimeoutInterval: 0,
  } as const;

  test('resets a machine whose guest stops kicking it', () => {
    const node = new NodeModel(everything, 'on');
    node.command({ type: 'set-watchdog', settings, keepRunning: false, clearExpiredUses: 0 });
    node.command({ type: 'kick-watchdog' });
    node.pass(9_000);
    node.command({ type: 'kick-watchdog' });
    node.pass(9_000);
    expect(actions(node)).toEqual([]);
    node.pass(1_000);
    node.settle();
    expect(actions(node)).toEqual(['off', 'on']);
    expect(node.state.watchdog.expiredUses).toBe(1 << 4);
    expect(node.state.durable.restartCause).toBe('watchdog');
  });

  test('cannot be started before it was set up', () => {
    const node = new NodeModel(everything, 'on');
    expect(node.command({ type: 'kick-watchdog' })).toMatchObject({ accepted: false, refusal: 'not-found' });
  });
});
