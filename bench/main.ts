import { cpus, totalmem } from 'node:os';
import { benchCloudCalls } from './cloud-calls.ts';
import { benchCommands } from './commands.ts';
import { benchFirmware } from './firmware.ts';
import { benchRedfish } from './redfish.ts';
import { benchScale } from './scale.ts';
import { benchSessions } from './sessions.ts';
import { benchWatch } from './watch.ts';

/** Runs the benchmarks, or those that are named: `npm run bench -- cloud firmware`. */

const parts = {
  commands: benchCommands,
  sessions: benchSessions,
  scale: benchScale,
  cloud: benchCloudCalls,
  firmware: benchFirmware,
  redfish: benchRedfish,
  watch: benchWatch,
} as const;
type Part = keyof typeof parts;

const isPart = (name: string): name is Part => name in parts;
const named = process.argv.slice(2);
const unknown = named.filter(name => !isPart(name));
if (unknown.length > 0) {
  console.error(`error: no benchmark ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

const memory = Math.round(totalmem() / 2 ** 30);
console.log(
  `${new Date().toISOString().slice(0, 10)}, Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}, ${memory} GiB`,
);
for (const name of named.length > 0 ? named.filter(isPart) : (Object.keys(parts) as Part[]))
  await parts[name]();
