import { execFile } from 'node:child_process';
import { QuintupleoError, systemCodeOf } from './errors.ts';

/** How a program is run. */
export interface ProgramOptions {
  readonly cwd?: string | undefined;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds after which it is killed. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended. */
export interface ProgramResult {
  /** Exit status; `undefined` when it was killed because its time was up or by somebody else. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 * @throws QuintupleoError `PROGRAM_MISSING`; the signal's reason when it is aborted
 */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options: ProgramOptions,
) => Promise<ProgramResult>;

/** More output than this kills the program. */
const mostOutput = 16 * 2 ** 20;

/** Runs a program of this machine. Nothing goes through a shell. */
export const runProgram: RunProgram = (program, args, options) =>
  new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const settings = {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      timeout: options.timeout,
      killSignal: 'SIGKILL' as const,
      maxBuffer: mostOutput,
      signal: options.signal,
    };
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      if (options.signal?.aborted) reject(options.signal.reason);
      else if (systemCodeOf(error) === 'ENOENT') reject(missing(program, error));
      else resolve({ status: child.exitCode ?? undefined, stdout, stderr });
    });
    child.stdin?.end();
  });

function missing(program: string, cause: unknown): QuintupleoError {
  return new QuintupleoError(`the program ${program} is not installed`, {
    family: 'platform',
    code: 'PROGRAM_MISSING',
    remedy: `Install ${program} and try again.`,
    cause,
  });
}
