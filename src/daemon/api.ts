import type { LabDefinition } from '../lab/definition.ts';
import type { ExportFile } from '../lab/exports.ts';
import type { BootOverride, BootTarget } from '../node/boot.ts';
import type { Change } from '../node/driver.ts';
import type { EventEntry } from '../node/event-log.ts';
import type { PowerAction, PowerState } from '../node/power.ts';
import type { Firmware, NetworkSpec, NodeSpec } from '../node/spec.ts';
import type { Operation, OperationResult } from '../node/state.ts';
import type { ErrorFamily } from '../support/errors.ts';

/**
 * The daemon's control API: HTTP and JSON over a Unix socket that only its owner may open.
 *
 *     GET    /v1/daemon                          DaemonStatus
 *     POST   /v1/daemon/stop                     204; labs stay as they are
 *     GET    /v1/labs                            LabStatus[]
 *     GET    /v1/labs/LAB                        LabStatus
 *     POST   /v1/labs/plan      LabDefinition    PlanAnswer
 *     POST   /v1/labs/apply     LabDefinition    stream of Progress, a JSON value a line
 *     DELETE /v1/labs/LAB                        stream of Progress; a lab that is not there is done at once
 *     POST   /v1/labs/LAB/stop      StopRequest  stream of Progress; powers all off, and keeps what was on
 *     POST   /v1/labs/LAB/start                  stream of Progress; powers on what was on
 *     GET    /v1/labs/LAB/drift                  PlanAnswer: what `up` would mend
 *     GET    /v1/labs/LAB/credentials            CredentialsAnswer
 *     POST   /v1/labs/LAB/nodes/NODE/power       PowerRequest → OperationAnswer
 *     PUT    /v1/labs/LAB/nodes/NODE/boot        BootRequest → NodeStatus
 *     GET    /v1/labs/LAB/nodes/NODE             NodeStatus
 *     GET    /v1/labs/LAB/nodes/NODE/why         Finding[]: what may keep it from a network boot
 *     GET    /v1/labs/LAB/nodes/NODE/events      EventEntry[]
 *     GET    /v1/labs/LAB/nodes/NODE/timeline    TimelineEntry[]: what was asked, decided, done and seen lately
 *     GET    /v1/labs/LAB/nodes/NODE/sensors     SensorReading[]
 *     GET    /v1/labs/LAB/nodes/NODE/media       MediaStatus; PUT MediaRequest → MediaStatus
 *     GET    /v1/fault-kinds                     KindInfo[] of src/faults: what can be made wrong
 *     GET    /v1/labs/LAB/nodes/NODE/screen      ScreenAnswer
 *     GET    /v1/labs/LAB/faults                 FaultStatus[]: what is injected now
 *     POST   /v1/labs/LAB/faults    FaultRequest FaultStatus[]
 *     DELETE /v1/labs/LAB/faults[/ID]            204: lifts all of them, or one
 *     GET    /v1/nodes                           NodeSummary[] of all labs
 *     GET    /v1/watch[?after=ID]                stream of WatchMessage, a JSON value a line, without an end
 *     GET    /v1/metrics                         text for Prometheus
 *     POST   /v1/web                             WebAccess: opens the dashboard, if it is not open, and lets its caller in
 *     GET    /v1/labs/LAB/nodes/NODE/console     the serial output kept since power-on, as bytes
 *     GET    … /console with Upgrade: console    a raw two-way byte stream after 101
 *     PUT    /v1/labs/LAB/nodes/NODE/deploy      204: the next network boot runs the deploy ramdisk
 *     GET    /v1/labs/LAB/nodes/NODE/reports     Report[] of what netbooted or deployed systems said
 *
 * What is not described here is in api-watch.ts and api-faults.ts.
 *
 * Errors: status 4xx or 5xx with {@link ApiError}.
 */
export const apiVersion = 'v1';

/** Any refusal of the API. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | undefined;
  /** Whose fault it is, which decides how the command line exits. */
  readonly family?: ErrorFamily | undefined;
}

/** `GET /v1/daemon`. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly stateDirectory: string;
  /** Whether it ends by itself when it has no lab. */
  readonly endsWhenIdle: boolean;
  /** Datagrams dropped by reason, all BMCs together. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Calls of clouds' APIs, by cloud, service, method, reason and outcome. */
  readonly cloudCalls: readonly CloudCalls[];
  /** Answers of the boot director. */
  readonly bootFetches: readonly BootFetchCount[];
}

/** How often one kind of call was made to a cloud. */
export interface CloudCalls {
  readonly cloud: string;
  readonly service: string;
  readonly method: string;
  /** Why it was made: `poll`, `power`, `up` … */
  readonly reason: string;
  /** HTTP status, or what came in its place. */
  readonly status: string;
  readonly count: number;
}

/** How often the boot director gave one kind of answer. */
export interface BootFetchCount {
  /** `boot.ipxe`, `boot`, `firmware`, `deploy`, `report`, `other`. */
  readonly what: string;
  /** `network`, `disk`, `wait`, `deploy`, `local`, `unknown` …; `undefined` for files and refusals. */
  readonly answer: string | undefined;
  /** HTTP. */
  readonly status: number;
  readonly count: number;
}

/** What a node fetched from the boot director. */
export interface BootProgressStep {
  /** When it last did: milliseconds since the epoch. */
  readonly at: number;
  readonly mac: string;
  /** `firmware`, `boot`, `deploy`, `report`. */
  readonly what: string;
  /** What it was told, in a word: `network`, `disk`, `wait`, `deploy`, `local` … */
  readonly answer: string | undefined;
  readonly file: string | undefined;
  /** HTTP; 403: whoever asked is not that network card. */
  readonly status: number;
  /** How often in a row. */
  readonly times: number;
}

/** A lab and its nodes. */
export interface LabStatus {
  readonly name: string;
  /** `applying` and `deleting` survive a kill: `up` or `down` finishes them. */
  readonly phase: 'up' | 'applying' | 'deleting' | 'failed';
  /** Why it failed; empty otherwise. */
  readonly message: string;
  readonly driver: string;
  /** Facts of the driver that matter to a person: `accelerator: kvm`, `networking: user`, `bridge NETWORK: NAME`. */
  readonly facts: Readonly<Record<string, string>>;
  readonly source: string;
  /** Its Redfish services; `undefined`: it has none. */
  readonly redfish?: RedfishStatus | undefined;
  readonly networks?: readonly NetworkSpec[] | undefined;
  readonly nodes: readonly NodeStatus[];
  /** Files that were written for tools when it was made. */
  readonly exports?: readonly ExportFile[] | undefined;
  /** Of a lab that was stopped: names of the nodes and hosts that a start powers on. */
  readonly stopped?: readonly string[] | undefined;
}

/** What a lab's Redfish services have in common, and the one that shows all nodes. */
export interface RedfishStatus {
  /** Of the service that shows all nodes; `undefined`: there is none. */
  readonly url: string | undefined;
  readonly users: readonly string[];
  /** The certificate of all services, PEM, and its SHA-256; `undefined`: they are without TLS. */
  readonly certificate: string | undefined;
  readonly fingerprint: string | undefined;
  /** Why nobody answers at the URL; undefined when it listens. */
  readonly problem: string | undefined;
}

/** A node and its BMC. */
export interface NodeStatus {
  readonly lab: string;
  readonly name: string;
  readonly spec: NodeSpec;
  readonly power: PowerState;
  readonly operation: Operation | undefined;
  readonly lastResult: OperationResult | undefined;
  readonly boot: BootOverride;
  /** How its firmware will start it next. */
  readonly firmware: Firmware;
  /** What it fetched lately from the boot director, oldest first; forgotten when the daemon ends. */
  readonly bootProgress?: readonly BootProgressStep[] | undefined;
  readonly bmc: {
    readonly address: string;
    readonly port: number;
    readonly users: readonly string[];
    /** Why nobody answers there; undefined when it listens. */
    readonly problem: string | undefined;
    /** Its own Redfish service; `undefined`: it has none. */
    readonly redfish?: { readonly url: string; readonly problem: string | undefined } | undefined;
  };
  readonly consoleLog: string | undefined;
}

/** A step of a plan: what the driver does, or a BMC or the lab's Redfish services that are set up anew. */
export type PlannedChange = Omit<Change, 'kind'> & { readonly kind: Change['kind'] | 'bmc' | 'redfish' };

/** `POST /v1/labs/plan`. */
export interface PlanAnswer {
  readonly changes: readonly PlannedChange[];
  readonly warnings: readonly string[];
}

/** One line of a long answer. The last one is `done` or `failed`. */
export type Progress =
  | { readonly type: 'plan'; readonly changes: readonly PlannedChange[] }
  | { readonly type: 'start'; readonly change: PlannedChange }
  | { readonly type: 'finish'; readonly change: PlannedChange }
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'done'; readonly lab: LabStatus | undefined }
  | { readonly type: 'failed'; readonly error: ApiError };

/** `POST …/power`. */
export interface PowerRequest {
  readonly action: PowerAction;
  /** Milliseconds to wait for the operation's end; 0 answers when it is accepted. */
  readonly wait: number;
}

/** `POST /v1/labs/LAB/stop`. */
export interface StopRequest {
  /** Milliseconds that the nodes' guests are given to shut down; 0 asks none. */
  readonly grace: number;
}

/** Answer to a power request. */
export interface OperationAnswer {
  readonly node: NodeStatus;
  /** How the operation ended, if it did within `wait`; undefined when there was nothing to do or it goes on. */
  readonly result: OperationResult | undefined;
}

/** `PUT …/boot`. */
export interface BootRequest {
  readonly target: BootTarget;
  readonly enabled: 'disabled' | 'once' | 'continuous';
  /** Sets the firmware besides, for good. */
  readonly mode: Firmware | undefined;
}

/** `GET …/credentials`. */
export interface CredentialsAnswer {
  readonly nodes: Readonly<Record<string, readonly Login[]>>;
  /** At the Redfish service that shows all nodes. */
  readonly redfish?: readonly Login[] | undefined;
  /** BMC keys of two-key logins, by node: hexadecimal. */
  readonly kg?: Readonly<Record<string, string>> | undefined;
}

/** Who may log in, and by which password. */
export interface Login {
  readonly name: string;
  readonly password: string;
  readonly privilege: string;
}

/** What a netbooted or deployed system said of itself. */
export interface Report {
  readonly at: number;
  readonly mac: string;
  /** `ramdisk`, `deployed`, `deploy-failed`, `disk`. */
  readonly stage: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** The parts of the API's answers that the CLI prints. */
export type { BootOverride, BootTarget, Change, EventEntry, LabDefinition };
