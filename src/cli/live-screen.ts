import { stripVTControlCharacters } from 'node:util';
import type { Cli, Output } from './cli.ts';

/** A terminal that is drawn anew again and again, and is as it was when this is disposed. */
export class LiveScreen implements Disposable {
  readonly #out: Output;

  constructor({ out }: Pick<Cli, 'out'>) {
    this.#out = out;
    // The alternate screen, without a cursor.
    out.write('\x1b[?1049h\x1b[?25l');
  }

  /** How many lines there is room for. */
  get rows(): number {
    return this.#out.rows ?? 24;
  }

  /** Shows these lines, cut to what there is room for. */
  draw(lines: readonly string[]): void {
    const columns = this.#out.columns ?? 80;
    const shown = lines.slice(0, this.rows).map(line => `${cut(line, columns)}\x1b[K`);
    this.#out.write(`\x1b[H${shown.join('\r\n')}\x1b[J`);
  }

  [Symbol.dispose](): void {
    this.#out.write('\x1b[?25h\x1b[?1049l');
  }
}

/** A line without what is right of the screen; escape codes take no room. */
function cut(line: string, columns: number): string {
  if ([...stripVTControlCharacters(line)].length <= columns) return line;
  let room = columns;
  let text = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes begin with one
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const isCode = part.startsWith('\x1b');
    const kept = isCode ? part : [...part].slice(0, room).join('');
    if (!isCode) room -= [...kept].length;
    text += kept;
  }
  return text;
}
