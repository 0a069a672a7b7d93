import { describe, expect, test } from 'vitest';
import type { LabSpec } from '../../../src/node/spec.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { labOf, type Maker, never, nodeOf, ProviderPlatform } from './provider-platform.ts';
import type { Snapshot } from './stand-in/stand-in-cloud.ts';

/** A lab small enough to be killed at each of its requests, and with a part of every kind that is found by its label. */
const lab: LabSpec = labOf(
  [
    nodeOf(0, {
      disks: [
        { name: 'root', size: 2 ** 30 },
        { name: 'data', size: 2 ** 30, cloud: { source: 'volume' } },
      ],
    }),
  ],
  {
    cloud: {
      routers: [{ name: 'r', networks: [{ network: 'provision', address: '192.168.24.254' }] }],
      serverGroups: [{ name: 'apart', policy: 'anti-affinity' }],
      hosts: [],
    },
  },
);

/** To try every request takes a minute: each run takes some of them, and each run others. */
const stride = 7;
const start = () => 1 + Math.floor(Math.random() * stride);

/**
 * Ends a process as `kill -9` does once it has had the answer to so many requests: nothing more is sent.
 * @returns whether it came to its end before
 */
async function killedAfter(maker: Maker, requests: number, work: (signal: AbortSignal) => Promise<unknown>) {
  const kill = new AbortController();
  const { counts } = maker.openstack;
  const count = counts.count.bind(counts);
  let left = requests;
  counts.count = (...call) => {
    count(...call);
    if (--left === 0) kill.abort(new Error('killed'));
  };
  const closed = new Promise<void>(resolve => {
    kill.signal.addEventListener('abort', () => resolve(maker.close()));
  });
  try {
    await Promise.race([work(kill.signal), closed]);
  } catch {
    // Whatever it said, nobody has heard it.
  }
  if (!kill.signal.aborted) return true;
  await closed;
  return false;
}

describe('killed after any of its requests', { timeout: 120_000 }, () => {
  test('up goes on where it ended and makes nothing twice; down leaves nothing', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const before = cloud.snapshot();
    await platform.maker().up(lab);
    const whole = sizesOf(cloud.snapshot());
    await platform.maker().down();

    let finished = false;
    for (let requests = start(); !finished; requests += stride) {
      const killed = platform.maker();
      finished = await killedAfter(killed, requests, signal => killed.up(lab, signal));
      await platform.maker().up(lab);
      expect(sizesOf(cloud.snapshot()), `killed after ${requests} requests`).toEqual(whole);
      expect(await platform.maker().provider.plan(lab)).toEqual([]);
      await platform.maker().down();
      expect(cloud.snapshot(), `killed after ${requests} requests`).toEqual(before);
    }
  });

  test('what an up has left is taken away by down alone', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const before = cloud.snapshot();
    let finished = false;
    for (let requests = start(); !finished; requests += stride) {
      const killed = platform.maker();
      finished = await killedAfter(killed, requests, signal => killed.up(lab, signal));
      await platform.maker().down();
      expect(cloud.snapshot(), `killed after ${requests} requests`).toEqual(before);
    }
  });

  test('down goes on where it ended', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const before = cloud.snapshot();
    let finished = false;
    for (let requests = start(); !finished; requests += stride) {
      await platform.maker().up(lab);
      const killed = platform.maker();
      finished = await killedAfter(killed, requests, signal => killed.down(signal));
      await platform.maker().down();
      expect(cloud.snapshot(), `killed after ${requests} requests`).toEqual(before);
    }
  });
});

test('up waits for a server that Nova still builds', async () => {
  const novas = new VirtualClock();
  await using platform = await ProviderPlatform.start({ clock: novas });
  const { cloud } = platform;
  const small = labOf([nodeOf(0)]);
  const killed = platform.maker();
  const half = killed.up(small).catch(() => undefined);
  await expect.poll(() => cloud.snapshot().servers?.length).toBe(1);
  await Promise.race([half, killed.close()]);

  const { provider } = platform.maker();
  const [change, ...others] = await provider.plan(small);
  expect(others).toEqual([]);
  if (!change) throw new Error('nothing is left to be done');
  let done = false;
  const finished = provider.apply(small, change, never).finally(() => {
    done = true;
  });
  while (!done) {
    await novas.advance(100);
    await new Promise(setImmediate);
  }
  await finished;
  expect(await provider.plan(small)).toEqual([]);
});

/** How many there are of each kind; an upload that was cut off leaves an image, which goes with the lab. */
function sizesOf({ images: _, ...snapshot }: Snapshot): Record<string, number> {
  return Object.fromEntries(Object.entries(snapshot).map(([kind, ids]) => [kind, ids.length]));
}
