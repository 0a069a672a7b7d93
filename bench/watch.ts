import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlClient } from '../src/cli/client.ts';
import { BenchDaemon, benchLab, createState } from './bench-daemon.ts';
import { Browsers } from './browsers.ts';
import { cpuTime } from './proc.ts';
import { format, printTable, verdict } from './table.ts';

const nodes = 1_000;
const watchers = 10;
/** Nodes that are power-cycled a second while the daemon is busy. */
const changes = 20;
/** How long CPU is measured, and how long the daemon is left alone before. Milliseconds. */
const measured = 20_000;
const settleTime = 12_000;
/** CPU that ten dashboards and a thousand recorded consoles may cost, against the same without; memory in MB. */
const limits = { busy: 1.5, idle: 2_000, memory: 40 } as const;

interface Cost {
  readonly name: string;
  /** Microseconds of the daemon's processor time: for a second, and for the changes of a second. */
  readonly idle: number;
  readonly busy: number;
  /** Changes a second that the host had time for. */
  readonly pace: number;
  /** Resident bytes after garbage collection. */
  readonly memory: number;
}

/**
 * What it costs to watch: 1,000 nodes, with nobody looking, with ten dashboards' streams, with every console read besides,
 * and with the dashboard itself in ten browsers.
 */
export async function benchWatch(): Promise<void> {
  await using state = await createState();
  await using daemon = await BenchDaemon.start(state);
  await daemon.apply(benchLab(nodes));
  const socketPath = `${state.folder}/run/control.sock`;
  const end = new AbortController();
  const client = new ControlClient(socketPath, end.signal);
  await cycle(client, 0, nodes);

  const alone = await costOf('nobody', daemon, client);
  let bytes = 0;
  const take = (chunk: Buffer) => {
    bytes += chunk.length;
  };
  const streams = await Promise.all(Array.from({ length: watchers }, () => follow(socketPath, take)));
  const watched = await costOf(`${watchers} streams`, daemon, client);
  const consoles: Duplex[] = [];
  for (let index = 1; index <= nodes; index++) {
    const stream = await client.attach('bench', `node-${index}`);
    consoles.push(stream.on('data', take));
  }
  const recorded = await costOf(`and ${format(nodes)} consoles`, daemon, client);
  for (const stream of streams) stream.destroy();
  const browsed = Browsers.possible ? await inBrowsers(daemon, client) : undefined;
  for (const stream of consoles) stream.destroy();
  end.abort();

  printTable(
    `Watching ${format(nodes)} nodes`,
    ['who watches', 'idle µs/s', 'busy µs/s', 'changes/s', 'MB'],
    [alone, watched, recorded, ...(browsed ? [browsed] : [])].map(({ name, idle, busy, pace, memory }) => [
      name,
      format(idle),
      format(busy),
      format(pace),
      format(memory / 1e6),
    ]),
  );
  console.log(`
idle: server CPU while nothing happens; busy: for a second's ${changes} nodes that are power-cycled by the control API
MB: resident after garbage collection; ${format(bytes / 1e6)} MB were sent to those who watch by streams
`);
  console.log(`idle, all watched: ${verdict(recorded.idle, limits.idle, ' µs/s')}`);
  console.log(`busy, all watched to nobody: ${verdict(recorded.busy / alone.busy, limits.busy, ' ×')}`);
  console.log(
    `memory of all watching: ${verdict((recorded.memory - alone.memory) / 1e6, limits.memory, ' MB')}`,
  );
  if (!browsed) {
    console.log('in browsers: not measured, there is no /usr/bin/chromium');
    return;
  }
  console.log(`idle, in browsers: ${verdict(browsed.idle, limits.idle, ' µs/s')}`);
  console.log(`busy, in browsers to nobody: ${verdict(browsed.busy / alone.busy, limits.busy, ' ×')}`);
  console.log(
    `memory of all browsers and consoles: ${verdict((browsed.memory - alone.memory) / 1e6, limits.memory, ' MB')}`,
  );
}

/** What the dashboard itself costs: opened in browsers, while every console is read. */
async function inBrowsers(daemon: BenchDaemon, client: ControlClient): Promise<Cost> {
  await using browsers = await Browsers.start();
  for (let opened = 0; opened < watchers; opened++) await browsers.open((await client.openWeb()).url, nodes);
  return await costOf(`${watchers} browsers and ${format(nodes)} consoles`, daemon, client);
}

async function costOf(name: string, daemon: BenchDaemon, client: ControlClient): Promise<Cost> {
  await sleep(settleTime);
  const seconds = measured / 1_000;
  const idle = (await usageOf(daemon, () => sleep(measured))).cpu / seconds;
  let next = 0;
  const busy = await usageOf(daemon, async () => {
    for (let second = 0; second < seconds; second++) {
      const begun = performance.now();
      await cycle(client, next, changes);
      next = (next + changes) % nodes;
      await sleep(Math.max(0, 1_000 - (performance.now() - begun)));
    }
  });
  const pace = (changes * seconds) / busy.seconds;
  return { name, idle, busy: busy.cpu / seconds, pace, memory: await daemon.memory() };
}

/** What work takes: microseconds of the daemon's processor time, and seconds. */
async function usageOf(
  daemon: BenchDaemon,
  work: () => Promise<unknown>,
): Promise<{ readonly cpu: number; readonly seconds: number }> {
  const [before, begun] = [cpuTime(daemon.pid), performance.now()];
  await work();
  return { cpu: cpuTime(daemon.pid) - before, seconds: (performance.now() - begun) / 1_000 };
}

/** Powers nodes on, or anew, so that each boots and writes to its console. */
async function cycle(client: ControlClient, first: number, count: number): Promise<void> {
  for (let at = first; at < first + count; at++) {
    const node = `node-${1 + (at % nodes)}`;
    const { power } = await client.node('bench', node);
    await client.power('bench', node, { action: power === 'on' ? 'cycle' : 'on', wait: 10_000 });
  }
}

/** The stream that a dashboard reads. */
function follow(socketPath: string, take: (chunk: Buffer) => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/v1/watch', agent: false }, incoming => {
      incoming.on('data', take);
      resolve(incoming);
    });
    outgoing.on('error', reject).end();
  });
}
