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
