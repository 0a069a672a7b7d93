import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { QuintupleoError } from '../support/errors.ts';
import type { RunProgram } from '../support/program.ts';

/** A package as the host's package sources offer it now. */
export interface DebianPackage {
  readonly name: string;
  /** Name of its file, which holds its version. */
  readonly file: string;
  /** Hexadecimal SHA-256 of the file. */
  readonly sha256: string;
}

/** What it takes to fetch packages. */
export interface PackageTools {
  readonly run: RunProgram;
  readonly signal?: AbortSignal | undefined;
  /** Options that lead apt to other package sources than the host's. */
  readonly aptOptions?: readonly string[] | undefined;
}

/**
 * Finds the versions of packages that the host's package sources offer. Nothing is downloaded or installed.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`
 */
export async function findPackages(
  names: readonly string[],
  tools: PackageTools,
): Promise<readonly DebianPackage[]> {
  const { stdout } = await apt('apt-get', ['download', '--print-uris', ...names], tools);
  const found = [...stdout.matchAll(/^'\S+' (\S+) \d+ SHA256:([0-9a-f]{64})$/gm)].map(match => ({
    name: (match[1] ?? '').split('_', 1).join(),
    file: match[1] ?? '',
    sha256: match[2] ?? '',
  }));
  const missing = names.filter(name => !found.some(other => other.name === name));
  if (missing.length > 0) throw unavailable(`no package source offers ${missing.join(', ')}`);
  return found;
}

/**
 * The package that a package without contents stands for: `linux-image-cloud-amd64` depends on the kernel of the day.
 * @param pattern - what the wanted dependency's name looks like
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`
 */
export async function findDependency(name: string, pattern: RegExp, tools: PackageTools): Promise<string> {
  const { stdout } = await apt('apt-cache', ['show', '--no-all-versions', name], tools);
  const depends = /^Depends: (.*)$/m.exec(stdout)?.[1] ?? '';
  const names = depends.split(/[,|]/).map(item => item.trim().split(' ', 1).join());
  const found = names.find(dependency => pattern.test(dependency));
  if (!found) throw unavailable(`the package ${name} names no ${pattern.source}`);
  return found;
}

/**
 * Downloads packages into a folder, unless they are there, and unpacks them into another one.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`
 */
export async function unpackPackages(
  packages: readonly DebianPackage[],
  folders: { readonly cache: string; readonly into: string },
  tools: PackageTools,
): Promise<void> {
  await mkdir(folders.cache, { recursive: true });
  // apt-get itself leaves a file alone that is complete, and completes one that is not.
  await aptAlone(['download', ...packages.map(({ name }) => name)], tools, folders.cache);
  const present = await readdir(folders.cache);
  for (const { name, file } of packages) {
    if (!present.includes(file)) throw unavailable(`apt-get did not download ${name} as ${file}`);
    const archive = join(folders.cache, file);
    const { status, stderr } = await tools.run('dpkg-deb', ['-x', archive, folders.into], {
      timeout: 120_000,
      signal: tools.signal,
    });
    if (status !== 0) throw unavailable(`${archive} cannot be unpacked: ${stderr.trim()}`);
  }
}

/**
 * Runs apt-get in a folder in which only one at a time may work, of whatever process: apt itself does not wait for
 * others, but fails.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`
 */
export async function aptAlone(args: readonly string[], tools: PackageTools, folder: string): Promise<void> {
  const all = [...(tools.aptOptions ?? []), ...args];
  // Becomes apt-get itself, so that what ends it ends that.
  await runApt('flock', ['--no-fork', join(folder, 'lock'), 'apt-get', ...all], tools, folder);
}

/**
 * Runs apt-get or apt-cache.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`
 */
export async function apt(
  program: 'apt-get' | 'apt-cache',
  args: readonly string[],
  tools: PackageTools,
): Promise<{ stdout: string }> {
  return runApt(program, [...(tools.aptOptions ?? []), ...args], tools);
}

async function runApt(
  program: 'apt-get' | 'apt-cache' | 'flock',
  args: readonly string[],
  tools: PackageTools,
  cwd?: string,
): Promise<{ stdout: string }> {
  const result = await tools
    .run(program, args, { cwd, timeout: 600_000, signal: tools.signal })
    .catch((error: unknown) => {
      if (error instanceof QuintupleoError && error.code === 'PROGRAM_MISSING') {
        throw new QuintupleoError(`${program} is not installed`, {
          family: 'platform',
          code: 'PACKAGES_UNAVAILABLE',
          remedy: 'What nodes boot is built from Debian packages: run this on Debian 12 or later.',
          cause: error,
        });
      }
      throw error;
    });
  if (result.status !== 0) {
    const why = result.stderr.split('\n').find(line => line.startsWith('E:')) ?? result.stderr.trim();
    throw unavailable(`${program === 'flock' ? 'apt-get' : program} failed: ${why}`);
  }
  return result;
}

function unavailable(message: string): QuintupleoError {
  return new QuintupleoError(message, {
    family: 'platform',
    code: 'PACKAGES_UNAVAILABLE',
    remedy:
      'What nodes boot is built from Debian packages: see that a Debian package source can be reached, ' +
      'run "apt-get update" as root, and try again.',
  });
}
