import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../test/bmc/ipmi/client.ts';
import { BenchDaemon, benchLab, bmcAddress, bmcPort, createState, login } from './bench-daemon.ts';
import { closeFlows, type Flow, openFlows, sendLoad, sessionIdOf } from './load.ts';
import { cpuTime } from './proc.ts';
import { format, median, printTable, verdict } from './table.ts';
import { Wire } from './wire.ts';

const sizes = [10_000];
const workers = 50;
const repetitions = 5;
const commandsPerTurn = 20_000;
const settleTime = 3_000;
const idleTime = 10_000;
const suite = 17;
const limits = { memory: 30, flatness: 1.5 } as const;

interface Result {
  readonly count: number;
  /** Seconds until every BMC answers: of a new lab, and of one that is kept. */
  readonly up: number;
  readonly restart: number;
  /** kB for each BMC above a daemon without labs: before anybody came, and after each has served a session. */
  readonly memory: { readonly fresh: number; readonly used: number; readonly heap: number };
  /** Microseconds of processor time a second when nobody asks. */
  readonly idle: number;
  /** Microseconds of processor time a command: all commands to one BMC, and to all BMCs in turn. */
  readonly one: number;
  readonly spread: number;
}

/** One process with 1 to 10,000 BMCs. */
export async function benchScale(): Promise<void> {
  const results: Result[] = [];
  for (const count of sizes) results.push(await measure(count));
  const cpuOfOne = results[0]?.one ?? Number.NaN;
  printTable(
    `One process with many BMCs (suite ${suite}; memory is resident, after garbage collection, above a daemon without labs)`,
    [
      'BMCs',
      'up s',
      'restart s',
      'kB/BMC',
      'after a session',
      '(heap)',
      'idle µs/s',
      'one BMC, µs',
      'all BMCs, µs',
    ],
    results.map(({ count, up, restart, memory, idle, one, spread }) => [
      format(count),
      ...[up, restart].map(format),
      ...[memory.fresh, memory.used, memory.heap].map(kB => (count < 100 ? '–' : format(kB))),
      ...[idle, one, spread].map(format),
    ]),
  );
  console.log(
    '\n"one BMC": all commands to one of them; "all BMCs": to all in turn; 50 at once, server CPU each.\n',
  );
  for (const { count, memory, spread } of results.filter(result => result.count >= 1_000)) {
    const name = `${format(count)} BMCs`;
    console.log(`memory, ${name}: ${verdict(memory.used, limits.memory, ' kB')}`);
    console.log(
      `CPU a command, ${name} to one in a process of its own: ${verdict(spread / cpuOfOne, limits.flatness, ' ×')}`,
    );
  }
}

async function measure(count: number): Promise<Result> {
  await using state = await createState();
  let up: number;
  {
    await using daemon = await BenchDaemon.start(state);
    up = await secondsOf(async () => {
      await daemon.apply(benchLab(count));
      await askAll(count);
    });
  }
  const idleDaemon = await memoryOfIdleDaemon();
  const started = performance.now();
  await using daemon = await BenchDaemon.start(state);
  await askAll(count);
  const restart = (performance.now() - started) / 1000;
  const perBmc = (bytes: number, baseline: number) => (bytes - baseline) / count / 1000;
  const fresh = await daemon.memory();

  // What compiles and collects in the background after so much work is not what an idle daemon does.
  await sleep(settleTime);
  const cpuBefore = cpuTime(daemon.pid);
  await sleep(idleTime);
  const idle = ((cpuTime(daemon.pid) - cpuBefore) / idleTime) * 1000;

  const wires = await Promise.all(Array.from({ length: workers }, () => Wire.open()));
  // One session with each, ended again.
  const visited = await openAll(count, wires);
  for (const { client } of visited) await client.command(0x06, 0x3c, sessionIdOf(client));
  const used = await daemon.memory();

  const place = { address: bmcAddress(1), port: bmcPort };
  const one: number[] = [];
  const spread: number[] = [];
  for (let turn = -1; turn < repetitions; turn++) {
    // Opened anew each time: with thousands of them, a session would idle out before its next command.
    const single = await openFlows(place, { ...login, suite }, workers);
    const singleCost = await sendLoad(daemon.pid, single, commandsPerTurn / workers, workers);
    await closeFlows(single);
    const all = await openAll(count, wires);
    const allCost = await sendLoad(
      daemon.pid,
      all,
      Math.ceil(commandsPerTurn / count),
      Math.min(count, workers),
    );
    for (const { client } of all) await client.command(0x06, 0x3c, sessionIdOf(client));
    if (turn < 0) continue;
    one.push(singleCost.cpu);
    spread.push(allCost.cpu);
  }
  for (const wire of wires) wire.close();
  return {
    count,
    up,
    restart,
    memory: {
      fresh: perBmc(fresh.resident, idleDaemon.resident),
      used: perBmc(used.resident, idleDaemon.resident),
      heap: perBmc(used.heap, idleDaemon.heap),
    },
    idle,
    one: median(one),
    spread: median(spread),
  };
}

async function memoryOfIdleDaemon(): Promise<{ readonly resident: number; readonly heap: number }> {
  await using state = await createState();
  await using daemon = await BenchDaemon.start(state);
  return await daemon.memory();
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** Asks every BMC something that needs no session. @throws Error when one does not answer */
async function askAll(count: number): Promise<void> {
  const wire = await Wire.open();
  for (let index = 1; index <= count; index++) {
    const client = new Client(wire.to({ address: bmcAddress(index), port: bmcPort }));
    await client.ask(0x06, 0x38, Buffer.from([0x8e, 0x04]));
  }
  wire.close();
}

/** A session with every BMC, and as many with each as it takes to have one for every worker. */
async function openAll(count: number, wires: readonly Wire[]): Promise<Flow[]> {
  const flows: Flow[] = [];
  for (let at = 0; at < Math.max(count, workers); at++) {
    const wire = wires[at % wires.length];
    if (!wire) continue;
    const place = { address: bmcAddress(1 + (at % count)), port: bmcPort };
    const client = new Client(wire.to(place));
    await client.open({ ...login, suite });
    flows.push({ wire, place, client });
  }
  return flows;
}
