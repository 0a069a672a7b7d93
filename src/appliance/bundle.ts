import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { QuintupleoError } from '../support/errors.ts';
import type { CopiedFile } from './program-files.ts';

/** What of a package is of use to a running program; licences travel with what they allow. */
const wanted = /\.([cm]?js|json|wasm|node)$|^(licen[cs]e|notice)/i;
/** Parts of this package that run, and the data that they read. */
const ownFolders = ['bin', 'dist', 'dmtf'];

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).optional() });

/**
 * This project as it is installed: its built program and the libraries that it needs to run.
 * @param root - the folder of its package.json
 * @param into - the folder for it in the appliance, without a leading slash
 * @throws QuintupleoError `BUNDLE_INCOMPLETE`
 */
export async function bundle(root: string, into: string): Promise<readonly CopiedFile[]> {
  const files: CopiedFile[] = [copy(root, 'package.json', into)];
  for (const folder of ownFolders) {
    const found = await filesOf(join(root, folder), () => true);
    if (found.length === 0) throw incomplete(`${join(root, folder)} is empty`, 'Build it: npm run build.');
    files.push(...found.map(path => copy(root, join(folder, path), into)));
  }
  for (const [target, source] of await dependencies(root)) {
    // What a package brings along for itself is found as a dependency of its own.
    const found = await filesOf(source, name => name !== 'node_modules');
    files.push(...found.map(path => copy(source, path, join(into, target))));
  }
  return files;
}

/** Folders of all libraries, by where they lie below the program: found from there as Node.js finds them here. */
async function dependencies(root: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string): Promise<void> => {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const source = await resolve(name, folder);
      const inside = relative(root, source);
      // One that lies above the program, where npm put it for several packages, moves into it.
      const target = inside.startsWith('..') ? join('node_modules', name) : inside;
      if (found.has(target)) continue;
      found.set(target, source);
      await visit(source);
    }
  };
  await visit(root);
  return found;
}

/** The folder in which Node.js finds a package, seen from another one. */
async function resolve(name: string, from: string): Promise<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    const found = await stat(join(candidate, 'package.json')).catch(() => undefined);
    if (found) return candidate;
    if (folder === dirname(folder)) {
      throw incomplete(`the library ${name} is not installed`, 'Install what is missing: npm ci.');
    }
  }
}

/** Paths of the files below a folder that are of use, in a fixed order. */
async function filesOf(folder: string, enter: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files: string[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (entry.isDirectory() && enter(entry.name)) {
      const below = await filesOf(join(folder, entry.name), enter);
      files.push(...below.map(path => join(entry.name, path)));
    }
    if (entry.isFile() && wanted.test(entry.name)) files.push(entry.name);
  }
  return files;
}

function copy(folder: string, path: string, into: string): CopiedFile {
  return { source: join(folder, path), path: join(into, path), executable: false };
}

function incomplete(message: string, remedy: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'platform', code: 'BUNDLE_INCOMPLETE', remedy });
}
