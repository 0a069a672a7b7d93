import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MediaError } from '../bmc/redfish/media/media-source.ts';
import { systemCodeOf } from '../support/errors.ts';

/** What is to be written. */
export interface ImageContent {
  /** What messages call it. */
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** Bytes, where that is known before. */
  readonly expected: number | undefined;
  /** Called with the share that is there, 0 to 1, a hundred times at most. */
  readonly progress: (share: number) => void;
}

/** Within what it is written. */
export interface ImageBounds {
  /** Bytes. */
  readonly limit: number;
  /** Free bytes of the file system that a folder is on. */
  readonly freeSpace: (folder: string) => Promise<number>;
  readonly signal: AbortSignal;
}

/** Bytes that an image leaves free for everybody else. */
const reserve = 64 * 2 ** 20;
/** Bytes after which the room is looked at again, where nobody said how much will come. */
const lookAgainAfter = 64 * 2 ** 20;

/**
 * Writes an image, mode 0600: all of it is on disk under its name, or nothing.
 * @returns its size in bytes
 * @throws MediaError `too-large`, `no-space`, `interrupted`, `not-an-image`; what the content throws
 */
export async function writeImage(
  path: string,
  { name, content, expected, progress }: ImageContent,
  { limit, freeSpace, signal }: ImageBounds,
): Promise<number> {
  const folder = dirname(path);
  const fits = async (more: number) => {
    if (more > limit) throw tooLarge(name, limit);
    if ((await freeSpace(folder)) - reserve < more)
      throw new MediaError('no-space', `${name}: there is no room for it`);
  };
  const temporary = `${path}.part`;
  let size = 0;
  let told = 0;
  let lookAt = expected === undefined ? 0 : Number.POSITIVE_INFINITY;
  await fits(expected ?? 0);
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      for await (const piece of content) {
        signal.throwIfAborted();
        if (size === 0 && isWebPage(piece)) throw new MediaError('not-an-image', `${name} is a web page`);
        size += piece.length;
        if (size > limit) throw tooLarge(name, limit);
        if (expected !== undefined && size > expected) break;
        if (size >= lookAt) {
          await fits(piece.length);
          lookAt = size + lookAgainAfter;
        }
        await writeAll(file, piece);
        const share = expected ? size / expected : 0;
        if (share - told >= 0.01) {
          told = share;
          progress(share);
        }
      }
      signal.throwIfAborted();
      if (expected !== undefined && size !== expected)
        throw new MediaError('interrupted', `${name}: ${size} bytes came where ${expected} were announced`);
      if (size === 0) throw new MediaError('not-an-image', `${name} is empty`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    const full = systemCodeOf(error) === 'ENOSPC' || systemCodeOf(error) === 'EDQUOT';
    throw full ? new MediaError('no-space', `${name}: there is no room for it`, error) : error;
  }
  if (told < 1) progress(1);
  return size;
}

/** Free bytes of the file system that a folder is on, for those who are not root. */
export async function freeSpaceOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let written = 0; written < piece.length; ) {
    written += (await file.write(piece, written)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What servers send in place of an image: a login, an error. */
function isWebPage(piece: Uint8Array): boolean {
  return /^\s*<(!doctype html|html)\b/i.test(Buffer.from(piece.subarray(0, 64)).toString('latin1'));
}

function tooLarge(name: string, limit: number): MediaError {
  return new MediaError(
    'too-large',
    `${name} is larger than ${limit} bytes, the most that an image may have`,
  );
}
