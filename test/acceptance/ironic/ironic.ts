import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { IronicApi, type IronicNode } from './ironic-api.ts';
import { apiPort, configure, type IronicSettings } from './ironic-conf.ts';
import { Background } from './process.ts';

const run = promisify(execFile);

const programs = fileURLToPath(new URL('setup/bin', import.meta.url));

/** A state after which nothing happens by itself. */
const failures = ['deploy failed', 'clean failed', 'inspect failed', 'error'];

/** How a request to bring a node into another state ended. */
export interface Progress {
  /** Seconds until each state and step, in their order. */
  readonly steps: readonly string[];
  readonly node: IronicNode;
}

/** A real Ironic: Debian's, API and conductor in one process, on its own. */
export class Ironic implements AsyncDisposable {
  readonly api: IronicApi;
  readonly #process: Background;
  readonly #log: string;
  /** Of its API, for example `http://192.0.2.1:6385`. */
  readonly url: string;

  private constructor(process: Background, url: string, log: string) {
    this.#process = process;
    this.url = url;
    this.#log = log;
    this.api = new IronicApi(url);
  }

  static async start(settings: IronicSettings): Promise<Ironic> {
    const conf = await configure(settings);
    const log = join(settings.folder, 'ironic.log');
    // Not `upgrade`, some steps of which SQLite cannot do.
    await run('/usr/bin/ironic-dbsync', ['--config-file', conf, 'create_schema'], { timeout: 120_000 });
    const url = `http://${settings.address}:${apiPort}`;
    const process = await Background.start('/usr/bin/ironic', ['--config-file', conf], log, programs);
    const ironic = new Ironic(process, url, log);
    const answers = await poll(systemClock, { every: 500, within: 120_000 }, async () =>
      process.hasEnded
        ? false
        : ironic.api.call('GET', '/drivers').then(
            () => true,
            () => undefined,
          ),
    );
    if (answers) return ironic;
    await ironic[Symbol.asyncDispose]();
    throw new Error(`Ironic does not come up:\n${await readFile(log, 'utf8')}`);
  }

  /** Runs Ironic's command line client. @returns what it printed */
  async client(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('/usr/bin/openstack', ['baremetal', ...args], {
      env: {
        ...{ PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', OS_AUTH_TYPE: 'none', OS_ENDPOINT: this.url },
        OS_BAREMETAL_API_VERSION: '1.78',
      },
      timeout: 120_000,
    });
    return stdout;
  }

  /**
   * Asks for another provision state and waits until the node is in it.
   * @param bound - milliseconds
   */
  async provision(
    name: string,
    verb: string,
    wanted: string,
    { bound = 60_000, ...more }: { bound?: number; readonly [key: string]: unknown } = {},
  ): Promise<Progress> {
    await this.api.provision(name, verb, more);
    return this.reaches(name, wanted, bound);
  }

  /** Waits until a node is in a state, and fails when it cannot get there any more. */
  async reaches(name: string, wanted: string, bound = 60_000): Promise<Progress> {
    const start = systemClock.now();
    const steps: string[] = [];
    let last = '';
    const node = await poll(systemClock, { every: 500, within: bound }, async () => {
      const now = await this.api.node(name);
      const step = (now.deploy_step ?? now.clean_step)?.step;
      const state = [now.provision_state, now.power_state ?? 'unknown', ...(step ? [step] : [])].join(', ');
      if (state !== last) steps.push(`${((systemClock.now() - start) / 1000).toFixed(0)} s: ${state}`);
      last = state;
      // Those that wait and those that have failed tell where they meant to go.
      const isThere = now.target_provision_state === null || / (wait|call-back|failed)$/.test(wanted);
      if (now.provision_state === wanted && isThere) return now;
      if (failures.includes(now.provision_state)) {
        throw new Error(`${name}: ${now.provision_state}: ${now.last_error}\n${steps.join('\n')}`);
      }
      return undefined;
    });
    if (node) return { steps, node };
    throw new Error(`${name} is not ${wanted} after ${bound / 1000} s:\n${steps.join('\n')}`);
  }

  /** Waits until Ironic has seen a node's power to be so, and has nothing left to do about it. */
  async powerIs(name: string, power: string, bound = 60_000): Promise<void> {
    const seen = await poll(systemClock, { every: 300, within: bound }, async () => {
      const node = await this.api.node(name);
      // An action that has been accepted holds the node until it has ended.
      const isIdle = node.reservation === null && node.target_power_state === null;
      return isIdle && node.power_state === power ? true : undefined;
    });
    if (!seen) throw new Error(`Ironic has not seen ${name} to be in the state "${power}"`);
  }

  /** Starts or stops a node's console. @returns how it is reached; `null` when it is stopped */
  async console(name: string, enabled: boolean): Promise<unknown> {
    const path = `/nodes/${name}/states/console`;
    interface State {
      readonly console_enabled: boolean;
      readonly console_info: unknown;
    }
    await this.api.call('PUT', path, { enabled });
    const state = await poll(systemClock, { every: 300, within: 60_000 }, async () => {
      const now = await this.api.call<State>('GET', path).catch(() => undefined);
      return now?.console_enabled === enabled ? now : undefined;
    });
    if (!state) throw new Error(`Ironic has not ${enabled ? 'started' : 'stopped'} the console of ${name}`);
    return state.console_info;
  }

  async ports(name: string): Promise<readonly { readonly uuid: string; readonly address: string }[]> {
    const path = `/ports?node=${name}`;
    const { ports } = await this.api.call<{ ports: { uuid: string; address: string }[] }>('GET', path);
    return ports;
  }

  log(): Promise<string> {
    return readFile(this.#log, 'utf8');
  }

  /** What it has warned of, or complained about. */
  async complaints(): Promise<readonly string[]> {
    const lines = (await this.log()).split('\n');
    return lines.filter(line => /^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) /.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
