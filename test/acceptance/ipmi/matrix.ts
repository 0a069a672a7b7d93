import { expect, test } from 'vitest';
import type { ClientLab, Endpoint } from './lab.ts';
import { type Ended, runClient } from './programs.ts';

/** One command of a client, and what it has to print. */
export interface Row {
  readonly args: readonly string[];
  /** Texts that must appear; texts that must not, besides {@link complaints}. */
  readonly says: readonly (string | RegExp)[];
  readonly never: readonly RegExp[];
  /** Its exit status; `any` for a client whose status says nothing. */
  readonly status: number | 'any';
  /** Whether it is run again until it says so: machines take their time. */
  readonly eventually: boolean;
}

/** A client, one protection of its sessions, and what is run with it on a BMC of its own, in order. */
export interface ClientColumn {
  readonly title: string;
  /** Name of the node whose BMC it talks to. */
  readonly node: string;
  readonly rows: readonly Row[];
  readonly command: (bmc: Endpoint, args: readonly string[]) => readonly string[];
}

/** What no client says that is content. */
export const complaints: readonly RegExp[] = [
  /invalid/i,
  /unknown/i,
  /reserved/i,
  /internal error/i,
  /unspecified error/i,
  /unsupported/i,
  /failed/i,
  /unable to/i,
  /time(d )?-?out/i,
  /traceback/i,
];

/** Makes a row: words as one text, or apart where one holds a space. */
export function row(
  args: string | readonly string[],
  says: string | RegExp | readonly (string | RegExp)[],
  rest: Partial<Omit<Row, 'args' | 'says'>> = {},
): Row {
  return {
    args: typeof args === 'string' ? args.split(' ') : args,
    says: typeof says === 'string' || says instanceof RegExp ? [says] : says,
    never: rest.never ?? complaints,
    status: rest.status ?? 0,
    eventually: rest.eventually ?? false,
  };
}

/** How often a row is run again at most. */
const attempts = 100;

/** Counts what passed, for one line at the end. */
export class Tally {
  #passed = 0;
  #all = 0;

  /** Makes a test of every row. */
  test(column: ClientColumn, lab: () => ClientLab): void {
    for (const entry of column.rows) {
      this.#all += 1;
      test(entry.args.join(' '), async () => {
        const { folder } = lab();
        const command = column.command(lab().endpoint(column.node), entry.args);
        let ended = await runClient(command, folder);
        for (let left = attempts; entry.eventually && left > 0 && problemsOf(entry, ended) !== ''; left--) {
          ended = await runClient(command, folder);
        }
        expect(problemsOf(entry, ended)).toBe('');
        this.#passed += 1;
      });
    }
  }

  toString(): string {
    return `${this.#passed} of ${this.#all} pass`;
  }
}

function problemsOf({ says, never, status }: Row, ended: Ended): string {
  const problems: string[] = [];
  if (status !== 'any' && ended.status !== status) {
    problems.push(`exit status ${ended.status ?? 'none: killed'}, not ${status}`);
  }
  for (const wanted of says) {
    const found = typeof wanted === 'string' ? ended.text.includes(wanted) : wanted.test(ended.text);
    if (!found) problems.push(`does not say ${wanted}`);
  }
  for (const unwanted of never) if (unwanted.test(ended.text)) problems.push(`says ${unwanted}`);
  return problems.length === 0 ? '' : `${problems.join('; ')}:\n${ended.text}`;
}
