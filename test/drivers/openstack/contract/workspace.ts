import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { systemClock } from '../../../../src/support/clock.ts';
import { poll } from '../../../../src/support/wait.ts';
import { type CloudApi, type Json, list, object, type Reply } from '../cloud-api.ts';
import type { ContractCloud } from '../cloud-contract.ts';

/** An ID that is nothing's. */
export const nowhere = '11111111-1111-4111-8111-111111111111';

/** What the contract makes in the cloud it is tried on, and takes away again. */
export class Workspace {
  readonly cloud: ContractCloud;
  readonly api: CloudApi;
  /** Begins every name. */
  readonly prefix = `contract-${randomUUID().slice(0, 8)}`;
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  #image: Promise<string> | undefined;

  constructor(cloud: ContractCloud, api: CloudApi) {
    this.cloud = cloud;
    this.api = api;
  }

  name(what: string): string {
    return `${this.prefix}-${what}`;
  }

  /** An address that is nobody's, of the kind that administrators give. */
  mac(): string {
    return ['52', '54', '00', ...(randomBytes(3).toString('hex').match(/../g) ?? [])].join(':');
  }

  /** Is called at the end, in the reverse order. */
  later(cleanup: () => Promise<unknown>): void {
    this.#cleanups.unshift(cleanup);
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups) await cleanup();
  }

  /** Creates something of Neutron's, and checks that it was. */
  async network(collection: string, singular: string, body: Json): Promise<Json> {
    const reply = await this.api.post('network', `/v2.0/${collection}`, { [singular]: body });
    expect(reply, JSON.stringify(reply.body)).toMatchObject({ status: 201 });
    const made = object(reply.body[singular]);
    this.later(() => this.api.delete('network', `/v2.0/${collection}/${made.id}`));
    return made;
  }

  /** A network with a subnet, for servers. */
  async segment(name: string, cidr: string): Promise<{ networkId: string; subnetId: string }> {
    const network = await this.network('networks', 'network', {
      name: this.name(name),
      port_security_enabled: false,
    });
    const subnet = await this.network('subnets', 'subnet', {
      network_id: network.id,
      ip_version: 4,
      cidr,
      enable_dhcp: false,
      gateway_ip: null,
    });
    return { networkId: String(network.id), subnetId: String(subnet.id) };
  }

  /** What the smallest server is made of. */
  async serverBody(name: string, extra: Json = {}): Promise<Json> {
    const flavors = list((await this.api.get('compute', '/flavors/detail')).body.flavors);
    const smallest = [...flavors].sort((a, b) => Number(a.ram) - Number(b.ram))[0];
    this.#image ??= this.#uploadImage();
    return {
      name: this.name(name),
      flavorRef: smallest?.id,
      imageRef: await this.#image,
      ...(this.cloud.zone === undefined ? {} : { availability_zone: this.cloud.zone }),
      networks: 'none',
      ...extra,
    };
  }

  /** A disk with nothing on it: not every cloud has a public image, and none has the same. */
  async #uploadImage(): Promise<string> {
    const made = await this.api.post('image', '/v2/images', {
      name: this.name('disk'),
      disk_format: 'raw',
      container_format: 'bare',
    });
    expect(made, JSON.stringify(made.body)).toMatchObject({ status: 201 });
    const path = `/v2/images/${made.body.id}`;
    this.later(() => this.api.delete('image', path));
    const sent = await this.api.call('PUT', 'image', `${path}/file`, Buffer.alloc(1 << 20), {
      contentType: 'application/octet-stream',
    });
    expect(sent, JSON.stringify(sent.body)).toMatchObject({ status: 204 });
    await this.until(async () => {
      const { body } = await this.api.get('image', path);
      return body.status === 'active' ? true : undefined;
    }, 'an active image');
    return String(made.body.id);
  }

  async createServer(name: string, extra: Json = {}): Promise<string> {
    const reply = await this.api.post('compute', '/servers', { server: await this.serverBody(name, extra) });
    expect(reply, JSON.stringify(reply.body)).toMatchObject({ status: 202 });
    const id = String(object(reply.body.server).id);
    this.later(async () => {
      await this.api.delete('compute', `/servers/${id}`);
      await this.untilGone(id);
    });
    return id;
  }

  async server(id: string, microversion?: string): Promise<Json> {
    return object((await this.api.get('compute', `/servers/${id}`, microversion)).body.server);
  }

  act(id: string, body: Json): Promise<Reply> {
    return this.api.post('compute', `/servers/${id}/action`, body);
  }

  /**
   * Waits until a server has come to rest in a status.
   * @returns every `STATUS task` that was seen on the way, in order
   */
  async settled(id: string, status: string): Promise<readonly string[]> {
    const seen: string[] = [];
    await this.until(async () => {
      const server = await this.server(id);
      const task = server['OS-EXT-STS:task_state'];
      const state = task === null ? String(server.status) : `${server.status} ${task}`;
      if (seen.at(-1) !== state) seen.push(state);
      if (server.status === 'ERROR' && status !== 'ERROR') {
        throw new Error(`server in ERROR: ${JSON.stringify(server.fault)}`);
      }
      return task === null && server.status === status ? true : undefined;
    }, `${status} of server ${id}`);
    return seen;
  }

  async untilGone(id: string): Promise<void> {
    await this.until(async () => {
      const { status } = await this.api.get('compute', `/servers/${id}`);
      return status === 404 ? true : undefined;
    }, `the end of server ${id}`);
  }

  async until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
    const { pace, patience } = this.cloud;
    const found = await poll(systemClock, { every: pace, within: patience }, look);
    if (found === undefined) throw new Error(`waited in vain for ${what}`);
    return found;
  }
}

/** Expects a refusal of Nova's, Cinder's or Keystone's: a status and the service's own words. */
export function expectFault(reply: Reply, status: number, message: string | RegExp): void {
  const fault = object(Object.values(reply.body)[0]);
  expect({ status: reply.status, code: fault.code }).toEqual({ status, code: status });
  if (typeof message === 'string') expect(fault.message).toBe(message);
  else expect(fault.message).toMatch(message);
}

/** Expects a refusal of Neutron's. */
export function expectNeutronError(
  reply: Reply,
  status: number,
  type: string,
  message?: string | RegExp,
): void {
  const error = object(reply.body.NeutronError);
  expect({ status: reply.status, type: error.type }).toEqual({ status, type });
  if (typeof message === 'string') expect(error.message).toBe(message);
  else if (message) expect(error.message).toMatch(message);
}
