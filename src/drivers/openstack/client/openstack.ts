import type { Clock } from '../../../support/clock.ts';
import type { Logger } from '../../../support/log.ts';
import type { CallContext, ServiceType } from './call.ts';
import type { CallCounts } from './call-counts.ts';
import type { CloudConfig } from './cloud-config.ts';
import { Compute } from './compute.ts';
import type { Hindrance } from './hindrance.ts';
import { Identity } from './identity.ts';
import { Images } from './image.ts';
import { Networking } from './network.ts';
import { Session } from './session.ts';
import type { ProjectIdentity } from './token.ts';
import { BlockStorage } from './volume.ts';

/** What a client needs from outside. */
export interface OpenStackSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  /** From 0 (included) to 1 (not included); spreads retries. */
  readonly random?: (() => number) | undefined;
  /** What stands in the way of its requests on purpose. */
  readonly hindrance?: Hindrance | undefined;
}

/**
 * One project of one cloud. Calls throw {@link OpenStackError}, or the context's reason when it is aborted; passing
 * faults are retried for about half a minute.
 */
export class OpenStack implements AsyncDisposable {
  readonly config: CloudConfig;
  /** Every request that was sent. */
  readonly counts: CallCounts;
  readonly compute: Compute;
  readonly network: Networking;
  readonly image: Images;
  readonly volume: BlockStorage;
  readonly identity: Identity;
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
    this.config = session.config;
    this.counts = session.counts;
    this.compute = new Compute(session);
    this.network = new Networking(session);
    this.image = new Images(session);
    this.volume = new BlockStorage(session);
    this.identity = new Identity(session);
  }

  /** Sends nothing yet: the first call authenticates. */
  static connect(config: CloudConfig, around: OpenStackSurroundings): OpenStack {
    if (!config.verify) {
      around.log.warn(
        { cloud: config.name, source: config.source },
        'certificates of this cloud are not checked ("verify: false"): whoever is on the way to it can read and change all that is said',
      );
    }
    const { clock, log, random = Math.random, hindrance } = around;
    return new OpenStack(new Session(config, { clock, log, random, hindrance }));
  }

  /** Who this client is. */
  async project(ctx: CallContext): Promise<ProjectIdentity> {
    const { projectId, projectName, userId, userName, roles } = await this.#session.token(ctx);
    return { projectId, projectName, userId, userName, roles };
  }

  /** Whether the cloud has a service, in the region and by the interface that are configured. */
  has(service: ServiceType, ctx: CallContext): Promise<boolean> {
    return this.#session.has(service, ctx);
  }

  /** Ends the connections; calls under way fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
