import { isDeepStrictEqual } from 'node:util';
import type { NotifyDefinition } from '../../lab/definition.ts';
import type { Clock } from '../../support/clock.ts';
import { Destinations } from '../../support/destinations.ts';
import { messageOf } from '../../support/errors.ts';
import { HttpPoster } from '../../support/http-poster.ts';
import type { Logger } from '../../support/log.ts';
import { EventFile } from './event-file.ts';
import type { Happening, Happenings } from './happenings.ts';
import type { Notice, NoticeSink } from './notice.ts';
import { type TrapSubject, Traps } from './traps.ts';
import { Webhook } from './webhooks.ts';

/** What notifications work with. */
export interface NotificationParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Whom a lab's file wants told, the same object as long as it is the same; `undefined`: nobody, or there is no such lab. */
  readonly definitionOf: (lab: string) => NotifyDefinition | undefined;
  /** Where a lab's file of events is, unless its lab file says. */
  readonly fileOf: (lab: string) => string;
  readonly subjectOf: (lab: string, node: string) => TrapSubject | undefined;
}

/** Who is told of a lab. */
interface Told {
  definition: NotifyDefinition | undefined;
  readonly sinks: readonly NoticeSink[];
  end(): Promise<void>;
}

/** Tells those outside whom lab files name of what happens: webhooks, receivers of traps, files. */
export class Notifications implements AsyncDisposable {
  readonly #parts: NotificationParts;
  readonly #told = new Map<string, Told>();
  /** Those who are told no more, while what they were told is still being written. */
  readonly #ending = new Set<Promise<void>>();
  /** Tells this run's notices from those of earlier ones. */
  readonly #run: string;
  readonly #stop: () => void;
  #count = 0;

  constructor(happenings: Happenings, parts: NotificationParts) {
    this.#parts = parts;
    this.#run = parts.clock.now().toString(36);
    this.#stop = happenings.listen(happening => this.#take(happening));
  }

  /** Ends all of it; what is to be in files is there then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    for (const lab of [...this.#told.keys()]) this.#forget(lab);
    await Promise.all(this.#ending);
  }

  /** Tells nobody of a lab that is there no more; what is to be in files is there then. */
  async forget(lab: string): Promise<void> {
    this.#forget(lab);
    await Promise.all(this.#ending);
  }

  #take(happening: Happening): void {
    if (happening.type === 'cloud') return;
    const { sinks = [] } = this.#toldOf(happening.lab) ?? {};
    if (sinks.length === 0) return;
    const news = newsOf(happening);
    if (!news) return;
    const notice: Notice = { ...news, id: `${this.#run}-${++this.#count}`, at: this.#parts.clock.now() };
    for (const sink of sinks) sink.offer(notice);
  }

  /** Who is told of a lab, as its file says by now. */
  #toldOf(lab: string): Told | undefined {
    const definition = this.#parts.definitionOf(lab);
    const before = this.#told.get(lab);
    if (before?.definition === definition) return before;
    if (before && isDeepStrictEqual(before.definition, definition)) {
      // What waits is not lost by an "up" that changes nothing of it.
      before.definition = definition;
      return before;
    }
    this.#forget(lab);
    if (!definition) return undefined;
    const told = this.#tell(lab, definition);
    this.#told.set(lab, told);
    return told;
  }

  #tell(lab: string, definition: NotifyDefinition): Told {
    const { clock, log, random, subjectOf, fileOf } = this.#parts;
    const { file } = definition;
    const poster = new HttpPoster(new Destinations(definition.destinations), clock);
    const sinks = [
      ...definition.webhooks.map(webhook => new Webhook(webhook, { clock, log, poster, random })),
      ...definition.traps.map(
        traps => new Traps(traps, { clock, log, subject: node => subjectOf(lab, node) }),
      ),
      ...(file ? [new EventFile({ ...file, path: file.path ?? fileOf(lab) }, log)] : []),
    ];
    return {
      definition,
      sinks,
      end: async () => {
        await Promise.all(sinks.map(sink => sink[Symbol.asyncDispose]()));
        await poster[Symbol.asyncDispose]();
      },
    };
  }

  #forget(lab: string): void {
    const told = this.#told.get(lab);
    this.#told.delete(lab);
    if (!told) return;
    const ending = told
      .end()
      .catch((error: unknown) => {
        this.#parts.log.error({ lab, error: messageOf(error) }, 'notifications did not end');
      })
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

/** What those outside are told of a happening; `undefined`: nothing. */
function newsOf(happening: Happening): Omit<Notice, 'id' | 'at'> | undefined {
  if (happening.type === 'node' && happening.activity.type === 'logged') {
    const { lab, node } = happening;
    const { entry } = happening.activity;
    const { kind, severity, message } = entry;
    return { lab, node, kind, severity, message, entry };
  }
  // How often a fault is felt is for those who look closer.
  if (happening.type === 'fault' && happening.phase !== 'felt') {
    const { lab, node, phase, text: message } = happening;
    return { lab, node, kind: `fault-${phase}`, severity: phase === 'lifted' ? 'ok' : 'warning', message };
  }
  return undefined;
}
