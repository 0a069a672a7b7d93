import { cp, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseFault } from '../../../src/faults/fault.ts';
import type { EventEntry } from '../../../src/node/event-log.ts';
import { simulatedLab, startDaemon, type TestDaemon } from '../harness.ts';

const hot = { kind: 'sensor-over-threshold', sensor: 'Inlet Temp', value: 44 };

async function crossings(daemon: TestDaemon, node: string): Promise<string[]> {
  const { body } = await daemon.call<EventEntry[]>('GET', `/v1/labs/test/nodes/${node}/events`);
  return body.flatMap(({ kind, message }) => (kind === 'sensor-crossed' ? [message] : []));
}

test('a sensor that was beyond a limit before a kill is told to be within it, unless it is not', async () => {
  const first = await startDaemon();
  const lasting = { nodes: ['node-1'], fault: parseFault(hot), duration: undefined, seed: undefined };
  await first.run('POST', '/v1/labs/apply', { ...simulatedLab(2), faults: [lasting] });
  await first.call('POST', '/v1/labs/test/faults', { fault: hot, nodes: ['node-2'] });
  for (const node of ['node-1', 'node-2']) {
    // What is accepted is on disk, and all that was before it.
    await first.call('POST', `/v1/labs/test/nodes/${node}/power`, { action: 'on', wait: 5_000 });
  }
  // One that is killed lifts nothing: what it leaves is what is on disk now.
  const { stateDirectory } = first.paths;
  await cp(stateDirectory, `${stateDirectory}-killed`, { recursive: true });
  await first.stop();
  await rm(stateDirectory, { recursive: true });
  await cp(`${stateDirectory}-killed`, stateDirectory, { recursive: true });

  await using second = await startDaemon(first.paths);
  const beyond = 'Inlet Temp: 44 °C, beyond its upper non-critical limit of 42';
  const within = /^Inlet Temp: .* within its upper non-critical limit of 42$/;
  expect(await crossings(second, 'node-1')).toEqual([beyond]);
  expect(await crossings(second, 'node-2')).toEqual([beyond, expect.stringMatching(within)]);
});
