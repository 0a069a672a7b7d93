import { login } from './bench-daemon.ts';
import { type Contender, startBare, startProject, startPyghmi } from './contenders.ts';
import { type Cost, closeFlows, type Flow, openFlows, sendLoad } from './load.ts';
import { format, median, printTable, verdict } from './table.ts';

const repetitions = 7;
const sessionCounts = [1, 50];
const suites = [17, 3];
const limit = 1.3;

interface Race {
  readonly contender: Contender;
  readonly flows: readonly Flow[];
  readonly costs: Cost[];
}

/** Get Chassis Status: what a command costs the server. */
export async function benchCommands(): Promise<void> {
  await using project = await startProject();
  await using bare = await startBare();
  await using pyghmi = await startPyghmi();
  for (const sessions of sessionCounts) {
    const rows: string[][] = [];
    for (const suite of suites) {
      const contenders = [project, bare, pyghmi].filter(contender => contender.suites.includes(suite));
      const costs = await race(contenders, suite, sessions);
      rows.push(
        ...contenders.map((contender, at) => rowOf(contender.name, suite, costs[at] ?? [], costs[0] ?? [])),
      );
    }
    printTable(
      `Get Chassis Status, ${sessions === 1 ? 'one session' : `${sessions} sessions`} (median of ${repetitions})`,
      ['', 'suite', 'commands/s', 'server CPU µs', 'least–most', 'to this', ''],
      rows,
    );
  }
}

/** What each contender's commands cost. They take turns, so that all see the same weather. */
async function race(contenders: readonly Contender[], suite: number, sessions: number): Promise<Cost[][]> {
  const racers: Race[] = [];
  for (const contender of contenders) {
    const flows = await openFlows(contender.place, { ...login, suite }, sessions);
    racers.push({ contender, flows, costs: [] });
  }
  for (let turn = -1; turn < repetitions; turn++) {
    for (const { contender, flows, costs } of racers) {
      const rounds = Math.ceil(contender.commands / sessions);
      const cost = await sendLoad(contender.pid, flows, rounds, sessions);
      // The first turn warms up.
      if (turn >= 0) costs.push(cost);
    }
  }
  for (const { flows } of racers) await closeFlows(flows);
  return racers.map(({ costs }) => costs);
}

/** @param own - what this project's commands cost, turn by turn */
function rowOf(name: string, suite: number, costs: readonly Cost[], own: readonly Cost[]): string[] {
  const cpus = costs.map(({ cpu }) => cpu);
  // Pairs of one turn, measured within a second or two: drift of the machine cancels.
  const ratio = median(cpus.map((cpu, turn) => cpu / (own[turn]?.cpu ?? Number.NaN)));
  return [
    name,
    String(suite),
    format(median(costs.map(({ perSecond }) => perSecond))),
    format(median(cpus)),
    `${format(Math.min(...cpus))}–${format(Math.max(...cpus))}`,
    costs === own ? '' : `${format(ratio)} ×`,
    name === 'bare responder' ? verdict(1 / ratio, limit, ' ×') : '',
  ];
}
