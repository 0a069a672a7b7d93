import { expect, test } from 'vitest';
import { runInsiders } from './insiders.ts';
import { runNetwork } from './network.ts';
import { runStrangers } from './strangers.ts';

// The short version of `npm run fuzz`, the same each time.
const seed = 20_260_101;

test('thousands of hostile datagrams do nothing, and honest clients are served meanwhile', async () => {
  const report = await runStrangers({ seed, packets: 25_000 });
  expect(report.mostSessions).toBeLessThanOrEqual(16);
  expect(Object.keys(report.dropped)).toEqual(
    expect.arrayContaining([
      'bad-authentication-code',
      'replayed',
      'unknown-session',
      'too-long',
      'not-rmcp',
    ]),
  );
}, 60_000);

test('over UDP too, every datagram is answered or counted', async () => {
  const { received, packets } = await runNetwork(seed, 1_000);
  expect(received).toBeGreaterThan(packets);
}, 60_000);

test('nonsense in a session breaks nothing, and of a mere user changes nothing', async () => {
  const report = await runInsiders(seed, 5_000);
  expect(report.commands).toBeGreaterThan(50);
}, 60_000);
