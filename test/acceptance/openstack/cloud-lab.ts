import { join } from 'node:path';
import { ControlClient } from '../../../src/cli/client.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { type Ended, Host } from '../lab/host.ts';
import { Api, type Json } from './api.ts';
import { cloudEnvironment, cloudFolder } from './cloud.ts';
import { domainOf, type Power } from './power-truth.ts';

/** A lab on the tests' cloud, as its users have it: by the command line and by ipmitool. */
export class CloudLab implements AsyncDisposable {
  readonly name: string;
  readonly host: Host;
  readonly tenant: Api;
  readonly #port: number;

  private constructor(name: string, host: Host, tenant: Api, port: number) {
    this.name = name;
    this.host = host;
    this.tenant = tenant;
    this.#port = port;
  }

  /**
   * @param port - of the first node's BMC; the others follow
   * @param bound - longest run of a command, in milliseconds
   */
  static async create(name: string, port: number, bound?: number): Promise<CloudLab> {
    const cache = { QUINTUPLEO_CACHE_DIR: join(cloudFolder, 'cache') };
    const host = await Host.create({ ...cloudEnvironment('quintupleo'), ...cache }, bound);
    return new CloudLab(name, host, await Api.connect('quintupleo'), port);
  }

  /** Writes the lab file: everything but the lab's name and its BMCs. @returns its path */
  file(text: string): Promise<string> {
    const bmc = `bmc: { username: admin, password: only-a-test, ipmi: { address: 127.0.0.1, port: ${this.#port} } }`;
    return this.host.file(this.name, `lab: ${this.name}\ndriver: openstack\n${text}${bmc}\n`);
  }

  up(file: string, ...options: readonly string[]): Promise<string> {
    return this.host.done('up', file, ...options);
  }

  down(): Promise<Ended> {
    return this.host.cli('down', this.name);
  }

  /** Calls of the cloud that the daemon has made since it began, but for Keystone's, of which the cloud's logs tell nothing. */
  async callCount(): Promise<number> {
    await using client = new ControlClient(this.host.controlSocket, AbortSignal.timeout(30_000));
    const { cloudCalls } = await client.daemon();
    return cloudCalls
      .filter(({ service }) => service !== 'identity')
      .reduce((sum, { count }) => sum + count, 0);
  }

  /** The lab's servers by node. */
  async servers(): Promise<ReadonlyMap<string, Json>> {
    const servers = await this.tenant.list('compute', '/servers/detail?tags=quintupleo', 'servers');
    const metadata = (server: Json) => server.metadata as Readonly<Record<string, string>>;
    const own = servers.filter(server => metadata(server)['quintupleo:lab'] === this.name);
    return new Map(own.map(server => [String(metadata(server)['quintupleo:node']), server]));
  }

  /** A node's server, which there is. */
  async server(node: string): Promise<{ readonly id: string; readonly domain: string }> {
    const id = String((await this.servers()).get(node)?.id);
    return { id, domain: await domainOf(id) };
  }

  /** ID of one of the lab's networks. */
  async network(name: string): Promise<string> {
    const tags = `quintupleo:lab=${this.name},quintupleo:name=${name}`;
    const [network] = await this.tenant.list('network', `/networks?tags=${tags}`, 'networks');
    return String(network?.id);
  }

  /** MAC address of a node's first network card. */
  async mac(node: string): Promise<string> {
    return (await this.host.node(this.name, node)).spec.nics[0]?.mac ?? '';
  }

  /** Asks a node's BMC. @param index - of the node */
  ipmi(index: number, ...args: readonly string[]): Promise<string> {
    return this.host.ipmitool(this.#port + index, ...args);
  }

  /** What a node's BMC says of its power; `undefined` when it does not answer. */
  async power(index: number): Promise<Power | undefined> {
    return powerIn(await this.ipmi(index, 'chassis', 'power', 'status'));
  }

  /** Waits until the BMC says so. @param within - milliseconds */
  async untilPower(index: number, wanted: Power, within: number): Promise<void> {
    let said = '';
    const look = async () => {
      said = await this.ipmi(index, 'chassis', 'power', 'status');
      return powerIn(said) === wanted || undefined;
    };
    if (await poll(systemClock, { every: 200, within }, look)) return;
    const seen = JSON.stringify((await this.host.status(this.name)).nodes[index]);
    throw new Error(`node ${index} is not ${wanted} within ${within} ms: ${said.trim()}; ${seen}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}

function powerIn(said: string): Power | undefined {
  const [, power] = /Chassis Power is (on|off)/.exec(said) ?? [];
  return power === 'on' || power === 'off' ? power : undefined;
}
