import { expect, test } from 'vitest';
import { ControlClient } from '../../../src/cli/client.ts';
import type { NodeSummary, WatchMessage } from '../../../src/daemon/api-watch.ts';
import { simulatedLab, startDaemon } from '../harness.ts';

test('a node that is powered on is seen to be by who watches, and its timeline with it', async () => {
  await using daemon = await startDaemon();
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(2));
  await using client = new ControlClient(daemon.paths.controlSocket, new AbortController().signal);
  expect((await client.nodes()).map(({ lab, name, power }) => `${lab}/${name} ${power}`)).toEqual([
    'test/node-1 off',
    'test/node-2 off',
  ]);
  const seen: NodeSummary[] = [];
  const texts: string[] = [];
  for await (const message of client.watch()) {
    if (message.type === 'all') {
      expect(message.nodes).toHaveLength(2);
      await client.power('test', 'node-2', { action: 'on', wait: 5_000 });
    }
    if (message.type === 'nodes') seen.push(...message.nodes);
    if (message.type === 'entries') texts.push(...message.entries.map(({ text }) => text));
    if (texts.some(text => /: on done/.test(text))) break;
  }
  expect(seen.at(-1)).toMatchObject({ name: 'node-2', power: 'on', faults: [] });
  expect(seen.at(-1)?.bmc.ipmi).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(texts).toContain('seen: firmware started (power-on)');
  // A simulated machine's console asks for a login at once.
  expect((await client.nodes()).map(({ stage }) => stage)).toEqual(['off', 'os']);
});

test('who watches is told of labs that come and go', async () => {
  await using daemon = await startDaemon();
  await using client = new ControlClient(daemon.paths.controlSocket, new AbortController().signal);
  const messages = client.watch()[Symbol.asyncIterator]();
  expect((await messages.next()).value).toMatchObject({ type: 'all', nodes: [] });
  await daemon.run('POST', '/v1/labs/apply', simulatedLab(3));
  expect(await untilNodes(messages, 3)).toBe(3);
  await daemon.run('DELETE', '/v1/labs/test');
  expect(await untilNodes(messages, 0)).toBe(0);
  await messages.return?.();
});

async function untilNodes(messages: AsyncIterator<WatchMessage>, count: number): Promise<number> {
  for (;;) {
    const { value, done } = await messages.next();
    if (done) throw new Error('the stream has ended');
    if (value.type === 'all' && value.nodes.length === count) return value.nodes.length;
  }
}
