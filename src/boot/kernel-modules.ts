import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QuintupleoError } from '../support/errors.ts';
import type { RunProgram } from '../support/program.ts';

/** A kernel module, unpacked. */
export interface KernelModule {
  /** As the kernel spells it: with underscores. */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * Reads modules of an unpacked kernel package, each after the modules that it depends on.
 * @param folder - `lib/modules/VERSION`
 * @param wanted - names; one that this kernel has built in, or does not have at all, is left out
 * @param run - runs `xz` where the kernel's modules are compressed
 */
export async function readKernelModules(
  folder: string,
  wanted: readonly string[],
  run: RunProgram,
): Promise<readonly KernelModule[]> {
  const files = new Map<string, string>();
  for (const path of await readdir(folder, { recursive: true })) {
    const name = /([^/]+)\.ko(\.xz)?$/.exec(path)?.[1];
    if (name) files.set(moduleName(name), join(folder, path));
  }
  const modules: KernelModule[] = [];
  const visit = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (!file || modules.some(module => module.name === name)) return;
    const content = file.endsWith('.xz') ? await decompress(file, run) : await readFile(file);
    for (const dependency of dependenciesOf(content)) await visit(dependency);
    modules.push({ name, content });
  };
  for (const name of wanted) await visit(moduleName(name));
  return modules;
}

/** Names of the modules that a module says it needs. */
export function dependenciesOf(module: Buffer): readonly string[] {
  const key = '\0depends=';
  const at = module.indexOf(key);
  if (at < 0) return [];
  const start = at + key.length;
  const list = module.toString('latin1', start, module.indexOf(0, start));
  return list.split(',').filter(Boolean).map(moduleName);
}

function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

async function decompress(file: string, run: RunProgram): Promise<Buffer> {
  // The output is bytes, not text: xz writes it beside the file instead.
  const { status, stderr } = await run('xz', ['--decompress', '--keep', '--force', file], {
    timeout: 60_000,
  });
  if (status !== 0) {
    throw new QuintupleoError(`xz cannot read ${file}: ${stderr.trim()}`, {
      family: 'platform',
      code: 'MODULE_UNREADABLE',
    });
  }
  return readFile(file.slice(0, -'.xz'.length));
}
