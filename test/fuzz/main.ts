import { parseArgs } from 'node:util';
import { runInsiders } from './insiders.ts';
import { runNetwork } from './network.ts';
import { runStrangers } from './strangers.ts';

/** The long run: `npm run fuzz -- --packets 2000000 --seed 7`. A failure says its seed, and can be had again by it. */

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const packets = Number(values.packets);
const seed = Number(values.seed);

/** How much the heap may grow between a tenth of the way and its end. Bytes. */
const growthLimit = 1024 * 1024;

const heapUsed = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const count = (number: number) => number.toLocaleString('en-US');

// Nothing that goes wrong may be swallowed on its way here.
process.on('unhandledRejection', fail);
process.on('uncaughtException', fail);

console.log(`seed ${seed}, ${count(packets)} hostile datagrams`);
const startedAt = performance.now();
let heapBefore = 0;
const strangers = await runStrangers({
  seed,
  packets,
  onProgress: sent => {
    if (heapBefore === 0 && sent >= packets / 10) heapBefore = heapUsed();
    if (sent % 100_000 === 0) console.log(`  ${count(sent)}`);
  },
});
const growth = heapUsed() - heapBefore;
const seconds = (performance.now() - startedAt) / 1000;
console.log(`strangers: ${count(strangers.answered)} answered without a session, none carried out; dropped:`);
for (const [reason, times] of Object.entries(strangers.dropped).sort(([, a], [, b]) => b - a)) {
  console.log(`  ${count(times).padStart(9)}  ${reason}`);
}
console.log(
  `honest clients: ${count(strangers.visits)} visits, all served; never more than ${strangers.mostSessions} sessions`,
);
console.log(
  `heap: ${growth >= 0 ? '+' : ''}${Math.round(growth / 1024)} kB from 10 % to 100 %; ${Math.round(seconds)} s`,
);
if (globalThis.gc && growth > growthLimit) fail(new Error(`the heap grew by ${growth} bytes`));

const network = await runNetwork(seed, Math.ceil(packets / 2000) * 100);
console.log(`over UDP: ${count(network.packets)}, every one received, and answered or counted`);

const insiders = await runInsiders(seed, Math.ceil(packets / 10));
const codes = Object.entries(insiders.codes).sort(([, a], [, b]) => b - a);
console.log(
  `users who sent nonsense: ${count(insiders.packets)}, ${insiders.commands} commands carried out; completion codes:`,
);
console.log(`  ${codes.map(([code, times]) => `${code} ${count(times)}`).join(', ')}`);

function fail(error: unknown): never {
  console.error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
  process.exit(1);
}
