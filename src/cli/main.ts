import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { basename, relative } from 'node:path';
import { CommanderError } from 'commander';
import { QuintupleoError } from '../support/errors.ts';
import { findPaths } from '../support/paths.ts';
import type { Cli, GlobalOptions } from './cli.ts';
import { exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { reportError } from './report.ts';

/** Milliseconds. */
const longestTimer = 2 ** 31 - 1;

/**
 * Runs one command.
 * @param args - without the program's own name
 * @returns the exit status
 */
export async function run(args: readonly string[], cli: Cli): Promise<number> {
  const program = createProgram(cli);
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes[cli.exit].status;
  } catch (error) {
    // Commander has said what is wrong, or has printed the help or version that was asked for.
    if (error instanceof CommanderError) return exitCodes[error.exitCode === 0 ? 'ok' : 'usage'].status;
    const { json = false, debug = false } = program.opts<GlobalOptions>();
    return exitCodes[reportError(cli, error, { json, debug })].status;
  }
}

/**
 * Runs the command that this process was started for.
 * @param entry - the file that the process was started with
 */
export async function main(entry: string): Promise<void> {
  const interruption = new AbortController();
  // Every call that a command waits for listens to it.
  setMaxListeners(0, interruption.signal);
  // Our clock's timers keep no process alive, and a command may wait for nothing else.
  const alive = setInterval(() => {}, longestTimer);
  const interrupted = () =>
    interruption.abort(new QuintupleoError('interrupted', { family: 'user', code: 'INTERRUPTED' }));
  // The second Ctrl-C ends the process at once: the handlers are gone by then.
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  // A reader that has seen enough, such as head, is no error.
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(exitCodes.ok.status);
    throw error;
  });
  process.exitCode = await run(process.argv.slice(2), {
    program: programName(process.argv[1] ?? entry),
    out: process.stdout,
    err: process.stderr,
    input: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    paths: () => findPaths(process.env, process.getuid?.() === 0, homedir()),
    signal: interruption.signal,
    entry,
    exit: 'ok',
  });
  clearInterval(alive);
  process.off('SIGINT', interrupted);
  process.off('SIGTERM', interrupted);
}

/** What the user would type to run this program again. */
function programName(started: string): string {
  if (basename(started) === 'quintupleo') return 'quintupleo';
  const path = relative(process.cwd(), started);
  return path.startsWith('..') ? started : `./${path}`;
}
