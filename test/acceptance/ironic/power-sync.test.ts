import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/support/clock.ts';
import { delay } from '../../../src/support/delay.ts';
import { createRandom } from '../../../src/support/random.ts';
import { Host } from '../lab/host.ts';
import { Ironic } from './ironic.ts';
import { home, password } from './places.ts';
import { PowerTruth } from './power-truth.ts';

/** Ironic reads the power of many nodes again and again while it is changed, by Ironic and behind its back. */

const minutes = Number(process.env.QUINTUPLEO_IRONIC_MINUTES ?? 10);
const duration = minutes * 60_000;
/** Seconds between two readings of all nodes. */
const powerSync = 15;
/** How old what Ironic says may be: a reading just before the change, and the time that the next round takes. Milliseconds. */
const staleness = powerSync * 1000 + 15_000;
/** Milliseconds between two changes. */
const pause = 3000;
const lab = 'many';
const labFile = `lab: ${lab}
driver: { name: simulated, latency: 500ms }
nodes:
  - { name: 'ipmi-{index:02}', count: 25 }
  - { name: 'redfish-{index:02}', count: 25 }
bmc:
  password: ${password}
  ipmi: { address: 127.0.2.1-127.0.2.50 }
`;

let host: Host;
let ironic: Ironic;

beforeAll(async () => {
  const folder = await mkdtemp(join(home, 'run-'));
  host = await Host.create();
  await host.done('up', await host.file(lab, labFile));
  const address = '127.0.0.1';
  ironic = await Ironic.start({ folder, files: folder, address, powerSync, forcePower: false });
  for (const driver of ['ipmi', 'redfish']) {
    const nodes = ['--node', `${driver}-*`, '--driver', driver, '--interface', 'boot=ipxe'];
    await host.done('enrol', 'ironic', lab, '--url', ironic.url, '--manage', ...nodes);
  }
});

afterAll(async () => {
  await ironic?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
});

test('has enrolled 50 nodes', async () => {
  const nodes = await ironic.api.nodes();
  expect(nodes).toHaveLength(50);
  for (const { name } of nodes) await ironic.reaches(name, 'manageable');
});

test(`never believes what was not so, in ${minutes} minutes`, { timeout: duration + 300_000 }, async () => {
  const truth = new PowerTruth(host.controlSocket, lab);
  const random = createRandom(1);
  const wrong: string[] = [];
  const counts = { readings: 0, byIronic: 0, byOthers: 0 };

  const look = async () => {
    await truth.look();
    const now = Date.now();
    for (const { name, power_state, target_power_state, reservation } of await ironic.api.nodes()) {
      if (target_power_state !== null || reservation !== null) continue;
      counts.readings++;
      const said = power_state?.replace('power ', '') ?? 'nothing';
      if (!truth.was(name, said, now - staleness)) wrong.push(`${name} is not ${said}: ${truth.of(name)}`);
    }
  };

  await truth.look();
  // Until Ironic has read them all.
  await delay(systemClock, staleness);
  const end = Date.now() + duration;
  let nextChange = 0;
  while (Date.now() < end) {
    await look();
    if (Date.now() >= nextChange) {
      nextChange = Date.now() + pause;
      const nodes = await ironic.api.nodes();
      const node = nodes[Math.floor(random() * nodes.length)];
      if (!node || node.reservation !== null) continue;
      const isOn = truth.of(node.name) === 'on';
      if (random() < 0.5) {
        counts.byOthers++;
        await host.done('power', `${lab}/${node.name}`, isOn ? 'off' : 'on');
      } else {
        counts.byIronic++;
        // It may have been taken for its reading just now.
        await ironic.api.power(node.name, isOn ? 'power off' : 'power on').catch(() => undefined);
      }
    }
    await delay(systemClock, 500);
  }
  // Nothing changes any more: all that Ironic says is so.
  const settled = Date.now() + staleness;
  while (Date.now() < settled) {
    await look();
    await delay(systemClock, 500);
  }
  const last = await ironic.api.nodes();
  for (const { name, power_state } of last) {
    if (power_state !== `power ${truth.of(name)}`) wrong.push(`${name} stays ${power_state}`);
  }
  console.log(`${JSON.stringify(counts)}, ${truth.changes} changes seen`);
  expect(wrong).toEqual([]);
  expect(truth.changes).toBeGreaterThan(minutes * 5);
});

test('Ironic has nothing to complain about but what was done behind its back', async () => {
  const complaints = await ironic.complaints();
  expect(complaints.filter(line => !line.includes('does not match expected state'))).toEqual([]);
});
