import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchDaemon, benchLab, createState, login } from './bench-daemon.ts';
import { fetchBody, type HttpCost, type HttpPlace, httpRequest, sendHttpLoad } from './http-load.ts';
import { format, median, printTable, verdict } from './table.ts';

const port = 18_443;
const connections = 16;
const repetitions = 5;
const requests = 4_000;
const sushyRequests = 200;
/** Microseconds of processor time. */
const systemLimit = 150;
const collectionLimit = 1_000;
/** Bytes. */
const growthLimit = 16 << 20;

const firstNode = '/redfish/v1/Systems/node-1';

/** What is asked; a limit in microseconds of the server's processor time. */
const questions = [
  { what: 'GET a system', nodes: 1, path: firstNode, limit: systemLimit },
  { what: 'GET Systems of 10', nodes: 10, path: '/redfish/v1/Systems', limit: undefined },
  { what: 'GET Systems of 100', nodes: 100, path: '/redfish/v1/Systems', limit: undefined },
  { what: 'GET Systems of 1,000', nodes: 1_000, path: '/redfish/v1/Systems', limit: collectionLimit },
] as const;

/** The Redfish service over plain HTTP, over 16 connections, beside a bare node:http server that sends the same bytes. */
export async function benchRedfish(): Promise<void> {
  const rows: string[][] = [];
  for (const { what, nodes, path, limit } of questions) {
    await using project = await startProject(nodes);
    await using bare = await startBareHttp();
    const get = { bytes: httpRequest('GET', path, login), status: 200 };
    await bare.send(await fetchBody(project.place, get));
    const costs = await race([project.place, bare.place], get, requests);
    rows.push(
      rowOf(what, 'this project', costs[0] ?? [], limit),
      rowOf('', 'bare node:http', costs[1] ?? []),
    );
  }
  rows.push(await resets(), ...(await sushyTools()));
  printTable(
    `Redfish over HTTP, ${connections} connections (median of ${repetitions})`,
    ['', '', 'requests/s', 'server CPU µs', 'p50 ms', 'p99 ms', ''],
    rows,
  );
  await flatMemory();
}

interface Contender extends AsyncDisposable {
  readonly place: HttpPlace;
}

/** They take turns, so that all see the same weather; the first turn warms up. */
async function race(
  places: readonly HttpPlace[],
  request: { bytes: Buffer; status: number },
  count: number,
): Promise<HttpCost[][]> {
  const costs: HttpCost[][] = places.map(() => []);
  for (let turn = -1; turn < repetitions; turn++) {
    for (const [at, place] of places.entries()) {
      const cost = await sendHttpLoad(place, request, count, connections);
      if (turn >= 0) costs[at]?.push(cost);
    }
  }
  return costs;
}

/** Power-on of a machine that is on: all of a POST but the machine's own part. */
async function resets(): Promise<string[]> {
  await using project = await startProject(1);
  const path = `${firstNode}/Actions/ComputerSystem.Reset`;
  const on = { bytes: httpRequest('POST', path, login, { ResetType: 'On' }), status: 204 };
  await sendHttpLoad(project.place, on, 1, 1);
  const costs = await race([project.place], on, requests);
  return rowOf('POST Reset', 'this project', costs[0] ?? []);
}

async function flatMemory(): Promise<void> {
  await using project = await startProject(1_000);
  const all = { bytes: httpRequest('GET', '/redfish/v1/Systems', login), status: 200 };
  await sendHttpLoad(project.place, all, requests, connections);
  const before = await project.memory();
  for (let turn = 0; turn < 5; turn++) await sendHttpLoad(project.place, all, requests, connections);
  const growth = (await project.memory()) - before;
  console.log(
    `Memory after ${5 * requests} more collections of 1,000: ${format(growth / 2 ** 20)} MiB more. ${verdict(growth / 2 ** 20, growthLimit / 2 ** 20, ' MiB')}\n`,
  );
}

function rowOf(what: string, who: string, costs: readonly HttpCost[], limit?: number): string[] {
  const of = (part: keyof HttpCost) => median(costs.map(cost => cost[part]));
  return [
    what,
    who,
    format(of('perSecond')),
    format(of('cpu')),
    format(of('p50')),
    format(of('p99')),
    limit === undefined ? '' : verdict(of('cpu'), limit, ' µs'),
  ];
}

async function startProject(nodes: number): Promise<Contender & { memory(): Promise<number> }> {
  const state = await createState();
  const daemon = await BenchDaemon.start(state);
  const lab = benchLab(nodes);
  const users = [{ name: login.user, password: login.password, privilege: 'administrator' as const }];
  await daemon.apply({
    ...lab,
    redfish: {
      service: { address: '127.0.0.1', port, users },
      tls: false,
      identity: undefined,
      sessionTimeout: 1_800_000,
      destinations: undefined,
      mediaLimit: 2 ** 30,
    },
  });
  return {
    place: { pid: daemon.pid, address: '127.0.0.1', port },
    memory: () => daemon.memory(),
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

async function startBareHttp(): Promise<Contender & { send(body: Buffer): Promise<void> }> {
  const child = fork(new URL('bare-http-process.js', import.meta.url));
  const [listening] = (await once(child, 'message')) as [number];
  return {
    place: { pid: child.pid ?? 0, address: '127.0.0.1', port: listening },
    send: async body => {
      const taken = once(child, 'message');
      child.send(body.toString('base64'));
      await taken;
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** sushy-tools' emulator with its fake driver, from a checkout that QUINTUPLEO_SUSHY_TOOLS names. */
async function sushyTools(): Promise<string[][]> {
  const checkout = process.env.QUINTUPLEO_SUSHY_TOOLS;
  if (checkout === undefined) {
    console.log('sushy-tools is not measured: QUINTUPLEO_SUSHY_TOOLS names no checkout of it.');
    return [];
  }
  await using emulator = await startSushyTools(checkout);
  const path = `/redfish/v1/Systems/${sushySystem}`;
  const get = { bytes: httpRequest('GET', path, login), status: 200 };
  const costs = await race([emulator.place], get, sushyRequests);
  const on = {
    bytes: httpRequest('POST', `${path}/Actions/ComputerSystem.Reset`, login, { ResetType: 'On' }),
    status: 204,
  };
  const posts = await race([emulator.place], on, sushyRequests);
  return [
    rowOf('GET a system', 'sushy-tools', costs[0] ?? []),
    rowOf('POST Reset', 'sushy-tools', posts[0] ?? []),
  ];
}

const sushySystem = '8c4f6f2e-4a53-4b3a-9e8e-000000000001';

async function startSushyTools(checkout: string): Promise<Contender> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-bench-'));
  const config = join(folder, 'emulator.conf');
  const nics = [{ mac: '52:54:00:00:00:01', ip: '192.0.2.1' }];
  const systems = [{ uuid: sushySystem, name: 'node-1', power_state: 'Off', nics }];
  await writeFile(
    config,
    [
      "SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'",
      `SUSHY_EMULATOR_LISTEN_PORT = ${port + 1}`,
      `SUSHY_EMULATOR_FAKE_SYSTEMS = ${JSON.stringify(systems)}`,
    ].join('\n'),
  );
  const program = 'import sys; from sushy_tools.emulator.main import main; sys.exit(main())';
  const child = spawn('/usr/bin/python3', ['-c', program, '--fake', '--config', config], {
    cwd: folder,
    env: { ...process.env, PBR_VERSION: '2.0.0', PYTHONPATH: checkout },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(child);
  return {
    place: { pid: child.pid ?? 0, address: '127.0.0.1', port: port + 1, threadsEnd: true },
    [Symbol.asyncDispose]: async () => {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  let said = '';
  for await (const chunk of child.stderr ?? []) {
    said += String(chunk);
    if (said.includes('Running on')) {
      child.stderr?.resume();
      return;
    }
  }
  throw new Error(`the emulator ended: ${said}`);
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
