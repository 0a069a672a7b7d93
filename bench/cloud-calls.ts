import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCloudConfig } from '../src/drivers/openstack/client/clouds-file.ts';
import { OpenStack } from '../src/drivers/openstack/client/openstack.ts';
import type { LabDefinition } from '../src/lab/definition.ts';
import { systemClock } from '../src/support/clock.ts';
import { createLog } from '../src/support/log.ts';
import { inParallel } from '../src/support/parallel.ts';
import { Client } from '../test/bmc/ipmi/client.ts';
import { StandInCloud } from '../test/drivers/openstack/stand-in/stand-in-cloud.ts';
import { promptTiming } from '../test/drivers/openstack/stand-in/timing.ts';
import { BenchDaemon, benchLab, bmcAddress, bmcPort, createState, login } from './bench-daemon.ts';
import { sessionIdOf } from './load.ts';
import { format, median, printTable, verdict } from './table.ts';
import { Wire } from './wire.ts';

const ctx = { reason: 'bench' } as const;
const serverName = 'quintupleo-bench';
const createConcurrency = 8;
/** Every node is asked once in this time, as Ironic does by default. Milliseconds. */
const askInterval = 60_000;
const minutes = 3;
const suite = 17;
const sampled = 20;
const limit = 20;

/** Where the instances are. */
interface Place extends AsyncDisposable {
  readonly what: string;
  readonly count: number;
  readonly openstack: OpenStack;
  readonly env: Readonly<Record<string, string>>;
  readonly zone: string | undefined;
}

/**
 * How many calls a cloud gets while every node is asked for its power once a minute. On the cloud of `OS_CLOUD` or the
 * `OS_*` variables, with `QUINTUPLEO_BENCH_NODES` instances that are made for it (200 by default) in the zone
 * `QUINTUPLEO_BENCH_ZONE`, besides those that bear their names already; without such a cloud, on the tests' stand-in
 * with 1,000.
 */
export async function benchCloudCalls(): Promise<void> {
  await using place = await findPlace();
  const { openstack } = place;
  const servers = await makeServers(place);
  const count = servers.length;
  try {
    const lookups = await timeLookups(openstack, servers);
    await using state = await createState();
    await using daemon = await BenchDaemon.start(state);
    await daemon.apply(labOf(servers, place.env));
    const before = await computeCalls(daemon);
    const answered = await askAll(count, minutes * askInterval);
    const calls = ((await computeCalls(daemon)) - before) / minutes;

    printTable(
      `Nova calls a minute while ${count} nodes are asked by IPMI once a minute, ${place.what}`,
      ['nodes', 'asked/min', 'calls/min', 'one GET per question', 'GET ms', 'its load'],
      [
        [
          format(count),
          format(answered / minutes),
          format(calls),
          format(count),
          format(median(lookups)),
          // Seconds of each minute in which one call after the other would keep the API busy.
          `${format((count * median(lookups)) / 1000)} s/min`,
        ],
      ],
    );
    console.log(`\ncalls: ${verdict(calls, limit, ' calls a minute')}`);
  } finally {
    await inParallel(servers, createConcurrency, id => openstack.compute.deleteServer(id, ctx));
  }
}

async function findPlace(): Promise<Place> {
  const log = createLog('warn');
  const given = Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('OS_') && value !== undefined ? [[name, value] as const] : [],
  );
  const env = Object.fromEntries(given);
  if (env.OS_CLOUD !== undefined || env.OS_AUTH_URL !== undefined) {
    const config = await readCloudConfig({ env, home: process.env.HOME ?? '/', cwd: process.cwd() });
    const openstack = OpenStack.connect(config, { clock: systemClock, log });
    const count = Number(process.env.QUINTUPLEO_BENCH_NODES ?? 200);
    return {
      what: `on the cloud ${config.name}`,
      count,
      openstack,
      env,
      zone: process.env.QUINTUPLEO_BENCH_ZONE,
      [Symbol.asyncDispose]: () => openstack[Symbol.asyncDispose](),
    };
  }
  const cloud = await StandInCloud.start({
    timing: promptTiming,
    quota: { instances: -1, cores: -1, ram: -1 },
  });
  const openstack = OpenStack.connect(cloud.config(), { clock: systemClock, log });
  const [tenant] = cloud.tenants;
  return {
    what: "on the tests' stand-in",
    count: 1000,
    openstack,
    env: {
      OS_AUTH_URL: cloud.authUrl,
      OS_USERNAME: tenant.userName,
      OS_PASSWORD: tenant.password,
      OS_PROJECT_NAME: tenant.projectName,
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
    },
    zone: undefined,
    [Symbol.asyncDispose]: async () => {
      await openstack[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

async function makeServers({ openstack, count, zone }: Place): Promise<string[]> {
  const flavors = await openstack.compute.flavors(ctx);
  const [flavor] = flavors.sort((one, other) => one.ram - other.ram || one.disk - other.disk);
  const images = await openstack.image.list({ status: 'active' }, ctx);
  const [image] = images.sort((one, other) => (one.size ?? 0) - (other.size ?? 0));
  if (!flavor || !image) throw new Error('the cloud has no flavor or no image');
  const { servers } = await openstack.compute.listServers({ details: true }, ctx);
  const made = servers.filter(({ name }) => name.startsWith(`${serverName}-`)).map(({ id }) => id);
  await inParallel(
    Array.from({ length: Math.max(0, count - made.length) }, () => `${serverName}-${randomUUID()}`),
    createConcurrency,
    async name => {
      const { id } = await openstack.compute.createServer(
        {
          name,
          flavorRef: flavor.id,
          imageRef: image.id,
          networks: 'none',
          ...(zone === undefined ? {} : { availability_zone: zone }),
        },
        { find: async () => undefined },
        ctx,
      );
      made.push(id);
    },
  );
  for (;;) {
    const { servers } = await openstack.compute.listServers({ details: true }, ctx);
    const building = servers.filter(({ id, status }) => made.includes(id) && status === 'BUILD').length;
    if (building === 0) return made;
    await sleep(2_000);
  }
}

/** Milliseconds of single lookups. */
async function timeLookups(openstack: OpenStack, servers: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const id of servers.slice(0, sampled)) {
    const start = performance.now();
    await openstack.compute.findServer(id, ctx);
    times.push(performance.now() - start);
  }
  return times;
}

function labOf(servers: readonly string[], env: Readonly<Record<string, string>>): LabDefinition {
  const lab = benchLab(servers.length);
  return {
    ...lab,
    driver: {
      name: 'openstack',
      pollInterval: 5_000,
      environment: { env, home: process.env.HOME ?? '/', cwd: process.cwd() },
    },
    spec: {
      ...lab.spec,
      networks: [],
      nodes: lab.spec.nodes.map((node, at) => ({
        ...node,
        disks: [],
        nics: [],
        cloud: { existing: servers[at] },
      })),
    },
  };
}

async function computeCalls(daemon: BenchDaemon): Promise<number> {
  const { cloudCalls } = await daemon.status();
  return cloudCalls.filter(({ service }) => service === 'compute').reduce((sum, { count }) => sum + count, 0);
}

/** Asks every node for its power, evenly spread, each in a session of its own. @returns how many answered */
async function askAll(count: number, duration: number): Promise<number> {
  const pause = askInterval / count;
  const end = performance.now() + duration;
  let answered = 0;
  const wire = await Wire.open();
  for (let turn = 0; performance.now() < end; turn++) {
    const began = performance.now();
    const client = new Client(wire.to({ address: bmcAddress((turn % count) + 1), port: bmcPort }));
    await client.open({ ...login, suite });
    await client.command(0x00, 0x01, Buffer.alloc(0));
    await client.command(0x06, 0x3c, sessionIdOf(client));
    answered++;
    await sleep(Math.max(0, pause - (performance.now() - began)));
  }
  wire.close();
  return answered;
}
