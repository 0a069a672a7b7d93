import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { QuintupleoError } from '../support/errors.ts';
import type { RunProgram } from '../support/program.ts';

/** A file of this machine, and where it lies in the appliance. */
export interface CopiedFile {
  /** Absolute path on this machine. */
  readonly source: string;
  /** Path in the appliance, without a leading slash. */
  readonly path: string;
  readonly executable: boolean;
}

/** Where the appliance keeps the libraries of its programs: all in one folder. */
export const libraryFolder = 'lib';

/**
 * A program of this machine with the shared libraries that it is run with here.
 * @param source - absolute path of the program
 * @param path - where it shall lie
 * @throws QuintupleoError `PROGRAM_NOT_PORTABLE` where this machine does not have all its libraries
 * @see ld.so(8), ldd(1)
 */
export async function programFiles(
  source: string,
  path: string,
  run: RunProgram,
  signal?: AbortSignal,
): Promise<readonly CopiedFile[]> {
  const program = { source: await realpath(source), path, executable: true };
  const { status, stdout } = await run('ldd', [program.source], { timeout: 30_000, signal });
  // A program without shared libraries is no failure, though ldd ends like one.
  if (status !== 0) return [program];
  const missing = /^\s*(\S+) => not found$/m.exec(stdout)?.[1];
  if (missing) {
    throw new QuintupleoError(`${source} needs the library ${missing}, which is not here`, {
      family: 'platform',
      code: 'PROGRAM_NOT_PORTABLE',
      remedy: 'Install it again from its Debian package.',
    });
  }
  const files: CopiedFile[] = [program];
  for (const library of stdout.matchAll(/^\s*(\S+) => (\/\S+) \(0x/gm)) {
    const name = library[1] ?? '';
    files.push({ source: library[2] ?? '', path: `${libraryFolder}/${basename(name)}`, executable: false });
  }
  // The loader itself is named by its path, inside the program.
  const loader = /^\s*(\/\S+) \(0x/m.exec(stdout)?.[1];
  if (loader) files.push({ source: loader, path: loader.slice(1), executable: true });
  return files;
}

/** The path of a program that this machine has, if it has it. */
export async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return path;
  }
  return undefined;
}
