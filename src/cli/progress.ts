import type { LabStatus, PlannedChange, Progress } from '../daemon/api.ts';
import { type Cli, note, print } from './cli.ts';
import { apiError } from './client.ts';
import { type Style, styleFor } from './style.ts';

const signs = { create: '+', update: '~', delete: '-' } as const;

/** A step of a plan, in one line. */
export function changeLine(change: PlannedChange, style: Style): string {
  const colour = { create: style.green, update: style.yellow, delete: style.red }[change.op];
  const summary = change.summary === '' ? '' : `  ${style.dim(change.summary)}`;
  const disruptive = change.disruptive ? `  ${style.red('disruptive')}` : '';
  return `  ${colour(`${signs[change.op]} ${change.kind} ${change.name}`)}${summary}${disruptive}`;
}

/** How many of each: `2 to create, 1 to delete`. */
export function countChanges(changes: readonly PlannedChange[]): string {
  const count = (op: PlannedChange['op']) => changes.filter(change => change.op === op).length;
  return (['create', 'update', 'delete'] as const)
    .filter(op => count(op) > 0)
    .map(op => `${count(op)} to ${op}`)
    .join(', ');
}

/**
 * Shows a stream of progress as it comes: lines for people, or each value as JSON on a line for programs.
 * @returns the lab as it is when all is done
 * @throws QuintupleoError what the daemon says went wrong
 */
export async function follow(
  cli: Cli,
  stream: AsyncIterable<Progress>,
  json: boolean,
): Promise<LabStatus | undefined> {
  const style = styleFor(cli, cli.err);
  const live = cli.err.isTTY === true;
  // On a terminal the step under way stands on a line that its end overwrites.
  const clear = () => live && cli.err.write('\r\x1b[K');
  for await (const progress of stream) {
    if (json) print(cli, JSON.stringify(progress));
    switch (progress.type) {
      case 'plan':
        break;
      case 'start':
        if (live && !json) cli.err.write(`\r\x1b[K  … ${progress.change.kind} ${progress.change.name}`);
        break;
      case 'finish':
        if (json) break;
        clear();
        note(
          cli,
          `  ${style.green('✓')} ${progress.change.op} ${progress.change.kind} ${progress.change.name}`,
        );
        break;
      case 'note':
        if (json) break;
        clear();
        note(cli, `    ${progress.message}`);
        break;
      case 'done':
        return progress.lab;
      case 'failed':
        if (!json) clear();
        throw apiError(progress.error);
    }
  }
  return undefined;
}
