import type { Node } from '../../node/node.ts';
import type { SensorSpec, Thresholds } from '../../node/sensors.ts';
import type { RequestSubject } from '../../support/certificate-request.ts';
import type { Clock } from '../../support/clock.ts';
import type { Kept } from '../../support/kept-value.ts';
import type { Logger } from '../../support/log.ts';
import type { Account, Accounts } from '../accounts.ts';
import type { TestEvent } from './events/event-record.ts';
import type { EventStream, StreamRequest } from './events/event-stream.ts';
import type { Subscriptions } from './events/subscriptions.ts';
import type { JsonObject } from './json.ts';
import type { MediaSource } from './media/media-source.ts';
import type { Message } from './messages/message.ts';
import type { BmcSettings, ServiceSettings } from './settings.ts';
import type { UpdateSource } from './update/update-source.ts';

/** What the resources of the service are made from. */

/** One node's BMC, as all services that show it share it. */
export interface RedfishBmc {
  /** The node's name: the ID of its system, its manager and its chassis. */
  readonly id: string;
  readonly lab: string;
  readonly node: Node;
  /** The driver's name: `qemu`, `openstack`, `simulated`. */
  readonly driver: string;
  /** Grows with every change of what is shown of the node or its BMC. */
  readonly revision: number;
  /** What clients have set, kept over restarts. */
  readonly settings: Kept<BmcSettings>;
  /** The event log's clock, which IPMI sets too: milliseconds that it is ahead of the host's. */
  readonly clockOffset: { readonly value: number; set(value: number): Promise<void> };
  /** A sensor's limits where clients of IPMI have set other ones than it begins with. */
  readonly thresholds?: ((sensor: SensorSpec) => Thresholds | undefined) | undefined;
  /** Where IPMI answers. */
  readonly ipmi: { readonly address: string; readonly port: number };
  /** Where this node alone is shown; `undefined` when only the lab's service shows it. */
  readonly redfish: { readonly address: string; readonly port: number; readonly tls: boolean } | undefined;
  readonly media: MediaSource;
  /** Starts the controller anew, the node untouched: sessions of all faces end. */
  restart(): void;
}

/** A service: all nodes of a lab, or one. */
export interface RedfishService {
  /** RFC 4122. */
  readonly uuid: string;
  /** The lab's or the node's name. */
  readonly name: string;
  /** In the order of the lab file. */
  readonly bmcs: ReadonlyMap<string, RedfishBmc>;
  /** By name or UUID. */
  find(name: string): RedfishBmc | undefined;
  /** Grows with every change of what is shown that is no node's own. */
  readonly revision: number;
  /** Of a service of one node: the accounts of its BMC, IPMI's too. */
  readonly accounts: Accounts;
  /** Whether they are IPMI's too. */
  readonly ipmiAccounts: boolean;
  readonly settings: Kept<ServiceSettings>;
  readonly logins: Logins;
  readonly sessions: Sessions;
  readonly tasks: Tasks;
  readonly events: Events;
  /** Where images of firmware are fetched from. */
  readonly updates: UpdateSource;
  readonly certificate: Certificates;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of this project. */
  readonly version: string;
  /** Whether clients reach it by TLS. */
  readonly tls: boolean;
}

/** Who asks. */
export interface Requester {
  /** `undefined`: nobody has logged in. */
  readonly account: Account | undefined;
  readonly role: RoleName | undefined;
  /** ID of the session by which the client is logged in; `undefined` for Basic authentication. */
  readonly session: string | undefined;
  /** For logs: `admin from 192.0.2.1`. */
  readonly name: string;
  /** The client's address. */
  readonly remote: string;
}

/** The predefined roles. @see DSP0266 §13.2 */
export type RoleName = 'Administrator' | 'Operator' | 'ReadOnly';

/** Checks names and passwords, and for how long nobody may try again. */
export interface Logins {
  /** Whose they are. @throws RedfishProblem 401, or 503 when too many wrong ones came from there */
  check(userName: string, password: string, remote: string): Account;
  /** Whether an account is locked after too many wrong passwords. */
  isLocked(account: number): boolean;
  unlock(account: number): void;
}

/** A session. */
export interface Session {
  readonly id: string;
  readonly account: number;
  readonly userName: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly remote: string;
}

/** The open sessions. */
export interface Sessions {
  readonly all: readonly Session[];
  get(id: string): Session | undefined;
  /** Logs in. @throws RedfishProblem 401, or 503 when there are too many sessions */
  open(userName: string, password: string, remote: string): { session: Session; token: string };
  /** Whose token it is; counts as activity. A session of an account that has changed since is none any more. */
  find(token: string): Session | undefined;
  close(id: string): void;
  /** Ends those of an account that has changed or gone, or all. */
  closeOf(account?: number): void;
}

/** Something that takes time. @see schema Task */
export interface Task {
  readonly id: string;
  readonly name: string;
  readonly state: 'New' | 'Running' | 'Completed' | 'Exception' | 'Cancelled' | 'Cancelling';
  readonly status: 'OK' | 'Warning' | 'Critical';
  readonly percent: number | undefined;
  readonly messages: readonly Message[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** The request that set it off. */
  readonly target: { readonly path: string; readonly method: string; readonly body?: JsonObject | undefined };
  /** What the task's monitor answers when it has ended: as the request itself would have. */
  readonly result: { readonly status: number; readonly body: JsonObject | undefined } | undefined;
}

/** What runs for a task. */
export type TaskWork = (
  signal: AbortSignal,
  /** 0 to 1. */
  progress: (share: number) => void,
) => Promise<readonly Message[]>;

/** The tasks, ended ones included for a while. */
export interface Tasks {
  readonly all: readonly Task[];
  get(id: string): Task | undefined;
  /** Starts work as a task. A failure is a message of the task. */
  start(name: string, target: Task['target'], work: TaskWork): Task;
  /** Resolves when the task has ended, or time is up. */
  ended(id: string, within: number, signal: AbortSignal): Promise<Task | undefined>;
  /** Ends what runs, or forgets what has ended. */
  remove(id: string): void;
}

/** Something that happened, as subscribers hear of it. @see schema Event */
export interface RedfishEvent {
  readonly message: Message;
  /** URI of what it is about. */
  readonly origin: string;
  /** URI of the log entry that says the same. */
  readonly logEntry?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Tells subscribers what happens. */
export interface Events {
  publish(event: RedfishEvent): void;
  /** Tells them something that a client made up. */
  test(event: TestEvent): void;
  /** Who is told. */
  readonly subscriptions: Subscriptions;
  /** Tells a client for as long as it listens. @throws RedfishProblem 503 when too many listen already */
  listen(wanted: StreamRequest): EventStream;
}

/** The certificate by which clients know the service. */
export interface Certificates {
  /** PEM; `undefined` without TLS. */
  readonly current: string | undefined;
  /** Takes another one. @param key - PEM; `undefined` for that of the latest signing request */
  replace(certificate: string, key: string | undefined): Promise<void>;
  /** Makes a key and a signing request for it. @returns PEM, PKCS #10 */
  request(subject: CertificateRequest): Promise<string>;
}

/** What a signing request says. @see CertificateService.GenerateCSR */
export interface CertificateRequest extends RequestSubject {
  readonly keyPairAlgorithm: 'TPM_ALG_ECDSA' | 'TPM_ALG_RSA';
  /** Of an RSA key; 2048 by default. */
  readonly keyBitLength?: 2048 | 3072 | 4096 | undefined;
  /** Of an ECDSA key; P-256 by default. */
  readonly curve?: 'P-256' | 'P-384' | undefined;
}
