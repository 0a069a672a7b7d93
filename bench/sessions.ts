import { Client } from '../test/bmc/ipmi/client.ts';
import { login } from './bench-daemon.ts';
import { type Contender, startProject, startPyghmi } from './contenders.ts';
import { type Cost, sessionIdOf } from './load.ts';
import { cpuTime } from './proc.ts';
import { format, median, printTable } from './table.ts';
import { type Place, Wire } from './wire.ts';

const repetitions = 5;
const sessions = 400;
const workers = 4;

/** What ipmitool does for one command, from the first packet to the last. */
export async function runSession(place: Place, suite: number, beforeSession: boolean): Promise<void> {
  const wire = await Wire.open();
  try {
    const client = new Client(wire.to(place));
    if (beforeSession) {
      await client.ask(0x06, 0x38, Buffer.from([0x8e, 0x04]));
      await client.ask(0x06, 0x54, Buffer.from([0x0e, 0x00, 0x80]), true);
    }
    await client.open({ ...login, suite });
    await client.command(0x06, 0x3b, Buffer.from([0x04]));
    await client.command(0x06, 0x01);
    const { code } = await client.command(0x00, 0x01);
    if (code !== 0) throw new Error(`Get Chassis Status was answered ${code}`);
    await client.command(0x06, 0x3c, sessionIdOf(client));
  } finally {
    wire.close();
  }
}

/** Whole sessions: the cryptography of a handshake, mostly. The client, on the other core, does as much again. */
export async function benchSessions(): Promise<void> {
  await using project = await startProject();
  await using pyghmi = await startPyghmi();
  const races = [project, pyghmi].flatMap(contender =>
    contender.suites.map(suite => ({ contender, suite, costs: [] as Cost[] })),
  );
  for (let turn = -1; turn < repetitions; turn++) {
    for (const { contender, suite, costs } of races) {
      const cost = await measure(contender, suite);
      if (turn >= 0) costs.push(cost);
    }
  }
  const [first] = races;
  printTable(
    `Whole sessions of nine packets each way, ${workers} clients at once (median of ${repetitions})`,
    ['', 'suite', 'sessions/s', 'server CPU ms', 'to this'],
    races.map(({ contender, suite, costs }) => [
      contender.name,
      String(suite),
      format(median(costs.map(({ perSecond }) => perSecond))),
      format(median(costs.map(({ cpu }) => cpu)) / 1000),
      contender === project
        ? ''
        : `${format(median(costs.map(({ cpu }, turn) => cpu / (first?.costs[turn]?.cpu ?? Number.NaN))))} ×`,
    ]),
  );
}

async function measure({ pid, place, beforeSession }: Contender, suite: number): Promise<Cost> {
  const cpuBefore = cpuTime(pid);
  const startedAt = performance.now();
  let begun = 0;
  const work = async () => {
    while (begun++ < sessions) await runSession(place, suite, beforeSession);
  };
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  return { cpu: (cpuTime(pid) - cpuBefore) / sessions, perSecond: sessions / seconds };
}
