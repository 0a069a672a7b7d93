import { QuintupleoError } from '../support/errors.ts';
import type { Paths } from '../support/paths.ts';
import type { ExitCode } from './exit-codes.ts';

/** A stream that text is written to. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(data: string | Uint8Array): unknown;
}

/** The keyboard, or what stands in for it. */
export interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
}

/** What a command works with: everything it needs of the process. */
export interface Cli {
  /** How the user calls this program: for the commands in hints. */
  readonly program: string;
  readonly out: Output;
  readonly err: Output;
  readonly input: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Computed when first asked for, because it can fail. */
  readonly paths: () => Paths;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** The file to run with Node.js for a daemon. */
  readonly entry: string;
  /** How the process will end if nothing is thrown; a command may change it. */
  exit: ExitCode;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly lab?: string;
  readonly id?: string;
  readonly debug?: boolean;
}

/** An error in how the program was called. */
export function usageError(message: string, remedy: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'user', code: 'USAGE', remedy });
}

/** Writes a line for people or programs. */
export function print(cli: Cli, line: string): void {
  cli.out.write(`${line}\n`);
}

/** Writes a line that is not the command's answer: progress, hints, questions. */
export function note(cli: Cli, line: string): void {
  cli.err.write(`${line}\n`);
}

/** Writes a value as JSON: indented, as one answer. */
export function printJson(cli: Cli, value: unknown): void {
  print(cli, JSON.stringify(value, null, 2));
}
