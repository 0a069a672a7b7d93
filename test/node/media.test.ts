import { expect, test } from 'vitest';
import { everything, NodeModel } from './model.ts';

const image = { url: 'http://h/a.iso', file: '/a.iso', size: 10, writeProtected: true };
const insert = (node: NodeModel) => node.command({ type: 'set-media', slot: 'cd', image, by: 'test' });
const eject = (node: NodeModel) =>
  node.command({ type: 'set-media', slot: 'cd', image: undefined, by: 'test' });

test('media are given to a machine whether it is on or off, without touching its power', () => {
  for (const power of ['on', 'off'] as const) {
    const node = new NodeModel(everything, power);
    node.observe({ type: 'power', power });
    node.settle();
    insert(node);
    expect(node.state.told.media).not.toBe(node.state.durable.media.revision);
    node.settle();
    expect(node.acts.filter(({ action }) => action !== 'set-next-boot')).toMatchObject([
      { action: 'set-media', media: { cd: image, usb: undefined } },
    ]);
    expect(node.state.told.media).toBe(node.state.durable.media.revision);
    expect(node.machine.power).toBe(power);
    eject(node);
    node.settle();
    expect(node.acts.at(-1)).toMatchObject({ action: 'set-media', media: { cd: undefined } });
  }
});

test('a machine has its media before a boot that may want them', () => {
  const node = new NodeModel();
  node.observe({ type: 'power', power: 'off' });
  insert(node);
  node.power('on');
  node.settle();
  expect(node.acts.map(({ action }) => action)).toEqual(['set-media', 'on']);
});

test('a machine that could not be given them is given them later, and says why meanwhile', () => {
  const node = new NodeModel();
  node.observe({ type: 'power', power: 'off' });
  insert(node);
  node.failCall('transient');
  expect(node.state.mediaProblem).toBe('simulated transient');
  expect(node.state.log.entries.at(-1)?.kind).toBe('media-failed');
  node.pass(10_000);
  node.settle();
  expect(node.state.mediaProblem).toBeUndefined();
  expect(node.state.told.media).toBe(node.state.durable.media.revision);
});

test('media that cannot be given do not keep a machine from being powered on', () => {
  const node = new NodeModel();
  node.observe({ type: 'power', power: 'off' });
  insert(node);
  node.failCall('refused');
  node.power('on');
  expect(node.calls[0]?.act.action).toBe('on');
});

test('after a restart of the daemon the machine is given its media again', () => {
  const node = new NodeModel();
  node.observe({ type: 'power', power: 'off' });
  insert(node);
  node.settle();
  node.restart();
  expect(node.calls[0]?.act.action).toBe('set-media');
});

test('a machine without drives refuses', () => {
  const node = new NodeModel({ ...everything, mediaSlots: [] });
  expect(insert(node)).toMatchObject({ accepted: false, refusal: 'unsupported' });
});
