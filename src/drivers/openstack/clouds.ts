import type { Clock } from '../../support/clock.ts';
import type { Logger } from '../../support/log.ts';
import type { CallCount, EndedCall } from './client/call-counts.ts';
import type { CloudConfig } from './client/cloud-config.ts';
import { readCloudConfig } from './client/clouds-file.ts';
import type { Hindrance } from './client/hindrance.ts';
import { OpenStack } from './client/openstack.ts';
import { defaultPollTimes, ServerPoller } from './server-poller.ts';

/** Which cloud a lab is on. */
export interface CloudChoice {
  /** Name in clouds.yaml; `undefined`: as the environment says. */
  readonly cloud?: string | undefined;
  readonly region?: string | undefined;
  /** Milliseconds between two looks at the cloud while nothing moves. */
  readonly pollInterval?: number | undefined;
  /** Where the user who made the lab has clouds described; `undefined`: where this process looks. */
  readonly environment?: CloudEnvironment | undefined;
}

/** Where the description of a cloud is looked for. */
export interface CloudEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. */
  readonly home: string;
  /** The current directory. */
  readonly cwd: string;
}

/** What clouds are reached with. */
export interface CloudsSurroundings extends CloudEnvironment {
  /** Hears of each call when it has ended, in the caller's context. */
  readonly onCall?: ((call: CloudCall) => void) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One lab's use of a project; what it gives is shared with others. */
export interface CloudLease extends AsyncDisposable {
  readonly openstack: OpenStack;
  readonly poller: ServerPoller;
}

/** How often one kind of call was made to one cloud. */
export interface CloudCallCount extends CallCount {
  readonly cloud: string;
}

/** A call of one cloud's API that has ended. */
export interface CloudCall extends EndedCall {
  /** Name in clouds.yaml. */
  readonly cloud: string;
}

interface Shared {
  readonly openstack: OpenStack;
  readonly poller: ServerPoller;
  /** How often each lab that uses it wants it polled. */
  readonly intervals: Map<symbol, number>;
  /** What stands in the way of its requests on purpose, by lab: those who share a connection share that, too. */
  readonly hindrances: Map<symbol, Hindrance>;
}

/** The projects that this process uses: one connection and one poller each, however many labs are in it. */
export class Clouds implements AsyncDisposable {
  readonly #around: CloudsSurroundings;
  /** By all that makes two configurations the same project and the same user. */
  readonly #shared = new Map<string, Shared>();
  /** Of projects that are no longer used. */
  readonly #past: CloudCallCount[] = [];

  constructor(around: CloudsSurroundings) {
    this.#around = around;
  }

  /**
   * Begins to use a project. Says nothing to the cloud yet.
   * @param hindrance - what stands between the lab and the cloud on purpose
   * @throws QuintupleoError of family `config`: see {@link readCloudConfig}
   */
  async acquire(choice: CloudChoice, hindrance?: Hindrance): Promise<CloudLease> {
    const { env, home, cwd } = choice.environment ?? this.#around;
    const config = await readCloudConfig({ cloud: choice.cloud, region: choice.region, env, home, cwd });
    const key = keyOf(config);
    const shared = this.#shared.get(key) ?? this.#connect(config);
    this.#shared.set(key, shared);
    const lease = Symbol('lease');
    shared.intervals.set(lease, choice.pollInterval ?? defaultPollTimes.atRest);
    if (hindrance) shared.hindrances.set(lease, hindrance);
    this.#setInterval(shared);
    return {
      openstack: shared.openstack,
      poller: shared.poller,
      [Symbol.asyncDispose]: async () => {
        if (!shared.intervals.delete(lease)) return;
        shared.hindrances.delete(lease);
        this.#setInterval(shared);
        if (shared.intervals.size === 0) await this.#disconnect(key, shared);
      },
    };
  }

  /** Every call that was made since this process started. */
  counts(): readonly CloudCallCount[] {
    return [...this.#past, ...[...this.#shared.values()].flatMap(({ openstack }) => countsOf(openstack))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#shared].map(([key, shared]) => this.#disconnect(key, shared)));
  }

  #connect(config: CloudConfig): Shared {
    const { clock, log, onCall } = this.#around;
    const hindrances = new Map<symbol, Hindrance>();
    const openstack = OpenStack.connect(config, { clock, log, hindrance: oneAfterTheOther(hindrances) });
    openstack.counts.onCall = call => onCall?.({ cloud: config.name, ...call });
    const poller = new ServerPoller(openstack.compute, { clock, log });
    return { openstack, poller, intervals: new Map(), hindrances };
  }

  /** As often as who wants it most often. */
  #setInterval({ poller, intervals }: Shared): void {
    if (intervals.size > 0) poller.pollEvery(Math.min(...intervals.values()));
  }

  async #disconnect(key: string, shared: Shared): Promise<void> {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
    this.#past.push(...countsOf(shared.openstack));
    shared.poller[Symbol.dispose]();
    await shared.openstack[Symbol.asyncDispose]();
  }
}

function oneAfterTheOther(hindrances: ReadonlyMap<symbol, Hindrance>): Hindrance {
  return async (request, signal) => {
    for (const hindrance of hindrances.values()) {
      const answer = await hindrance(request, signal);
      if (answer) return answer;
    }
    return undefined;
  };
}

function countsOf({ config, counts }: OpenStack): CloudCallCount[] {
  return counts.entries().map(count => ({ cloud: config.name, ...count }));
}

/** What a cloud is called and where that was read make no difference. */
function keyOf({ name: _name, source: _source, ...rest }: CloudConfig): string {
  return JSON.stringify(rest);
}
