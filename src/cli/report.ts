import { messageOf, QuintupleoError } from '../support/errors.ts';
import { type Cli, note } from './cli.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import { styleFor } from './style.ts';

/** How to show an error. */
export interface ReportOptions {
  readonly json: boolean;
  readonly debug: boolean;
}

/** Tells the user of an error: message and remedy, a stack only for `--debug`. */
export function reportError(cli: Cli, error: unknown, { json, debug }: ReportOptions): ExitCode {
  if (cli.signal.aborted && (error === cli.signal.reason || isAbort(error))) return 'interrupted';
  const exit = exitCodeOf(error);
  const known = error instanceof QuintupleoError ? error : undefined;
  if (json) {
    const problems = known && 'problems' in known ? { problems: known.problems } : {};
    const { code = 'BUG', remedy = null } = known ?? {};
    note(cli, JSON.stringify({ error: { code, message: messageOf(error), remedy, ...problems } }));
  } else if (exit === 'labFile') {
    note(cli, withRemedy(messageOf(error), known?.remedy));
  } else {
    const label = exit === 'bug' ? 'bug' : 'error';
    note(cli, `${styleFor(cli, cli.err).red(label)}: ${withRemedy(messageOf(error), known?.remedy)}`);
    if (exit === 'bug' && !debug) {
      note(cli, 'This is a mistake of this program. Please report it, with what it prints with --debug.');
    }
  }
  if (debug) note(cli, stackOf(error));
  return exit;
}

function withRemedy(message: string, remedy: string | undefined): string {
  if (remedy === undefined) return message;
  return `${message}${message.endsWith('.') ? '' : '.'} ${remedy}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
