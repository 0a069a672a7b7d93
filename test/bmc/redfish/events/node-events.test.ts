import { expect, test } from 'vitest';
import { tellOfNode } from '../../../../src/bmc/redfish/events/node-events.ts';
import { createFixture } from '../fixture.ts';

async function createTold() {
  const fixture = await createFixture();
  fixture.events.splice(0);
  const stop = tellOfNode(fixture.bmc('n1'), fixture.service.events);
  const told = () =>
    fixture.events.map(({ message, origin }) => `${message.MessageId.split('.').at(-1)} ${origin}`);
  return { ...fixture, stop, told };
}

test('what happens to a node is told with the log entry that says so', async () => {
  const { power, told, events, ask } = await createTold();
  await power('n1', 'on');
  expect(told()).toContain('ResourcePoweredOn /redfish/v1/Systems/n1');
  for (const { logEntry } of events) expect((await ask('GET', logEntry ?? '')).status).toBe(200);
});

test('nothing is told of other nodes, nor after the end', async () => {
  const { power, told, stop } = await createTold();
  await power('n2', 'on');
  expect(told()).toEqual([]);
  stop();
  await power('n1', 'on');
  expect(told()).toEqual([]);
});

test('a log that is cleared, and an entry that is taken away, are not told as what was in it before', async () => {
  const { power, told, bmc } = await createTold();
  await power('n1', 'on');
  const { node } = bmc('n1');
  const before = told().length;
  const last = node.state.log.entries.at(-1);
  await node.command({ type: 'delete-event', id: last?.id ?? 0 });
  expect(told()).toHaveLength(before);
  await node.command({ type: 'clear-log', by: 'test' });
  expect(told().slice(before)).toEqual(['ResourceChanged /redfish/v1/Systems/n1']);
});

test('a record that a client adds is told as a log entry that has come to be', async () => {
  const { bmc, told } = await createTold();
  await bmc('n1').node.command({ type: 'add-record', record: Array<number>(16).fill(1) });
  expect(told()).toEqual(['ResourceCreated /redfish/v1/Systems/n1/LogServices/EventLog/Entries/1']);
});

test('media that are inserted and ejected are told of their slot', async () => {
  const { bmc, told, ask } = await createTold();
  const image = { url: 'http://192.0.2.1/x.iso', file: '/nowhere/x.iso', size: 1, writeProtected: true };
  const { node } = bmc('n1');
  const slot = node.capabilities.mediaSlots[0] ?? 'cd';
  await node.command({ type: 'set-media', slot, image, by: 'test' });
  await node.command({ type: 'set-media', slot, image: undefined, by: 'test' });
  const path = '/redfish/v1/Systems/n1/VirtualMedia/Cd';
  expect((await ask('GET', path)).status).toBe(200);
  expect(told()).toEqual([`ResourceChanged ${path}`, `ResourceChanged ${path}`]);
});
