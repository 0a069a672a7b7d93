import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from './errors.ts';

/** A small JSON value that outlives the process. */
export interface Document<T> {
  /** The value last written, or `undefined` if there is none. */
  read(): Promise<T | undefined>;
  /** When this resolves, the value survives a kill and a power cut. Calls take effect in order. */
  write(value: T): Promise<void>;
  delete(): Promise<void>;
}

/** A document in memory: for simulations and tests. */
export function memoryDocument<T>(initial?: T): Document<T> {
  let text = initial === undefined ? undefined : JSON.stringify(initial);
  return {
    read: async () => (text === undefined ? undefined : (JSON.parse(text) as T)),
    write: async value => {
      text = JSON.stringify(value);
    },
    delete: async () => {
      text = undefined;
    },
  };
}

/**
 * A document in a file, mode 0600, replaced as a whole so that a reader never sees half of it.
 * @param path - the file; its folder is made when first written
 */
export function fileDocument<T>(path: string): Document<T> {
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <R>(work: () => Promise<R>): Promise<R> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    read: () =>
      inOrder(async () => {
        try {
          return JSON.parse(await readFile(path, 'utf8')) as T;
        } catch (error) {
          if (systemCodeOf(error) === 'ENOENT') return undefined;
          throw error;
        }
      }),
    write: value => inOrder(() => writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`)),
    delete: () => inOrder(() => rm(path, { force: true })),
  };
}

/**
 * Writes a file so that it is either the old one or the whole new one, whatever happens meanwhile.
 * @param mode - permissions of the new file
 */
export async function writeFileAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  // The rename itself is only safe once the folder is on disk.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
