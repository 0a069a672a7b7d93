import type { EventKind } from '../../node/event-log.ts';
import type { EventEntry } from '../api.ts';

/** What those outside are told of. */
export interface Notice {
  /** Unique among all notices of this host: whoever gets one twice can tell. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly lab: string;
  readonly node: string;
  readonly kind: EventKind | 'fault-injected' | 'fault-lifted' | 'events-lost';
  readonly severity: Severity;
  readonly message: string;
  /** The entry of the node's event log; `undefined` for what is in none. */
  readonly entry?: EventEntry | undefined;
}

export type Severity = EventEntry['severity'];

/** Somebody who is told. */
export interface NoticeSink extends AsyncDisposable {
  /** Takes a notice, to pass it on when it can. Never throws. */
  offer(notice: Notice): void;
}

/** A notice as receivers and files have it. */
export function noticeJson({ id, at, lab, node, kind, severity, message }: Notice): string {
  return JSON.stringify({ id, at: new Date(at).toISOString(), lab, node, kind, severity, message });
}

const ranks: Readonly<Record<Severity, number>> = { ok: 0, warning: 1, critical: 2 };

/** Whether a notice is as severe as somebody wants it at least. */
export function isAtLeast({ severity }: Notice, least: Severity): boolean {
  return ranks[severity] >= ranks[least];
}
