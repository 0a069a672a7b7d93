import { QuintupleoError } from '../support/errors.ts';
import { runProgram } from '../support/program.ts';

/** Debian packages of the host's programs that are run. */
const packages = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  dnsmasq: 'dnsmasq-base',
  ip: 'iproute2',
  nft: 'nftables',
  fallocate: 'util-linux',
  mkfifo: 'coreutils',
} as const;

/** A program of the host that is run. */
export type Program = keyof typeof packages;

/** How long any of the short programs may take, in milliseconds. */
const patience = 60_000;

/** The environment of our programs: what belongs to administrators is often outside a user's search path. */
export const programEnvironment = { PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` };

/** The error for a program that is not installed; its remedy names the package. */
export function missingProgram(program: Program, cause?: unknown): QuintupleoError {
  return new QuintupleoError(`${program} is not installed`, {
    family: 'platform',
    code: 'PROGRAM_MISSING',
    remedy: `Install the Debian package ${packages[program]}.`,
    cause,
  });
}

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws QuintupleoError `PROGRAM_MISSING`, or `PROGRAM_FAILED` with the last thing it said
 */
export async function run(program: Program, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const result = await runProgram(program, args, {
    env: programEnvironment,
    timeout: patience,
    signal,
  }).catch((error: unknown) => {
    throw error instanceof QuintupleoError ? missingProgram(program, error) : error;
  });
  if (result.status === 0) return result.stdout;
  const said = lastLine(result.stderr) ?? lastLine(result.stdout) ?? 'it was stopped';
  throw new QuintupleoError(`${program} failed: ${said}`, { family: 'platform', code: 'PROGRAM_FAILED' });
}

/** The last line that says something. */
export function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .map(line => line.trim())
    .findLast(line => line !== '');
}
