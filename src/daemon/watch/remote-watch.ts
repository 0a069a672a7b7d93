import type { Clock } from '../../support/clock.ts';
import { delay } from '../../support/delay.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { onBehalfOf } from '../../support/request-scope.ts';
import type { NodeSummary, WatchMessage } from '../api-watch.ts';
import type { RemoteLab } from '../remote-lab.ts';
import type { Timeline } from './timeline.ts';

/** Pauses between attempts, in milliseconds. The first is short: a service that hangs up may be there at once. */
const firstPause = 1_000;
const longestPause = 30_000;

const notAsked = 'the service has not answered yet';

/** What the nodes of a service are watched with. */
export interface RemoteWatchParts {
  readonly lab: string;
  readonly remote: Pick<RemoteLab, 'startedAt' | 'watch'>;
  /** Takes what happens there, as if it had happened here. */
  readonly timeline: Pick<Timeline, 'takeOver'>;
  /** Called with the names of nodes that are no longer as they were; `undefined`: any of them. */
  readonly changed: (nodes: readonly string[] | undefined) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The nodes of a lab as the daemon sees them that serves them: its stream of changes is followed for as long as the lab
 * is served there, and begun again whenever it ends.
 */
export class RemoteWatch {
  readonly #parts: RemoteWatchParts;
  readonly #nodes = new Map<string, NodeSummary>();
  #problem: string | undefined = notAsked;
  /** When the service's daemon began, and its newest entry that is known: it counts them anew when it begins anew. */
  #startedAt = 0;
  #lastEntry = 0;
  #stop: AbortController | undefined;

  constructor(parts: RemoteWatchParts) {
    this.#parts = parts;
  }

  /** What the service tells of a node; `undefined`: nothing now. */
  of(node: string): NodeSummary | undefined {
    return this.#nodes.get(node);
  }

  /** Why nothing is known of a node of which nothing is. */
  get problem(): string {
    return this.#problem ?? 'the service does not serve it';
  }

  /** Follows the service from now on; at once, if it was being waited for. */
  begin(): void {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    void onBehalfOf(undefined, () => this.#run(stop.signal));
  }

  end(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#nodes.clear();
    this.#problem = notAsked;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const ended = await this.#follow(signal);
        if (!ended) throw new Error('the service has ended the connection');
        // It was there until now: whether it is lost the next attempt will show.
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.#lose(messageOf(error));
      }
      const pause = Math.min(firstPause * 2 ** failures, longestPause);
      await delay(clock, pause, signal).catch(() => undefined);
    }
  }

  /** @returns whether it has told how all is before it ended */
  async #follow(signal: AbortSignal): Promise<boolean> {
    const { remote } = this.#parts;
    const startedAt = await remote.startedAt(signal);
    if (startedAt !== this.#startedAt) this.#lastEntry = 0;
    this.#startedAt = startedAt;
    let begun = false;
    try {
      for await (const message of remote.watch(this.#lastEntry, signal)) {
        if (signal.aborted) break;
        this.#take(message);
        begun = true;
      }
    } catch (error) {
      if (!begun) throw error;
      this.#parts.log.info({ lab: this.#parts.lab, error: messageOf(error) }, 'its service hung up');
    }
    return begun;
  }

  #take(message: WatchMessage): void {
    switch (message.type) {
      case 'all':
        this.#found();
        this.#nodes.clear();
        this.#put(message.nodes);
        this.#parts.changed(undefined);
        break;
      case 'nodes':
        this.#parts.changed(this.#put(message.nodes));
        break;
      case 'entries':
        for (const entry of message.entries) {
          this.#lastEntry = Math.max(this.#lastEntry, entry.id);
          if (entry.lab === this.#parts.lab) this.#parts.timeline.takeOver(entry);
        }
        break;
      case 'alive':
        break;
    }
  }

  #put(nodes: readonly NodeSummary[]): readonly string[] {
    const own = nodes.filter(({ lab }) => lab === this.#parts.lab);
    for (const node of own) this.#nodes.set(node.name, node);
    return own.map(({ name }) => name);
  }

  #found(): void {
    if (this.#problem !== undefined) {
      this.#parts.log.info({ lab: this.#parts.lab }, 'its service is watched');
    }
    this.#problem = undefined;
  }

  #lose(problem: string): void {
    if (this.#problem === undefined) {
      this.#parts.log.warn({ lab: this.#parts.lab, error: problem }, 'its service is lost');
    }
    const isNews = this.#problem !== problem;
    this.#problem = problem;
    this.#nodes.clear();
    if (isNews) this.#parts.changed(undefined);
  }
}
