import { expect, test } from 'vitest';
import { everything, NodeModel } from './model.ts';

const steps = (node: NodeModel) =>
  node.state.log.entries.filter(({ kind }) => kind === 'netboot').map(({ message }) => message);

const fetches = (node: NodeModel, ...things: string[]) => {
  for (const what of things) node.observe({ type: 'fetched', what });
};

test('each step of a network boot is logged once, however often it was fetched', () => {
  const node = new NodeModel(everything, 'on');
  fetches(
    node,
    'asked: network',
    'asked: network',
    'fetched vmlinuz',
    'fetched disk.img',
    'fetched disk.img',
  );
  expect(steps(node)).toEqual(['asked: network', 'fetched vmlinuz', 'fetched disk.img']);
});

test('the next boot is logged again', () => {
  const node = new NodeModel(everything, 'on');
  fetches(node, 'asked: network');
  node.guestRestarts();
  fetches(node, 'asked: network');
  node.power('cycle');
  node.settle();
  fetches(node, 'asked: network');
  expect(steps(node)).toHaveLength(3);
});

test('a machine that fetches without end does not fill the log', () => {
  const node = new NodeModel(everything, 'on');
  for (let index = 0; index < 1000; index++) fetches(node, `file ${index}`);
  expect(steps(node)).toHaveLength(16);
});

test('each address that was given since the boot is known once, and is no event', () => {
  const node = new NodeModel(everything, 'on');
  const lease = (address: string) => node.observe({ type: 'leased', address });
  const { entries } = node.state.log;
  lease('192.0.2.7');
  lease('192.0.2.8');
  lease('192.0.2.7');
  expect(node.state.leased).toEqual(['192.0.2.7', '192.0.2.8']);
  expect(node.state.log.entries).toEqual(entries);
  for (let index = 0; index < 1000; index++) lease(`address ${index}`);
  expect(node.state.leased).toHaveLength(64);
  node.guestRestarts();
  expect(node.state.leased).toEqual([]);
});
