import { CloudApi } from '../cloud-api.ts';
import type { StandInCloud } from './stand-in-cloud.ts';

/** A tenant's hand in a stand-in cloud: the few things that its own tests do. */
export class TenantClient {
  readonly api: CloudApi;
  readonly #cloud: StandInCloud;

  private constructor(cloud: StandInCloud, api: CloudApi) {
    this.#cloud = cloud;
    this.api = api;
  }

  static async connect(cloud: StandInCloud): Promise<TenantClient> {
    return new TenantClient(cloud, await CloudApi.connect(cloud.config()));
  }

  /** Asks for a server. @returns its ID */
  async createServer(name: string, extra: object = {}): Promise<string> {
    const [flavor] = this.#cloud.compute.flavors;
    const server = { name, flavorRef: flavor?.id, imageRef: this.#cloud.imageId, networks: 'none', ...extra };
    const reply = await this.api.post('compute', '/servers', { server });
    if (reply.status !== 202) throw new Error(JSON.stringify(reply.body));
    return this.#cloud.server(name).id;
  }

  /** @returns the status code */
  async act(id: string, body: object): Promise<number> {
    return (await this.api.post('compute', `/servers/${id}/action`, body)).status;
  }

  /** `STATUS`, its task if it has one, and the power state. */
  async state(id: string): Promise<string> {
    const { body } = await this.api.get('compute', `/servers/${id}`);
    const server = body.server as Record<string, unknown>;
    const task = server['OS-EXT-STS:task_state'];
    return [server.status, ...(task === null ? [] : [task]), server['OS-EXT-STS:power_state']].join(' ');
  }
}
