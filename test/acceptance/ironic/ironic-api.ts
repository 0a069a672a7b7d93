import { systemClock } from '../../../src/support/clock.ts';
import { delay } from '../../../src/support/delay.ts';
import { isObject, textOf } from './json.ts';

/** What a node of Ironic looks like, as far as the tests look. */
export interface IronicNode {
  readonly uuid: string;
  readonly name: string;
  readonly provision_state: string;
  readonly target_provision_state: string | null;
  readonly power_state: string | null;
  readonly target_power_state: string | null;
  /** Who has it locked. */
  readonly reservation: string | null;
  readonly last_error: string | null;
  readonly maintenance: boolean;
  readonly fault: string | null;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deploy_step: { readonly step?: string } | null;
  readonly clean_step: { readonly step?: string } | null;
}

/** Release Zed knows more; nothing here needs it. */
const microversion = '1.78';
/** A call may wait until a node is unlocked. Milliseconds. */
const patience = 60_000;

/** Ironic's API. */
export class IronicApi {
  readonly #url: string;

  /** @param url - for example `http://192.0.2.1:6385` */
  constructor(url: string) {
    this.#url = url;
  }

  /** A node that is locked is asked again, as Ironic's own clients do. */
  async call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const end = systemClock.now() + patience;
    for (;;) {
      const answer = await fetch(`${this.#url}/v1${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', 'X-OpenStack-Ironic-API-Version': microversion },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(patience),
      });
      const text = await answer.text();
      if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as Body;
      const reason = textOf(text);
      const isLocked = answer.status === 409 && reason.includes('is locked by host');
      if (!isLocked || systemClock.now() > end) {
        throw new Error(`${method} ${path}: ${answer.status} ${reason}`);
      }
      await delay(systemClock, 500);
    }
  }

  node(name: string): Promise<IronicNode> {
    return this.call('GET', `/nodes/${name}`);
  }

  async nodes(): Promise<readonly IronicNode[]> {
    const { nodes } = await this.call<{ nodes: readonly IronicNode[] }>('GET', '/nodes/detail?limit=1000');
    return nodes;
  }

  /** Sets fields, by their paths such as `instance_info` or `properties/capabilities`. */
  async set(name: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const patch = Object.entries(fields).map(([path, value]) => ({ op: 'add', path: `/${path}`, value }));
    await this.call('PATCH', `/nodes/${name}`, patch);
  }

  async power(name: string, target: string): Promise<void> {
    await this.call('PUT', `/nodes/${name}/states/power`, { target });
  }

  async provision(name: string, verb: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.call('PUT', `/nodes/${name}/states/provision`, { target: verb, ...more });
  }

  /** Which interfaces find something missing, and what. */
  async problems(name: string): Promise<Readonly<Record<string, unknown>>> {
    const found = await this.call<Readonly<Record<string, unknown>>>('GET', `/nodes/${name}/validate`);
    return Object.fromEntries(
      Object.entries(found).flatMap(([key, value]) =>
        isObject(value) && value.result === false ? [[key, value.reason]] : [],
      ),
    );
  }

  async bootDevice(name: string): Promise<{ readonly boot_device: string; readonly persistent: boolean }> {
    return this.call('GET', `/nodes/${name}/management/boot_device`);
  }

  async setBootDevice(name: string, device: string, persistent: boolean): Promise<void> {
    const body = { boot_device: device, persistent };
    await this.call('PUT', `/nodes/${name}/management/boot_device`, body);
  }
}
