import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processTime, residentMemory } from '../../../bench/proc.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { delay } from '../../../src/support/delay.ts';
import { createRandom } from '../../../src/support/random.ts';
import { poll } from '../../../src/support/wait.ts';
import { Ironic } from '../ironic/ironic.ts';
import { PowerTruth } from '../ironic/power-truth.ts';
import { Host } from '../lab/host.ts';

/** A real Ironic with a thousand nodes, and what that costs the daemon behind their BMCs. docs/scale.md has the figures. */

const lab = 'thousand';
/** Half of them for each hardware type. */
const count = Number(process.env.QUINTUPLEO_SCALE_NODES ?? 1000);
/** How long power is watched. */
const minutes = Number(process.env.QUINTUPLEO_SCALE_MINUTES ?? 10);
/** Seconds between two readings of all nodes by Ironic: its default. */
const powerSync = 60;
/** For Ironic to have read all nodes, and for how old what it says may be. Milliseconds. */
const patience = 900_000;
/** How many nodes change their power behind Ironic's back, each time. */
const changed = count / 10;

let folder: string;
let host: Host;
let ironic: Ironic;
let daemon: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q5o-scale-'));
  host = await Host.create(process.env, 3_600_000);
  ironic = await Ironic.start({ folder, files: folder, address: '127.0.0.1', powerSync, forcePower: false });
});

afterAll(async () => {
  await ironic?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Does something. Tells how long it took, and the daemon's share. */
async function measured(what: string, act: () => Promise<unknown>): Promise<void> {
  const start = systemClock.now();
  const before = daemon === undefined ? 0 : processTime(daemon);
  await act();
  daemon ??= await daemonProcess();
  const seconds = (systemClock.now() - start) / 1000;
  const processor = (processTime(daemon) - before) / 1e6;
  const memory = residentMemory(daemon) / 2 ** 20;
  console.log(
    `${what}: ${seconds.toFixed(0)} s; the daemon: ${processor.toFixed(1)} s of CPU ` +
      `(${((100 * processor) / seconds).toFixed(1)} % of one), ${memory.toFixed(0)} MiB`,
  );
}

async function daemonProcess(): Promise<number> {
  const found = (await host.workers()).find(({ kind }) => kind === 'daemon');
  if (!found) throw new Error('there is no daemon');
  return found.pid;
}

interface Row {
  readonly name: string;
  readonly provision_state: string;
  readonly power_state: string | null;
  readonly target_power_state: string | null;
  readonly reservation: string | null;
  readonly last_error: string | null;
  readonly maintenance: boolean;
}

async function nodes(): Promise<readonly Row[]> {
  const fields = 'name,provision_state,power_state,target_power_state,reservation,last_error,maintenance';
  return (await ironic.api.call<{ nodes: Row[] }>('GET', `/nodes?limit=${count}&fields=${fields}`)).nodes;
}

describe(`${count} nodes`, { timeout: 3_600_000 }, () => {
  test('come up', async () => {
    const example = await readFile(new URL('../../../examples/ironic-scale.yaml', import.meta.url), 'utf8');
    const file = await host.file(lab, example.replaceAll('count: 500', `count: ${count / 2}`));
    await measured('up', () => host.done('up', file));
    expect((await host.status(lab)).nodes).toHaveLength(count);
  });

  test.each(['ipmi', 'redfish'])('are enrolled and managed by %s', async driver => {
    const how = ['--node', `${driver}-*`, '--driver', driver, '--interface', 'boot=ipxe'];
    await measured(`enrol ${driver}`, () =>
      host.done('enrol', 'ironic', lab, '--url', ironic.url, '--manage', ...how),
    );
    const own = (await nodes()).filter(({ name }) => name.startsWith(driver));
    expect(own).toHaveLength(count / 2);
    expect(own.filter(({ provision_state }) => provision_state !== 'manageable')).toEqual([]);
  });

  test(`are never believed to be what they were not, in ${minutes} minutes`, async () => {
    const truth = new PowerTruth(host.controlSocket, lab);
    const random = createRandom(1);
    const wrong: string[] = [];
    const rounds: number[] = [];
    let readings = 0;

    /** The nodes that Ironic sees otherwise than they are now; what it says must have been so since `since`. */
    const look = async (since: number): Promise<readonly Row[]> => {
      await truth.look();
      const rows = await nodes();
      const said = ({ power_state }: Row) => power_state?.replace('power ', '') ?? 'nothing';
      for (const row of rows) {
        if (row.target_power_state !== null || row.reservation !== null) continue;
        readings++;
        const { name } = row;
        if (!truth.was(name, said(row), since)) wrong.push(`${name} is not ${said(row)}: ${truth.of(name)}`);
      }
      return rows.filter(row => said(row) !== truth.of(row.name));
    };

    await measured('power sync', async () => {
      const end = systemClock.now() + minutes * 60_000;
      while (systemClock.now() < end) {
        await truth.look();
        const names = (await host.status(lab)).nodes.map(({ name }) => name);
        const chosen = Array.from({ length: changed }, () => names[Math.floor(random() * names.length)]);
        const unique = [...new Set(chosen)].flatMap(name => name ?? []);
        for (const target of ['on', 'off']) {
          const those = unique.filter(name => (truth.of(name) === 'on') !== (target === 'on'));
          if (those.length > 0) await host.done('power', ...those.map(name => `${lab}/${name}`), target);
        }
        const start = systemClock.now();
        let behind: readonly Row[] = [];
        const settled = await poll(systemClock, { every: 15_000, within: patience }, async () => {
          behind = await look(start - patience);
          return behind.length === 0 ? true : undefined;
        });
        if (!settled)
          throw new Error(`Ironic does not see what ${behind.length} nodes are: ${JSON.stringify(behind)}`);
        rounds.push((systemClock.now() - start) / 1000);
        await delay(systemClock, 5000);
      }
    });
    console.log(
      `${readings} readings, ${truth.changes} changes; Ironic had seen ${changed} of them after ` +
        `${rounds.map(seconds => seconds.toFixed(0)).join(', ')} s`,
    );
    expect(wrong).toEqual([]);
  });

  test('Ironic has nothing to complain about but what was done behind its back', async () => {
    const complaints = await ironic.complaints();
    expect(complaints.filter(line => !line.includes('does not match expected state'))).toEqual([]);
  });
});
