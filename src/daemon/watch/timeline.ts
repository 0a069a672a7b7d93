import type { Activity } from '../../node/activity.ts';
import type { MachineAct, Observation } from '../../node/driver.ts';
import type { Clock } from '../../support/clock.ts';
import { unreachable } from '../../support/errors.ts';
import type { RequestScope } from '../../support/request-scope.ts';
import type { TimelineEntry } from '../api-watch.ts';
import { commandText } from './command-text.ts';
import type { Happening, Happenings } from './happenings.ts';

/** How much is remembered of one node, and of all together for those who come back to the stream. */
const mostOfNode = 256;
const mostOfAll = 4096;
/** Requests of which it is remembered for which node they were. */
const mostRequests = 1024;

type NewEntry = Omit<TimelineEntry, 'id' | 'at'>;

interface Subject {
  readonly lab: string;
  readonly node: string;
}

/**
 * What happened with each node and why: a client's request, what the node made of it, what the driver and the cloud were
 * asked for, what was seen. In memory only; what has to last is in the node's event log.
 */
export class Timeline {
  readonly #clock: Clock;
  readonly #byNode = new Map<string, TimelineEntry[]>();
  readonly #recent: TimelineEntry[] = [];
  readonly #subjects = new Map<string, Subject>();
  readonly #listeners = new Set<(entry: TimelineEntry) => void>();
  #lastId = 0;

  constructor(happenings: Happenings, clock: Clock) {
    this.#clock = clock;
    happenings.listen(happening => this.#take(happening));
  }

  /** The newest entry's ID; 0: there is none. */
  get lastId(): number {
    return this.#lastId;
  }

  /** What is remembered of a node, oldest first. */
  of(lab: string, node: string): readonly TimelineEntry[] {
    return this.#byNode.get(keyOf({ lab, node })) ?? [];
  }

  /** What is remembered of all, from after an entry on; oldest first. */
  after(id: number): readonly TimelineEntry[] {
    const place = this.#recent.findIndex(entry => entry.id > id);
    return place < 0 ? [] : this.#recent.slice(place);
  }

  /** @returns stops it */
  listen(listener: (entry: TimelineEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes an entry of another daemon's timeline, as one of this one's own that happened then. */
  takeOver({ id: _id, at, ...entry }: TimelineEntry): void {
    this.#add(entry, at);
  }

  /** Forgets a node that is no more. */
  forget(lab: string, node: string): void {
    this.#byNode.delete(keyOf({ lab, node }));
  }

  #take(happening: Happening): void {
    switch (happening.type) {
      case 'node':
        this.#takeActivity(happening, happening.activity);
        break;
      case 'nodes':
        break;
      case 'cloud':
        this.#takeCall(happening);
        break;
      case 'fault': {
        const { lab, node, phase, text } = happening;
        const severity = phase === 'lifted' ? 'ok' : 'warning';
        this.#add({ lab, node, kind: 'fault', severity, text: `fault ${phase}: ${text}` });
        break;
      }
      default:
        unreachable(happening);
    }
  }

  #takeActivity({ lab, node }: Subject, activity: Activity): void {
    const entry = entryOf(activity);
    if (!entry) return;
    if ('request' in activity && activity.request) this.#note(activity.request, { lab, node });
    this.#add({ lab, node, ...entry });
  }

  /** Whose a call was is known by the request on whose behalf it was made. */
  #takeCall({ call, request }: Happening & { type: 'cloud' }): void {
    const { cloud, method, service, path, status, milliseconds } = call;
    const subject = request && this.#subjects.get(request.id);
    if (!subject) return;
    const text = `${cloud}: ${method} ${service} ${path}: ${status}`;
    const severity = /^[23]/.test(status) ? 'ok' : 'warning';
    this.#add({ ...subject, kind: 'cloud', severity, text, request: request?.id, milliseconds });
  }

  #note(request: RequestScope, subject: Subject): void {
    this.#subjects.delete(request.id);
    this.#subjects.set(request.id, subject);
    const [oldest] = this.#subjects.keys();
    if (this.#subjects.size > mostRequests && oldest !== undefined) this.#subjects.delete(oldest);
  }

  #add(entry: NewEntry, at = this.#clock.now()): void {
    const added: TimelineEntry = { id: ++this.#lastId, at, ...entry };
    const key = keyOf(entry);
    const own = this.#byNode.get(key) ?? [];
    this.#byNode.set(key, own);
    push(own, added, mostOfNode);
    push(this.#recent, added, mostOfAll);
    for (const listener of this.#listeners) listener(added);
  }
}

/** What a node went through, for people; `undefined` for what is no news. */
function entryOf(activity: Activity): Omit<NewEntry, 'lab' | 'node'> | undefined {
  switch (activity.type) {
    case 'command': {
      const { command, reply, request } = activity;
      const answer = reply.accepted ? '' : `: refused: ${reply.message}`;
      const who = request ? ` (${request.origin.name}, ${request.origin.by})` : '';
      return {
        kind: 'request',
        severity: reply.accepted ? 'ok' : 'warning',
        text: `${commandText(command)}${who}${answer}`,
        face: request?.origin.face,
        request: request?.id,
      };
    }
    case 'operation-began': {
      const { id, action, trigger } = activity.operation;
      const text = `operation ${id}: ${action} (${trigger})`;
      return { kind: 'operation', severity: 'ok', text, request: activity.request?.id };
    }
    case 'operation-ended': {
      const { id, action, outcome, message } = activity.result;
      const why = message === '' ? '' : `: ${message}`;
      return {
        kind: 'operation',
        severity: outcome === 'failed' ? 'critical' : 'ok',
        text: `operation ${id}: ${action} ${outcome}${why}`,
        outcome,
        request: activity.request?.id,
      };
    }
    case 'call':
      return {
        kind: 'call',
        severity: 'ok',
        text: `driver: ${actText(activity.act)}`,
        request: activity.request?.id,
      };
    case 'call-ended': {
      const { act, error, milliseconds, request } = activity;
      const end = error ? `${error.kind}: ${error.message}` : 'done';
      return {
        kind: 'call',
        severity: error ? 'warning' : 'ok',
        text: `driver: ${actText(act)}: ${end}`,
        request: request?.id,
        milliseconds,
      };
    }
    case 'observed': {
      const text = observationText(activity.observation);
      return text === undefined ? undefined : { kind: 'observation', severity: 'ok', text };
    }
    case 'logged': {
      const { severity, message, kind } = activity.entry;
      return { kind: 'event', severity, text: message, event: kind };
    }
    default:
      return unreachable(activity);
  }
}

function actText(act: MachineAct): string {
  switch (act.action) {
    case 'on':
    case 'reset':
    case 'set-next-boot':
      return `${act.action}, booting from ${act.boot.target}`;
    default:
      return act.action;
  }
}

function observationText(observation: Observation): string | undefined {
  switch (observation.type) {
    case 'power':
      return `seen: power ${observation.power}`;
    case 'booted':
      return observation.earlier ? undefined : `seen: firmware started (${observation.cause})`;
    case 'fetched':
      return `seen: ${observation.what}`;
    case 'leased':
      return `seen: asked for an address: ${observation.address}`;
    case 'panicked':
      return `seen: panic: ${observation.detail}`;
    case 'load':
    case 'sensor':
      return undefined;
    default:
      return unreachable(observation);
  }
}

function push<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}

function keyOf({ lab, node }: Pick<TimelineEntry, 'lab' | 'node'>): string {
  return `${lab}/${node}`;
}
