import type { EventKind } from '../node/event-log.ts';
import type { PowerAction, PowerState } from '../node/power.ts';
import type { OperationResult } from '../node/state.ts';
import type { Face } from '../support/request-scope.ts';

/** The control API's answers to those who watch: what happens, and how nodes are. */

/** Something that happened with a node. */
export interface TimelineEntry {
  /** Grows with every entry of the daemon; begins anew when the daemon does. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly lab: string;
  readonly node: string;
  /**
   * `request` a client's; `operation` what the node makes of it; `call` of the driver; `cloud` of a cloud's API;
   * `observation` what was seen; `event` an entry of the event log; `fault` one that was injected.
   */
  readonly kind: 'request' | 'operation' | 'call' | 'cloud' | 'observation' | 'event' | 'fault';
  readonly severity: 'ok' | 'warning' | 'critical';
  /** For people. */
  readonly text: string;
  /** The client's request that set it off: the same for all that it set off. */
  readonly request?: string | undefined;
  /** Of a request: where it came in. */
  readonly face?: Face | undefined;
  /** Of an operation that has ended: how. */
  readonly outcome?: OperationResult['outcome'] | undefined;
  /** Of an event. */
  readonly event?: EventKind | undefined;
  /** How long a call took. */
  readonly milliseconds?: number | undefined;
}

/** How far a machine has come since its power was last switched on, as far as it can be seen from outside: the stages, in order. */
export const bootStages = [
  'off',
  /** It is on, and nothing more is known of it. */
  'on',
  /** Its firmware has started. */
  'firmware',
  /** It was given an address. */
  'dhcp',
  /** It asks, or was told, what to boot. */
  'loader',
  /** It has fetched or started a kernel. */
  'kernel',
  /** A deploy or inspection agent runs on it. */
  'agent',
  /** An operating system has come up. */
  'os',
  'panicked',
] as const;

export type BootStage = (typeof bootStages)[number];

/** What a table of nodes shows of one: little enough for thousands. */
export interface NodeSummary {
  readonly lab: string;
  readonly name: string;
  readonly power: PowerState;
  readonly stage: BootStage;
  /** The power command that is being carried out, since when, and what it waits for. */
  readonly operation?:
    | { readonly action: PowerAction; readonly phase: string; readonly startedAt: number }
    | undefined;
  /** What its latest operation failed by, if it did. */
  readonly failure?: string | undefined;
  readonly bmc: {
    readonly ipmi: string;
    readonly redfish?: string | undefined;
    readonly problem?: string | undefined;
  };
  /** Faults that are injected now, by kind. */
  readonly faults: readonly string[];
}

/** One line of `GET /v1/watch`. */
export type WatchMessage =
  /** First: all there is now, and the ID of the latest entry. Sent again when labs come or go. */
  | { readonly type: 'all'; readonly nodes: readonly NodeSummary[]; readonly lastEntry: number }
  /** Nodes that have changed, at most a few times a second. */
  | { readonly type: 'nodes'; readonly nodes: readonly NodeSummary[] }
  | { readonly type: 'entries'; readonly entries: readonly TimelineEntry[] }
  /** Nothing happened for a while. */
  | { readonly type: 'alive' };

/** A sensor's reading. */
export interface SensorReading {
  readonly name: string;
  /** `undefined`: it cannot be read now. */
  readonly value: number | undefined;
  /** `°C`, `rpm`, `V`, `W`, `%`. */
  readonly unit: string;
  readonly state: 'ok' | 'warning' | 'critical' | 'unavailable';
}

/** What is in a node's drives, by slot: where the image came from. */
export type MediaStatus = Readonly<Record<string, string | undefined>>;

/** `PUT …/media`. */
export interface MediaRequest {
  readonly slot: 'cd' | 'usb';
  /** HTTP or HTTPS; `undefined` ejects. */
  readonly url: string | undefined;
}

/** How a node's screen can be seen. */
export type ScreenAnswer =
  /** By a WebSocket at the same path of the dashboard, which speaks RFB. */
  | { readonly kind: 'vnc' }
  /** At a page of the cloud's own; its URL lets in whoever has it, for a while. */
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'none'; readonly why: string };

/** `POST /v1/web`. */
export interface WebAccess {
  /** Of the dashboard; with what lets in whoever opens it, once and within a minute, in its fragment. */
  readonly url: string;
}
