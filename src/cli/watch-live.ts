import type { NodeSummary, TimelineEntry, WatchMessage } from '../daemon/api-watch.ts';
import type { Cli } from './cli.ts';
import type { ControlClient } from './client.ts';
import { LiveScreen } from './live-screen.ts';
import { type Style, styleFor } from './style.ts';
import { table } from './table.ts';
import { duration, timelineLine } from './timeline-lines.ts';

/** How often the screen is drawn anew while nothing comes, for the ages on it. Milliseconds. */
const redrawEvery = 1_000;

/** Latest entries that are kept, and lines of the screen that they may have at most. */
const mostEntries = 64;
const shareOfEntries = 1 / 3;

/** Shows all nodes live until the user has seen enough. */
export async function watchLive(cli: Cli, client: ControlClient, lab: string | undefined): Promise<void> {
  using screen = new LiveScreen(cli);
  const view = new LiveView(lab);
  const style = styleFor(cli);
  const draw = () => screen.draw(view.lines(screen.rows, Date.now(), style));
  const timer = setInterval(draw, redrawEvery);
  using keys = new Keys(cli);
  try {
    const messages = client.watch()[Symbol.asyncIterator]();
    let next = messages.next();
    for (;;) {
      const key = keys.next();
      const came = await Promise.race([next, key]);
      if (typeof came === 'string') {
        if (came === 'q' || came === '\x03') return;
        view.scroll(came, screen.rows);
      } else {
        if (came.done) return;
        view.take(came.value);
        next = messages.next();
      }
      draw();
    }
  } finally {
    clearInterval(timer);
  }
}

/** What is on the screen. */
export class LiveView {
  readonly #lab: string | undefined;
  readonly #nodes = new Map<string, NodeSummary>();
  readonly #entries: TimelineEntry[] = [];
  #top = 0;

  /** @param lab - of which lab alone */
  constructor(lab: string | undefined) {
    this.#lab = lab;
  }

  take(message: WatchMessage): void {
    switch (message.type) {
      case 'all':
        this.#nodes.clear();
        this.#put(message.nodes);
        break;
      case 'nodes':
        this.#put(message.nodes);
        break;
      case 'entries':
        this.#entries.push(...message.entries.filter(entry => this.#isShown(entry)));
        this.#entries.splice(0, Math.max(0, this.#entries.length - mostEntries));
        break;
      case 'alive':
        break;
    }
  }

  scroll(key: string, rows: number): void {
    const page = Math.max(1, rows - 8);
    const steps: Readonly<Record<string, number>> = {
      j: 1,
      k: -1,
      '\x1b[B': 1,
      '\x1b[A': -1,
      ' ': page,
      '\x1b[6~': page,
      '\x1b[5~': -page,
    };
    const last = Math.max(0, this.#nodes.size - 1);
    this.#top = Math.min(last, Math.max(0, this.#top + (steps[key] ?? 0)));
  }

  /** The screen's lines: how many are on, the nodes from where was scrolled to, and what happened last. */
  lines(rows: number, now: number, style: Style): readonly string[] {
    const all = [...this.#nodes.values()];
    const entries = this.#entries.slice(-Math.max(3, Math.floor(rows * shareOfEntries)));
    const room = Math.max(1, rows - entries.length - 5);
    const top = Math.min(this.#top, Math.max(0, all.length - room));
    const shown = all.slice(top, top + room);
    const nodes = table(
      ['NODE', 'POWER', 'STAGE', 'OPERATION', 'BMC', 'NOTE'],
      shown.map(node => rowOf(node, now, style)),
    );
    const more =
      all.length > shown.length ? style.dim(`  ${top + 1} to ${top + shown.length} of ${all.length}`) : '';
    return [
      `${style.bold(this.#lab ?? 'all labs')}  ${countsOf(all)}${more}`,
      '',
      ...(all.length === 0 ? ['No node.'] : nodes),
      '',
      ...entries.map(entry => timelineLine(entry, style)),
    ];
  }

  #put(nodes: readonly NodeSummary[]): void {
    for (const node of nodes) if (this.#isShown(node)) this.#nodes.set(`${node.lab}/${node.name}`, node);
  }

  #isShown({ lab }: { readonly lab: string }): boolean {
    return this.#lab === undefined || lab === this.#lab;
  }
}

function countsOf(nodes: readonly NodeSummary[]): string {
  const count = (is: (node: NodeSummary) => boolean) => nodes.filter(is).length;
  const moving = count(({ operation }) => operation !== undefined);
  const failed = count(({ failure }) => failure !== undefined);
  const parts = [`${nodes.length} nodes`, `${count(({ power }) => power === 'on')} on`];
  if (moving > 0) parts.push(`${moving} in transition`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}

function rowOf(
  { lab, name, power, stage, operation, failure, bmc, faults }: NodeSummary,
  now: number,
  style: Style,
) {
  const colour = { on: style.green, off: style.dim, unknown: style.yellow }[power];
  const doing = operation && `${operation.action} ${operation.phase} ${duration(now - operation.startedAt)}`;
  const notes = [
    ...faults.map(fault => style.yellow(`fault: ${fault}`)),
    ...[failure, bmc.problem].filter(text => text !== undefined).map(style.red),
  ];
  return [
    `${lab}/${name}`,
    colour(power),
    power === 'on' ? stage : '',
    doing === undefined ? '' : style.yellow(doing),
    bmc.ipmi,
    notes.join('; '),
  ];
}

/** The keys that the user strikes. */
class Keys implements Disposable {
  readonly #cli: Cli;
  readonly #waiting: string[] = [];
  #tell: ((key: string) => void) | undefined;
  readonly #onData = (data: Buffer | string) => {
    const key = String(data);
    if (this.#tell) this.#tell(key);
    else this.#waiting.push(key);
  };

  constructor(cli: Cli) {
    this.#cli = cli;
    if (!cli.input.isTTY) return;
    cli.input.setRawMode?.(true);
    cli.input.on('data', this.#onData);
    cli.input.resume();
  }

  /** The next key; asked again, it is still the same one that is waited for. */
  next(): Promise<string> {
    const key = this.#waiting.shift();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise(resolve => {
      this.#tell = key => {
        this.#tell = undefined;
        resolve(key);
      };
    });
  }

  [Symbol.dispose](): void {
    this.#cli.input.off('data', this.#onData);
    this.#cli.input.setRawMode?.(false);
    this.#cli.input.pause();
  }
}
