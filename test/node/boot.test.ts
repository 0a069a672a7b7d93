import { describe, expect, test } from 'vitest';
import { everything, NodeModel } from './model.ts';

const targets = (node: NodeModel) => node.boots.map(boot => boot.target);

describe('once means once', () => {
  test('a boot uses it up, and the next one is the node’s own', () => {
    const node = new NodeModel();
    node.override('once', 'pxe');
    node.power('on');
    node.settle();
    node.power('reset');
    node.settle();
    expect(targets(node)).toEqual(['pxe', 'default']);
    expect(node.state.durable.boot.enabled).toBe('disabled');
  });

  test('a guest that restarts the machine by itself uses it up too', () => {
    const node = new NodeModel(everything, 'on');
    node.override('once', 'pxe');
    node.finishCall();
    node.guestRestarts();
    node.finishCall();
    node.guestRestarts();
    expect(targets(node)).toEqual(['pxe', 'default']);
  });

  test('it survives a restart of the daemon, unused', () => {
    const node = new NodeModel();
    node.override('once', 'pxe');
    node.restart();
    node.power('on');
    node.settle();
    expect(targets(node)).toEqual(['pxe']);
  });

  test('a boot that used it while the daemon was being killed is not done twice', () => {
    const node = new NodeModel();
    node.override('once', 'pxe');
    node.power('on');
    const kept = node.state;
    node.finishCall();
    // The daemon dies after the machine has booted and before it could keep that.
    node.state = kept;
    node.restart();
    node.settle();
    node.power('reset');
    node.settle();
    expect(targets(node)).toEqual(['pxe', 'default']);
  });

  test('one that a client wrote anew during a boot is for the boot after that', () => {
    const node = new NodeModel();
    node.override('once', 'pxe');
    node.power('on');
    node.override('once', 'disk');
    node.settle();
    expect(node.state.durable.boot).toMatchObject({ enabled: 'once', target: 'disk' });
    node.finishCall();
    node.power('reset');
    node.settle();
    expect(targets(node)).toEqual(['pxe', 'disk']);
  });
});

test('a continuous override is for every boot until it is taken back', () => {
  const node = new NodeModel();
  node.override('continuous', 'pxe');
  node.power('on');
  node.settle();
  node.power('cycle');
  node.settle();
  node.override('disabled', 'default');
  node.power('reset');
  node.settle();
  expect(targets(node)).toEqual(['pxe', 'pxe', 'default']);
});

test('a running machine is told at once what it shall boot next, and again if it could not be told', () => {
  const node = new NodeModel(everything, 'on');
  node.override('continuous', 'pxe');
  expect(node.calls[0]?.act).toMatchObject({ action: 'set-next-boot', boot: { target: 'pxe' } });
  node.failCall('transient');
  expect(node.calls).toHaveLength(0);
  node.pass(5_000);
  expect(node.calls[0]?.act.action).toBe('set-next-boot');
  node.finishCall();
  node.guestRestarts();
  expect(targets(node)).toEqual(['pxe']);
});

describe('a once override that lapses', () => {
  test('does so when no power command came in time', () => {
    const node = new NodeModel();
    node.override('once', 'pxe', 60_000);
    node.pass(60_000);
    expect(node.state.durable.boot.enabled).toBe('disabled');
    expect(node.state.log.entries.at(-1)?.kind).toBe('boot-override-expired');
  });

  test('gets its time anew by a power command, and does not lapse while that is carried out', () => {
    const node = new NodeModel(everything, 'on');
    node.override('once', 'pxe', 60_000);
    node.finishCall();
    node.pass(50_000);
    node.power('soft-off');
    node.finishCallUnseen();
    node.pass(100_000);
    expect(node.state.durable.boot.enabled).toBe('once');
    node.guestPowersOff();
    node.pass(59_000);
    node.power('on');
    node.settle();
    expect(targets(node)).toEqual(['pxe']);
  });

  test('reads back as the client wrote it', () => {
    const node = new NodeModel();
    node.command({
      type: 'set-boot-override',
      override: { enabled: 'continuous', target: 'pxe', detail: [0xe0, 0x04, 0, 0, 0] },
      expiresAfter: 60_000,
      by: 'test',
    });
    expect(node.state.durable.boot).toMatchObject({
      enabled: 'continuous',
      target: 'pxe',

      detail: [0xe0, 0x04, 0, 0, 0],
      expiresAt: undefined,
    });
  });
});

test('a target that the driver cannot boot from is refused', () => {
  const node = new NodeModel({ ...everything, bootTargets: ['default', 'disk'] });
  expect(node.override('once', 'pxe')).toMatchObject({ accepted: false, refusal: 'unsupported' });
  expect(node.state.durable.boot.enabled).toBe('disabled');
});
