import type { Clock, Timer } from '../../support/clock.ts';
import { onBehalfOf } from '../../support/request-scope.ts';
import type { NodeSummary, TimelineEntry, WatchMessage } from '../api-watch.ts';
import type { Happening, Happenings } from './happenings.ts';
import type { Timeline } from './timeline.ts';

/** Between two messages of changes, so that they come four times a second at most. Milliseconds. */
const interval = 250;

/** After which a watcher that has got nothing is told that its stream lives. Milliseconds. */
const aliveInterval = 15_000;

/** What the watched nodes are read from. */
export interface NodeWatchParts {
  readonly happenings: Happenings;
  readonly timeline: Timeline;
  readonly clock: Clock;
  /** All nodes, in the order in which they are shown. */
  readonly nodes: () => readonly NodeSummary[];
  /** One of them; `undefined`: it is no more. */
  readonly node: (lab: string, name: string) => NodeSummary | undefined;
}

/** Somebody who watches. */
export interface Watcher {
  /** Whose nodes it may see; `undefined`: those of all labs. */
  readonly labs: ReadonlySet<string> | undefined;
  /** The newest entry that it knows; `undefined`: it wants to know none of those before now. */
  readonly after: number | undefined;
  /** Takes a {@link WatchMessage} as a line of JSON, with its end. */
  readonly take: (line: string) => void;
}

/** Something that is sent, as JSON, and of which lab it is. */
interface Piece {
  readonly lab: string;
  readonly text: string;
}

/**
 * Tells those who watch what has changed, and only that. All of them share what it costs; while nobody watches, it
 * costs nothing.
 */
export class NodeWatch {
  readonly #parts: NodeWatchParts;
  /** Those who watch, and whether each has got nothing since the last look. */
  readonly #watchers = new Map<Watcher, boolean>();
  /** What was last told of each node. */
  #told = new Map<string, Piece>();
  readonly #changed = new Map<string, { readonly lab: string; readonly name: string }>();
  /** Whether nodes have come or gone. */
  #regrouped = false;
  #lastEntry = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #alive: Timer | undefined;
  #stop: (() => void) | undefined;

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
  }

  /**
   * Tells a watcher how all is, and then what changes.
   * @returns stops it
   */
  follow(watcher: Watcher): () => void {
    if (this.#watchers.size === 0) this.#begin();
    // Others are told first, so that what this one is told next is told to all.
    else this.#tell();
    this.#watchers.set(watcher, false);
    watcher.take(this.#all(watcher));
    if (watcher.after !== undefined) {
      const missed = this.#parts.timeline.after(watcher.after).map(pieceOfEntry);
      const line = messageOf('entries', missed, watcher);
      if (line !== undefined) watcher.take(line);
    }
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#end();
    };
  }

  /** Something of a node may have changed that nobody else tells. */
  touch(lab: string, name: string): void {
    if (this.#watchers.size === 0) return;
    this.#changed.set(`${lab}/${name}`, { lab, name });
    this.#tellSoon();
  }

  #begin(): void {
    const { happenings, timeline } = this.#parts;
    const stops = [
      happenings.listen(happening => this.#take(happening)),
      timeline.listen(() => this.#tellSoon()),
    ];
    this.#stop = () => {
      for (const stop of stops) stop();
    };
    this.#lastEntry = timeline.lastId;
    this.#regroup();
    this.#lookAlive();
  }

  #end(): void {
    this.#stop?.();
    this.#timer?.cancel();
    this.#alive?.cancel();
    this.#timer = undefined;
    this.#told = new Map();
    this.#changed.clear();
  }

  #take(happening: Happening): void {
    switch (happening.type) {
      case 'nodes':
        this.#regrouped = true;
        this.#tellSoon();
        break;
      case 'node': {
        const { activity } = happening;
        // How busy a machine is changes all the time, and is not shown.
        if (activity.type === 'observed' && activity.observation.type === 'load') return;
        this.touch(happening.lab, happening.node);
        break;
      }
      case 'fault':
        this.touch(happening.lab, happening.node);
        break;
      default:
    }
  }

  #tellSoon(): void {
    if (this.#timer) return;
    const { clock } = this.#parts;
    const delay = Math.max(0, this.#toldAt + interval - clock.now());
    this.#timer = onBehalfOf(undefined, () => clock.after(delay, () => this.#tell()));
  }

  #tell(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#toldAt = this.#parts.clock.now();
    const entries = this.#parts.timeline.after(this.#lastEntry).map(pieceOfEntry);
    this.#lastEntry = this.#parts.timeline.lastId;
    if (this.#regrouped) {
      this.#regroup();
      this.#send(watcher => this.#all(watcher));
    } else {
      const nodes = this.#changes();
      this.#send(watcher => messageOf('nodes', nodes, watcher));
    }
    this.#send(watcher => messageOf('entries', entries, watcher));
  }

  /** The nodes that are no longer as was told. */
  #changes(): readonly Piece[] {
    const pieces: Piece[] = [];
    for (const [key, { lab, name }] of this.#changed) {
      const summary = this.#parts.node(lab, name);
      if (!summary) continue;
      const piece = { lab, text: JSON.stringify(summary) };
      if (this.#told.get(key)?.text === piece.text) continue;
      this.#told.set(key, piece);
      pieces.push(piece);
    }
    this.#changed.clear();
    return pieces;
  }

  #regroup(): void {
    this.#regrouped = false;
    this.#changed.clear();
    this.#told = new Map(
      this.#parts
        .nodes()
        .map(node => [`${node.lab}/${node.name}`, { lab: node.lab, text: JSON.stringify(node) }]),
    );
  }

  #all(watcher: Watcher): string {
    const nodes = [...this.#told.values()].filter(piece => isFor(watcher, piece)).map(({ text }) => text);
    return `{"type":"all","nodes":[${nodes.join(',')}],"lastEntry":${this.#lastEntry}}\n`;
  }

  /** @param lineFor - the same for all who see the same labs */
  #send(lineFor: (watcher: Watcher) => string | undefined): void {
    const lines = new Map<Watcher['labs'], string | undefined>();
    for (const watcher of this.#watchers.keys()) {
      const { labs } = watcher;
      if (!lines.has(labs)) lines.set(labs, lineFor(watcher));
      const line = lines.get(labs);
      if (line === undefined) continue;
      this.#watchers.set(watcher, false);
      watcher.take(line);
    }
  }

  #lookAlive(): void {
    const look = () => {
      this.#lookAlive();
      for (const [watcher, quiet] of this.#watchers) {
        // Before it is told, since it may leave then.
        this.#watchers.set(watcher, true);
        if (quiet) watcher.take(`${JSON.stringify({ type: 'alive' } satisfies WatchMessage)}\n`);
      }
    };
    this.#alive = onBehalfOf(undefined, () => this.#parts.clock.after(aliveInterval, look));
  }
}

function messageOf(
  type: 'nodes' | 'entries',
  pieces: readonly Piece[],
  watcher: Watcher,
): string | undefined {
  const texts = pieces.filter(piece => isFor(watcher, piece)).map(({ text }) => text);
  return texts.length === 0 ? undefined : `{"type":"${type}","${type}":[${texts.join(',')}]}\n`;
}

function isFor({ labs }: Watcher, { lab }: Piece): boolean {
  return labs === undefined || labs.has(lab);
}

function pieceOfEntry(entry: TimelineEntry): Piece {
  return { lab: entry.lab, text: JSON.stringify(entry) };
}
