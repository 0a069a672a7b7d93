import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileDocument } from '../../../support/document.ts';
import { systemCodeOf } from '../../../support/errors.ts';
import type { KeptMachine } from './machine.ts';

/** What drivers before this one have kept of a lab's machines, by name of the node. */
export async function readKept(folder: string): Promise<Map<string, KeptMachine>> {
  const kept = new Map<string, KeptMachine>();
  for (const file of await list(folder)) {
    if (!file.endsWith('.json')) continue;
    const machine = await fileDocument<KeptMachine>(join(folder, file)).read();
    if (machine) kept.set(file.slice(0, -'.json'.length), machine);
  }
  return kept;
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
