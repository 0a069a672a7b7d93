import type { AccountStore } from '../bmc/account-store.ts';
import { LoginGuard } from '../bmc/redfish/access/login-guard.ts';
import { SessionTable } from '../bmc/redfish/access/session-table.ts';
import { EventHub } from '../bmc/redfish/events/event-hub.ts';
import type { EventPoster } from '../bmc/redfish/events/event-post.ts';
import { tellOfNode } from '../bmc/redfish/events/node-events.ts';
import type { KeptSubscriptions } from '../bmc/redfish/events/subscriptions.ts';
import type { Certificates, RedfishService } from '../bmc/redfish/model.ts';
import { newServiceSettings, type ServiceSettings } from '../bmc/redfish/settings.ts';
import { TaskTable } from '../bmc/redfish/tasks/task-table.ts';
import type { UpdateSource } from '../bmc/redfish/update/update-source.ts';
import type { Clock } from '../support/clock.ts';
import type { Document } from '../support/document.ts';
import { KeptValue } from '../support/kept-value.ts';
import type { Logger } from '../support/log.ts';
import { version } from '../support/version.ts';
import type { NodeBmc } from './redfish-bmc.ts';

/** What is kept of a service's settings. */
export interface KeptServiceSettings extends ServiceSettings {
  /** What the lab file said when clients changed it: seconds. When it says something new, the file counts. */
  readonly sessionTimeoutOfFile: number;
}

/** What all Redfish services of a lab share. */
export interface ServiceSurroundings {
  readonly certificate: Certificates;
  readonly tls: boolean;
  /** Milliseconds, as the lab file says. */
  readonly sessionTimeout: number;
  readonly poster: EventPoster;
  readonly updates: UpdateSource;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What one Redfish service is made of. */
export interface ServiceParts {
  readonly uuid: string;
  readonly name: string;
  /** Those that it shows, as they are at any time. */
  readonly bmcs: () => ReadonlyMap<string, NodeBmc>;
  readonly accounts: AccountStore;
  readonly settings: Document<KeptServiceSettings>;
  readonly subscriptions: Document<KeptSubscriptions>;
  readonly around: ServiceSurroundings;
}

/** One Redfish service: that of a lab, or that of one node. */
export class Service implements RedfishService, Disposable {
  readonly settings: KeptValue<KeptServiceSettings>;
  readonly logins: LoginGuard;
  readonly sessions: SessionTable;
  readonly tasks: TaskTable;
  readonly events: EventHub;
  readonly version = version;
  readonly #parts: ServiceParts;
  /** Ends telling subscribers of a node. */
  readonly #told = new Map<string, () => void>();
  #changes = 0;

  private constructor(parts: ServiceParts, settings: KeptValue<KeptServiceSettings>, events: EventHub) {
    const { accounts } = parts;
    const { clock, log } = parts.around;
    this.#parts = parts;
    this.settings = settings;
    this.events = events;
    this.logins = new LoginGuard({ accounts, settings, clock, log });
    this.sessions = new SessionTable({ logins: this.logins, accounts, settings, clock });
    this.tasks = new TaskTable({ clock, log, settings, events });
  }

  static async open(parts: ServiceParts): Promise<Service> {
    const { clock, log, poster, sessionTimeout } = parts.around;
    const ofFile = sessionTimeout / 1000;
    const fresh = { ...newServiceSettings, sessionTimeout: ofFile, sessionTimeoutOfFile: ofFile };
    const settings = await KeptValue.open(parts.settings, fresh);
    if (settings.value.sessionTimeoutOfFile !== ofFile) {
      await settings.change({ sessionTimeout: ofFile, sessionTimeoutOfFile: ofFile });
    }
    const events = await EventHub.open(parts.subscriptions, { clock, log, poster, settings });
    const service = new Service(parts, settings, events);
    for (const bmc of parts.bmcs().values()) service.added(bmc);
    return service;
  }

  get uuid(): string {
    return this.#parts.uuid;
  }

  get name(): string {
    return this.#parts.name;
  }

  get bmcs(): ReadonlyMap<string, NodeBmc> {
    return this.#parts.bmcs();
  }

  find(name: string): NodeBmc | undefined {
    const bmcs = this.#parts.bmcs();
    const found = bmcs.get(name);
    if (found || name.length !== 36) return found;
    const uuid = name.toLowerCase();
    for (const bmc of bmcs.values()) if (bmc.node.spec.uuid === uuid) return bmc;
    return undefined;
  }

  /** Each of its parts only ever grows, so their sum tells of a change of any. */
  get revision(): number {
    return this.#changes + this.#parts.accounts.revision + this.settings.revision;
  }

  /** It shows one more node, of which its subscribers are told from now on. */
  added(bmc: NodeBmc): void {
    this.removed(bmc.id);
    this.#told.set(bmc.id, tellOfNode(bmc, this.events));
    this.changed();
  }

  /** It shows a node no more. */
  removed(node: string): void {
    this.#told.get(node)?.();
    this.#told.delete(node);
    this.changed();
  }

  /** Something that is shown has changed. */
  changed(): void {
    this.#changes++;
  }

  get accounts(): AccountStore {
    return this.#parts.accounts;
  }

  get ipmiAccounts(): boolean {
    const { accounts, bmcs } = this.#parts;
    return [...bmcs().values()].some(bmc => bmc.accounts === accounts);
  }

  get updates(): UpdateSource {
    return this.#parts.around.updates;
  }

  get certificate(): Certificates {
    return this.#parts.around.certificate;
  }

  get tls(): boolean {
    return this.#parts.around.tls;
  }

  get clock(): Clock {
    return this.#parts.around.clock;
  }

  get log(): Logger {
    return this.#parts.around.log;
  }

  [Symbol.dispose](): void {
    for (const stop of this.#told.values()) stop();
    this.tasks[Symbol.dispose]();
    this.events[Symbol.dispose]();
  }
}
