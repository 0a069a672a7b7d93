import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../test/bmc/ipmi/client.ts';
import {
  BenchDaemon,
  type BenchState,
  benchLab,
  bmcAddress,
  bmcPort,
  createState,
  login,
} from './bench-daemon.ts';
import { bareAddress, startBare } from './contenders.ts';
import { closeFlows, type Flow, openFlows, sendLoad, sessionIdOf } from './load.ts';
import { cpuTime } from './proc.ts';
import { format, median, printTable, verdict } from './table.ts';
import { Wire } from './wire.ts';

const sizes = [1, 100, 1_000, 10_000];
const workers = 50;
const repetitions = 7;
const commandsPerTurn = 20_000;
/** Sessions that a process serves before its used memory is looked at; more where there are more BMCs. */
const leastSessions = 1_000;
/** V8 collects once more some eight seconds after the last of its work. Milliseconds. */
const settleTime = 12_000;
const idleTime = 10_000;
const suite = 17;
const limits = { memory: 30, flatness: 1.5, bare: 1.3 } as const;

interface Result {
  readonly count: number;
  /** Seconds until every BMC answers: of a new lab, and of one that is kept. */
  readonly up: number;
  readonly restart: number;
  /** Resident bytes after garbage collection: without a lab, before any session, and after at least one with each. */
  readonly memory: { readonly idle: number; readonly fresh: number; readonly used: number };
  /** Microseconds of processor time a second when nobody asks. */
  readonly idle: number;
  /** Microseconds of processor time a command: all to one BMC, to all in turn, and to as many bare responders. */
  readonly one: number;
  readonly all: number;
  readonly bare: number;
}

/** One process with 1 to 10,000 BMCs. */
export async function benchScale(): Promise<void> {
  const results: Result[] = [];
  for (const count of sizes) results.push(await measure(count));
  const [single] = results;
  const kilobytes = (bytes: number, bmcs: number) => (bmcs < 99 ? Number.NaN : bytes / bmcs / 1000);
  const freshOf = ({ count, memory }: Result) => kilobytes(memory.fresh - memory.idle, count);
  const usedOf = ({ count, memory }: Result) =>
    kilobytes(memory.used - (single?.memory.used ?? Number.NaN), count - 1);

  printTable(
    `One process with many BMCs, suite ${suite}`,
    [
      'BMCs',
      'up s',
      'restart s',
      'MB',
      'used MB',
      'kB/BMC',
      'used',
      'idle µs/s',
      'one µs',
      'all µs',
      'bare µs',
    ],
    results.map(result => [
      format(result.count),
      ...[result.up, result.restart].map(format),
      ...[result.memory.fresh, result.memory.used].map(bytes => format(bytes / 1e6)),
      ...[freshOf(result), usedOf(result)].map(format),
      ...[result.idle, result.one, result.all, result.bare].map(format),
    ]),
  );
  console.log(`
up, restart: from nothing, and from what was kept, until every BMC has answered
MB: resident after garbage collection; used: after at least ${format(leastSessions)} sessions, one or more with each BMC
kB/BMC: above a daemon without labs; used: above a daemon with one BMC that served ${format(leastSessions)} sessions
one, all: server CPU of Get Chassis Status, 50 at once, all to one of the BMCs, or to all of them in turn
bare: the same to as many bare responders in one process
`);
  for (const result of results.filter(({ count }) => count >= 1_000)) {
    const name = `${format(result.count)} BMCs`;
    console.log(`${name}, memory of each: ${verdict(freshOf(result), limits.memory, ' kB')}`);
    console.log(`${name}, memory of each, used: ${verdict(usedOf(result), limits.memory, ' kB')}`);
    console.log(
      `${name}, CPU to one BMC: ${verdict(result.all / (single?.one ?? 0), limits.flatness, ' ×')}`,
    );
    console.log(`${name}, CPU to bare responders: ${verdict(result.all / result.bare, limits.bare, ' ×')}`);
  }
}

async function measure(count: number): Promise<Result> {
  const idleMemory = await memoryOfIdleDaemon();
  await using state = await createState();
  const up = await timeUp(count, state);
  const startedAt = performance.now();
  await using daemon = await BenchDaemon.start(state);
  await askAll(count);
  const restart = (performance.now() - startedAt) / 1000;
  const fresh = await daemon.memory();

  // What compiles and collects in the background after so much work is not what an idle daemon does.
  await sleep(settleTime);
  const cpuBefore = cpuTime(daemon.pid);
  await sleep(idleTime);
  const idle = ((cpuTime(daemon.pid) - cpuBefore) / idleTime) * 1000;

  const wires = await Promise.all(Array.from({ length: workers }, () => Wire.open()));
  for (let served = 0; served < leastSessions; ) {
    const flows = await openAll(count, bmcAddress, wires);
    await endAll(flows);
    served += flows.length;
  }
  const used = await daemon.memory();

  const costs = await raceLoads(daemon.pid, count, wires);
  for (const wire of wires) wire.close();
  return {
    count,
    up,
    restart,
    memory: { idle: idleMemory, fresh, used },
    idle,
    ...costs,
  };
}

/** CPU of commands to one BMC, to all and to bare responders, in turns. */
async function raceLoads(
  pid: number,
  count: number,
  wires: readonly Wire[],
): Promise<Pick<Result, 'one' | 'all' | 'bare'>> {
  await using bare = await startBare(count);
  // Their sessions do not idle out.
  const bareFlows = await openAll(count, bareAddress, wires);
  const costs = { one: [] as number[], all: [] as number[], bare: [] as number[] };
  for (let turn = -1; turn < repetitions; turn++) {
    // Opened anew each time: with thousands of them, a session would idle out before its next command.
    const single = await openFlows({ address: bmcAddress(1), port: bmcPort }, { ...login, suite }, workers);
    const one = await load(pid, single);
    await closeFlows(single);
    const flows = await openAll(count, bmcAddress, wires);
    const all = await load(pid, flows);
    await endAll(flows);
    const other = await load(bare.pid, bareFlows);
    // The first turn warms up.
    if (turn < 0) continue;
    costs.one.push(one);
    costs.all.push(all);
    costs.bare.push(other);
  }
  return { one: median(costs.one), all: median(costs.all), bare: median(costs.bare) };
}

async function load(pid: number, flows: readonly Flow[]): Promise<number> {
  return (await sendLoad(pid, flows, Math.ceil(commandsPerTurn / flows.length), workers)).cpu;
}

async function memoryOfIdleDaemon(): Promise<number> {
  await using state = await createState();
  await using daemon = await BenchDaemon.start(state);
  return await daemon.memory();
}

/** Seconds that a new lab takes until every BMC has answered. */
async function timeUp(count: number, state: BenchState): Promise<number> {
  await using daemon = await BenchDaemon.start(state);
  const startedAt = performance.now();
  await daemon.apply(benchLab(count));
  await askAll(count);
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
async function openAll(
  count: number,
  addressOf: (index: number) => string,
  wires: readonly Wire[],
): Promise<Flow[]> {
  const flows: Flow[] = [];
  for (let at = 0; at < Math.max(count, workers); at++) {
    const wire = wires[at % wires.length];
    if (!wire) continue;
    const place = { address: addressOf(1 + (at % count)), port: bmcPort };
    const client = new Client(wire.to(place));
    await client.open({ ...login, suite });
    flows.push({ wire, place, client });
  }
  return flows;
}

/** Ends sessions; their sockets stay. */
async function endAll(flows: readonly Flow[]): Promise<void> {
  for (const { client } of flows) await client.command(0x06, 0x3c, sessionIdOf(client));
}
