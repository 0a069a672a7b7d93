import type { Clock, Timer } from '../support/clock.ts';
import { QuintupleoError } from '../support/errors.ts';
import { chanceAt } from './chance.ts';
import type { Fault, FaultKind, FaultOf } from './fault.ts';

/** Where a fault is: at a node, or at a lab as a whole. */
export interface Place {
  readonly lab: string;
  /** `undefined`: the lab as a whole. */
  readonly node: string | undefined;
}

/** What is to be injected. */
export interface Injection {
  readonly lab: string;
  /** Names; none for a fault of the lab as a whole. */
  readonly nodes: readonly string[];
  readonly fault: Fault;
  /** Milliseconds after which it is lifted by itself; `undefined`: when it is told to. */
  readonly duration?: number | undefined;
  /** What chance depends on; `undefined`: is chosen. */
  readonly seed?: number | undefined;
}

/** A fault that is injected. */
export interface Injected {
  readonly id: string;
  readonly lab: string;
  readonly nodes: readonly string[];
  readonly fault: Fault;
  /** What chance depends on: by the same one, the same happens again. */
  readonly seed: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it is lifted by itself. */
  readonly until: number | undefined;
  /** How often it was felt, at all of its places. */
  readonly felt: number;
  /** Why it cannot be had at a node, by its name. */
  readonly problems: Readonly<Record<string, string>>;
  /** When it will be felt at a node, where that is not at once, by its name. */
  readonly notes: Readonly<Record<string, string>>;
}

/** What happens with faults. */
export interface FaultNews extends Place {
  readonly phase: 'injected' | 'felt' | 'lifted';
  readonly id: string;
  readonly fault: Fault;
  /** How often it has been felt at this place. */
  readonly times: number;
}

/** A fault as it is at one place. */
export interface LiveFault<F extends Fault = Fault> extends Place {
  readonly id: string;
  readonly fault: F;
  /** Of its own: from 0 (included) to 1 (not included). */
  readonly chance: () => number;
  /** How often it has been felt here. */
  readonly times: number;
  /** To be called whenever it made a difference. */
  felt(): void;
  /** To be called when it cannot be had here. */
  refuse(why: string): void;
  /**
   * To be called when it can be had here.
   * @param when - says when it will be felt, where that is not at once
   */
  grant(when?: string): void;
}

/** What is wrong at one place, as those ask who make it felt. Asking costs next to nothing while nothing is wrong. */
export interface FaultView extends Place {
  /** Oldest first. */
  readonly live: readonly LiveFault[];
  /** The newest fault of a kind. */
  find<Kind extends FaultKind>(kind: Kind): LiveFault<FaultOf<Kind>> | undefined;
  /**
   * Calls back when a fault has come to this place, or left it.
   * @returns stops it
   */
  onChange(listener: (fault: Fault) => void): () => void;
}

interface Entry {
  readonly injected: Omit<Injected, 'felt' | 'problems' | 'notes' | 'nodes'>;
  readonly places: Map<string, LiveFault>;
  readonly problems: Map<string, string>;
  readonly notes: Map<string, string>;
  feltBefore: number;
  readonly timer: Timer | undefined;
}

/** Milliseconds between two times that it is told that a fault is felt: some are felt with each datagram. */
const tellInterval = 5_000;

const nothing: readonly LiveFault[] = [];

/** Faults that are injected now. In memory only: none outlives the process. */
export class Faults {
  readonly #clock: Clock;
  readonly #newSeed: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #live = new Map<string, readonly LiveFault[]>();
  readonly #listeners = new Set<(news: FaultNews) => void>();
  readonly #placeListeners = new Map<string, Set<(fault: Fault) => void>>();
  #count = 0;

  /** @param newSeed - chooses a seed where none is given */
  constructor(clock: Clock, newSeed: () => number = () => Math.trunc(Math.random() * 2 ** 31)) {
    this.#clock = clock;
    this.#newSeed = newSeed;
  }

  /** Whether nothing is injected anywhere. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Makes something wrong, from now on. */
  inject({ lab, nodes, fault, duration, seed = this.#newSeed() }: Injection): Injected {
    const id = `f${++this.#count}`;
    const since = this.#clock.now();
    const until = duration === undefined ? undefined : since + duration;
    const entry: Entry = {
      injected: { id, lab, fault, seed, since, until },
      places: new Map(),
      problems: new Map(),
      notes: new Map(),
      feltBefore: 0,
      timer: duration === undefined ? undefined : this.#clock.after(duration, () => this.#end(id)),
    };
    this.#entries.set(id, entry);
    for (const node of nodes.length === 0 ? [undefined] : new Set(nodes)) {
      const live = this.#makeLive(entry, { lab, node });
      const key = keyOf(live);
      entry.places.set(key, live);
      this.#live.set(key, [...(this.#live.get(key) ?? []), live]);
    }
    for (const live of entry.places.values()) this.#tell('injected', live);
    return describe(entry);
  }

  /**
   * Makes it well again.
   * @throws QuintupleoError `FAULT_NOT_FOUND`
   */
  lift(lab: string, id: string): void {
    if (this.#entries.get(id)?.injected.lab === lab) {
      this.#end(id);
      return;
    }
    const ids = this.list(lab).map(injected => injected.id);
    throw new QuintupleoError(`no fault ${id} is injected into lab ${lab}`, {
      family: 'user',
      code: 'FAULT_NOT_FOUND',
      remedy: `There are: ${ids.join(', ') || 'none'}.`,
    });
  }

  /** Makes all well again, of a lab or of all labs. */
  liftAll(lab?: string): void {
    for (const [id, { injected }] of [...this.#entries]) {
      if (lab === undefined || injected.lab === lab) this.#end(id);
    }
  }

  /** Makes all well again at a node that goes. */
  leave(lab: string, node: string): void {
    const key = keyOf({ lab, node });
    for (const [id, entry] of [...this.#entries]) {
      const live = entry.places.get(key);
      if (!live) continue;
      if (entry.places.size === 1) this.#end(id);
      else this.#take(entry, key, live);
    }
  }

  /** What is injected into a lab now, oldest first. */
  list(lab: string): readonly Injected[] {
    return [...this.#entries.values()].filter(({ injected }) => injected.lab === lab).map(describe);
  }

  /** A place, for those who make faults felt there. */
  view(lab: string, node: string | undefined): FaultView {
    const key = keyOf({ lab, node });
    const live = this.#live;
    const allListeners = this.#placeListeners;
    return {
      lab,
      node,
      get live() {
        return live.get(key) ?? nothing;
      },
      find<Kind extends FaultKind>(kind: Kind) {
        const found = live.get(key)?.findLast(one => one.fault.kind === kind);
        return found as LiveFault<FaultOf<Kind>> | undefined;
      },
      onChange(listener) {
        const listeners = allListeners.get(key) ?? new Set();
        allListeners.set(key, listeners.add(listener));
        return () => {
          if (listeners.delete(listener) && listeners.size === 0) allListeners.delete(key);
        };
      },
    };
  }

  /**
   * Calls back with what happens with faults.
   * @returns stops it
   */
  listen(listener: (news: FaultNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #makeLive(entry: Entry, { lab, node }: Place): LiveFault {
    const { id, fault, seed } = entry.injected;
    const clock = this.#clock;
    const tell = () => this.#tell('felt', live);
    const name = node ?? '';
    let times = 0;
    let toldAt = Number.NEGATIVE_INFINITY;
    const live: LiveFault = {
      id,
      lab,
      node,
      fault,
      chance: chanceAt(seed, name),
      get times() {
        return times;
      },
      felt() {
        times++;
        if (clock.now() < toldAt + tellInterval) return;
        toldAt = clock.now();
        tell();
      },
      refuse(why) {
        entry.problems.set(name, why);
        entry.notes.delete(name);
      },
      grant(when) {
        entry.problems.delete(name);
        if (when === undefined) entry.notes.delete(name);
        else entry.notes.set(name, when);
      },
    };
    return live;
  }

  #end(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    entry.timer?.cancel();
    for (const [key, live] of [...entry.places]) this.#take(entry, key, live);
  }

  #take(entry: Entry, key: string, live: LiveFault): void {
    entry.places.delete(key);
    entry.feltBefore += live.times;
    const left = (this.#live.get(key) ?? []).filter(other => other !== live);
    if (left.length > 0) this.#live.set(key, left);
    else this.#live.delete(key);
    this.#tell('lifted', live);
  }

  #tell(phase: FaultNews['phase'], { id, lab, node, fault, times }: LiveFault): void {
    for (const listener of this.#listeners) listener({ phase, id, lab, node, fault, times });
    if (phase === 'felt') return;
    for (const listener of this.#placeListeners.get(keyOf({ lab, node })) ?? []) listener(fault);
  }
}

function describe({ injected, places, feltBefore, problems, notes }: Entry): Injected {
  const live = [...places.values()];
  return {
    ...injected,
    nodes: live.flatMap(({ node }) => node ?? []),
    felt: live.reduce((sum, { times }) => sum + times, feltBefore),
    problems: Object.fromEntries(problems),
    notes: Object.fromEntries(notes),
  };
}

/** Nodes' names are never empty. */
function keyOf({ lab, node = '' }: Place): string {
  return `${lab}/${node}`;
}
