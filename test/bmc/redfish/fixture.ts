import { AccountStore, type InitialUser } from '../../../src/bmc/account-store.ts';
import { LoginGuard } from '../../../src/bmc/redfish/access/login-guard.ts';
import { SessionTable } from '../../../src/bmc/redfish/access/session-table.ts';
import { RedfishApi } from '../../../src/bmc/redfish/api.ts';
import { EventHub } from '../../../src/bmc/redfish/events/event-hub.ts';
import type { EventPoster } from '../../../src/bmc/redfish/events/event-post.ts';
import type { Json, JsonObject } from '../../../src/bmc/redfish/json.ts';
import { MediaError, type MediaSource } from '../../../src/bmc/redfish/media/media-source.ts';
import { valueAt } from '../../../src/bmc/redfish/messages/refusals.ts';
import type {
  Certificates,
  RedfishBmc,
  RedfishEvent,
  RedfishService,
} from '../../../src/bmc/redfish/model.ts';
import { newBmcSettings, newServiceSettings } from '../../../src/bmc/redfish/settings.ts';
import { TaskTable } from '../../../src/bmc/redfish/tasks/task-table.ts';
import type { UpdateSource } from '../../../src/bmc/redfish/update/update-source.ts';
import { SimulatedDriver } from '../../../src/drivers/simulated/simulated-driver.ts';
import { type Capabilities, machineId } from '../../../src/node/driver.ts';
import { type KeptNode, NodeRunner } from '../../../src/node/runner.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import type { Kept } from '../../../src/support/kept-value.ts';
import { silentLog } from '../../../src/support/log.ts';

/** Users of the services in tests. */
export const users: readonly InitialUser[] = [
  { name: 'admin', password: 'secret', privilege: 'administrator' },
  { name: 'olga', password: 'operator', privilege: 'operator' },
  { name: 'bob', password: 'reader', privilege: 'user' },
];

/** An answer, its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; an empty object when it is none. */
  readonly body: JsonObject;
  /** What stands at a JSON pointer of the body: `/Members/0/@odata.id`. */
  at(pointer: string): Json | undefined;
}

/** How a fixture differs from a lab of two simulated nodes. */
export interface FixtureOptions {
  /** Names of the nodes; `n1` and `n2` by default. */
  readonly nodes?: readonly string[];
  readonly spec?: Partial<NodeSpec>;
  /** What the driver cannot do, or can do too. */
  readonly capabilities?: Partial<Capabilities>;
  readonly service?: Partial<RedfishService>;
  readonly media?: MediaSource;
  /** Delivers events; by default nowhere. */
  readonly poster?: EventPoster;
}

/** A Redfish service over simulated nodes, whose clock and requests belong to the test. */
export interface Fixture {
  readonly service: RedfishService;
  readonly api: RedfishApi;
  readonly clock: VirtualClock;
  readonly driver: SimulatedDriver;
  /** Events that were published, in order. */
  readonly events: RedfishEvent[];
  /** Names of the nodes whose BMC was restarted, in order. */
  readonly restarted: string[];
  bmc(name: string): RedfishBmc;
  /** Sends a request, as `admin` unless the headers say otherwise (`authorization: undefined` for nobody). */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<Answer>;
  /** Powers a node on or off and waits until it is. */
  power(name: string, action: 'on' | 'off'): Promise<void>;
  /** Takes a node down, as when it leaves the lab. */
  close(name: string): Promise<void>;
}

/** Basic authentication. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A service of two nodes, both off. */
export async function createFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const clock = new VirtualClock();
  const driver = new SimulatedDriver({
    stateDirectory: undefined,
    clock,
    latency: 1000,
    faultRate: 0,
    seed: 1,
  });
  const names = options.nodes ?? ['n1', 'n2'];
  const nodes = names.map((name, index) => ({ ...specOf(name, index), ...options.spec }));
  const lab = {
    name: 'lab',
    networks: [{ name: 'provisioning', cidr: '192.168.24.0/24', dhcp: true }],
    nodes,
  };
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, AbortSignal.timeout(10_000));

  const restarted: string[] = [];
  const runners = new Map<string, NodeRunner>();
  const bmcs = new Map<string, RedfishBmc>();
  for (const spec of nodes) {
    const machine = machineId('lab', spec.name);
    const capabilities = { ...driver.capabilities(), ...options.capabilities };
    const runner = await NodeRunner.start(
      {
        spec,
        machine,
        driver: {
          act: (id, act, signal) => driver.act(id, act, signal),
          serial: id => driver.serial(id),
          capabilities: () => capabilities,
        },
        clock,
        document: memoryDocument<KeptNode>(),
        log: silentLog,
      },
      false,
    );
    runners.set(machine, runner);
    bmcs.set(
      spec.name,
      stubBmc(runner, options.media ?? noMediaSource, () => restarted.push(spec.name)),
    );
  }
  await driver.watch((id, seen) => runners.get(id)?.observe(seen), new AbortController().signal);

  const events: RedfishEvent[] = [];
  const service = await stubService(clock, bmcs, events, options);
  const api = new RedfishApi(service);
  const bmc = (name: string) => {
    const found = bmcs.get(name);
    if (!found) throw new RangeError(`no node ${name}`);
    return found;
  };
  return {
    service,
    api,
    clock,
    driver,
    events,
    restarted,
    bmc,
    ask: (method, path, body, headers) => ask(api, method, path, body, headers),
    async power(name, action) {
      await bmc(name).node.command({ type: 'power', action, by: 'test' });
      await clock.advance(5000);
    },
    close: async name => runners.get(machineId('lab', name))?.close(),
  };
}

async function ask(
  api: RedfishApi,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const bytes =
    body === undefined
      ? []
      : [Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))];
  const response = await api.handle({
    method,
    url: path,
    headers: {
      authorization: basic('admin', 'secret'),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: (async function* () {
      yield* bytes;
    })(),
    remote: '192.0.2.7',
    signal: new AbortController().signal,
  });
  const parts: Buffer[] = [];
  if (Buffer.isBuffer(response.body)) parts.push(response.body);
  else if (response.body) for await (const part of response.body) parts.push(Buffer.from(part));
  const text = Buffer.concat(parts).toString();
  const isJson = response.headers['Content-Type']?.startsWith('application/json') === true;
  const content = (isJson && text !== '' ? JSON.parse(text) : {}) as JsonObject;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: content,
    at: pointer => valueAt(content, pointer.split('/').slice(1)),
  };
}

async function stubService(
  clock: VirtualClock,
  bmcs: ReadonlyMap<string, RedfishBmc>,
  events: RedfishEvent[],
  { poster = { refusal: () => undefined, post: async () => undefined }, service: more = {} }: FixtureOptions,
): Promise<RedfishService> {
  let revision = 0;
  const changed = () => {
    revision++;
  };
  const store = await AccountStore.open(memoryDocument(), users);
  const accounts: RedfishService['accounts'] = {
    get slots() {
      return store.slots;
    },
    find: name => store.find(name),
    get: id => store.get(id),
    async change(id, change) {
      await store.change(id, change);
      changed();
    },
  };
  const settings = kept(newServiceSettings, changed);
  const logins = new LoginGuard({ accounts, settings, clock, log: silentLog });
  const hub = await EventHub.open(memoryDocument(), { clock, log: silentLog, poster, settings });
  const { publish } = hub;
  hub.publish = event => {
    events.push(event);
    publish.call(hub, event);
  };
  return {
    uuid: '4b1d2a53-0000-4000-8000-000000000001',
    name: 'lab',
    bmcs,
    find: name =>
      bmcs.get(name) ?? [...bmcs.values()].find(({ node }) => node.spec.uuid === name.toLowerCase()),
    get revision() {
      return revision;
    },
    accounts,
    ipmiAccounts: true,
    settings,
    logins,
    sessions: new SessionTable({ logins, accounts, settings, clock }),
    tasks: new TaskTable({ clock, log: silentLog, settings, events: hub }),
    events: hub,
    updates: noUpdateSource,
    certificate: noCertificates,
    clock,
    log: silentLog,
    version: '0.1.0',
    tls: true,
    ...more,
  };
}

function stubBmc(node: NodeRunner, media: MediaSource, restart: () => void): RedfishBmc {
  let revision = 0;
  const changed = () => {
    revision++;
  };
  node.onChange(changed);
  let offset = 0;
  return {
    id: node.spec.name,
    lab: 'lab',
    node,
    driver: 'simulated',
    get revision() {
      return revision;
    },
    settings: kept(newBmcSettings, changed),
    clockOffset: {
      get value() {
        return offset;
      },
      async set(value) {
        offset = value;
        changed();
      },
    },
    ipmi: { address: '192.0.2.10', port: 623 },
    redfish: { address: '192.0.2.10', port: 443, tls: true },
    media,
    restart,
  };
}

/** A value that is kept nowhere. */
export function kept<T>(initial: T, changed: () => void = () => undefined): Kept<T> {
  let value = initial;
  return {
    get value() {
      return value;
    },
    async change(change) {
      value = { ...value, ...change };
      changed();
    },
  };
}

const noMediaSource: MediaSource = {
  fetch: async ({ url }) => ({ url, file: '/nowhere/image', size: 1 << 20, writeProtected: true }),
  discard: async () => undefined,
};

const noUpdateSource: UpdateSource = {
  // biome-ignore lint/correctness/useYield: there is nothing
  open: async function* () {
    throw new MediaError('not-found', 'there is nothing');
  },
};

const noCertificates: Certificates = {
  current: undefined,
  replace: async () => undefined,
  request: async () => '',
};

function specOf(name: string, index: number): NodeSpec {
  const hex = (index + 1).toString(16).padStart(2, '0');
  return {
    name,
    uuid: `6b1f3c9e-0000-4000-8000-0000000000${hex}`,
    cpus: 2,
    memory: 4 * 2 ** 30,
    disks: [{ name: 'root', size: 20 * 2 ** 30 }],
    nics: [{ mac: `52:54:00:00:${hex}:01`, network: 'provisioning' }],
    firmware: 'uefi',
  };
}
