import { randomBytes } from 'node:crypto';
import { constants, copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MediaError, type MediaRequest, type MediaSource } from '../bmc/redfish/media/media-source.ts';
import type { MediaImage, MediaSlot } from '../node/media.ts';
import { type Clock, systemClock } from '../support/clock.ts';
import { withoutCredentials } from '../support/credentials.ts';
import type { Destinations } from '../support/destinations.ts';
import { fileDocument } from '../support/document.ts';
import { systemCodeOf } from '../support/errors.ts';
import { openMedia, type Validators } from './media-download.ts';
import { freeSpaceOf, type ImageContent, writeImage } from './media-file.ts';

/** What a lab's media library works with. */
export interface MediaLibraryParts {
  /** Where the images are kept; nothing else is in it. */
  readonly folder: string;
  readonly destinations: Destinations;
  readonly clock?: Clock | undefined;
  /** The largest image, in bytes; 16 GiB by default. */
  readonly limit?: number | undefined;
  /** Free bytes of the file system that a folder is on. */
  readonly freeSpace?: ((folder: string) => Promise<number>) | undefined;
}

/** Content that a client sends by itself. */
export interface MediaUpload {
  /** What the client calls it; stands where an image has its URL. */
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** Bytes, where the client says so. */
  readonly size?: number | undefined;
  readonly writeProtected: boolean;
  readonly slot: MediaSlot;
}

/** What is known of where an image came from: lies beside it. */
interface Origin extends Validators {
  /** Without credentials. */
  readonly url: string;
}

const largest = 16 * 2 ** 30;
const originSuffix = '.origin.json';

/**
 * The images of a lab's virtual media, each a file of its own that nobody else has a name for: `NODE-SLOT-RANDOM.img`,
 * mode 0600. What its server says is unchanged is not fetched again for another node or another time.
 */
export class MediaLibrary {
  readonly #folder: string;
  readonly #destinations: Destinations;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #freeSpace: (folder: string) => Promise<number>;
  /** In the names of all files that this one makes. */
  readonly #run = randomBytes(4).toString('hex');
  /** The last who fetches a URL: who comes after may find it there. */
  readonly #fetching = new Map<string, Promise<unknown>>();

  constructor(parts: MediaLibraryParts) {
    this.#folder = parts.folder;
    this.#destinations = parts.destinations;
    this.#clock = parts.clock ?? systemClock;
    this.#limit = parts.limit ?? largest;
    this.#freeSpace = parts.freeSpace ?? freeSpaceOf;
  }

  /** The library as one node's BMC sees it. */
  sourceOf(node: string): MediaSource {
    return {
      fetch: (request, signal, progress) => this.fetch(node, request, signal, progress),
      discard: image => this.remove(image),
    };
  }

  /**
   * Fetches an image for a node.
   * @param progress - called with the share that is there, 0 to 1
   * @throws {@link MediaError}; the signal's reason when it aborts
   */
  async fetch(
    node: string,
    request: MediaRequest,
    signal: AbortSignal,
    progress: (share: number) => void = () => undefined,
  ): Promise<MediaImage> {
    signal.throwIfAborted();
    const before = this.#fetching.get(request.url);
    const ours = settled(before, signal).then(() => this.#fetch(node, request, signal, progress));
    const marker = ours.catch(() => undefined);
    this.#fetching.set(request.url, marker);
    try {
      return await ours;
    } finally {
      if (this.#fetching.get(request.url) === marker) this.#fetching.delete(request.url);
    }
  }

  /**
   * Takes an image from a client.
   * @throws {@link MediaError}; the signal's reason when it aborts
   */
  async store(node: string, upload: MediaUpload, signal: AbortSignal): Promise<MediaImage> {
    const { name, content, size: expected, writeProtected, slot } = upload;
    const file = await this.#newFile(node, slot);
    const size = await this.#write(file, { name, content, expected, progress: () => undefined }, signal);
    return { url: name, file, size, writeProtected };
  }

  /** Deletes an image that is in no slot any more; one that is gone, or not of this library, is no error. */
  async remove({ file }: MediaImage): Promise<void> {
    if (dirname(file) !== this.#folder) return;
    await rm(file, { force: true });
    await rm(`${file}${originSuffix}`, { force: true });
  }

  /**
   * Deletes what an earlier daemon left: half an image, and images that are in no slot. What has come since is left alone:
   * clients need not wait for this.
   * @param used - those that are
   */
  async sweep(used: Iterable<MediaImage>): Promise<void> {
    const keep = new Set([...used].map(({ file }) => basename(file)));
    for (const name of await this.#names()) {
      if (keep.has(name.replace(originSuffix, '')) || name.includes(`-${this.#run}`)) continue;
      await rm(join(this.#folder, name), { force: true });
    }
  }

  /** Deletes all, when the lab is taken down. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #fetch(
    node: string,
    request: MediaRequest,
    signal: AbortSignal,
    progress: (share: number) => void,
  ): Promise<MediaImage> {
    const { writeProtected, slot } = request;
    const known = await this.#find(withoutCredentials(request.url));
    await using media = await openMedia(
      { ...request, validators: known?.origin },
      { destinations: this.#destinations, clock: this.#clock, signal },
    );
    const { url, validators } = media;
    const file = await this.#newFile(node, slot);
    if (media.content === undefined) {
      if (!known)
        throw new MediaError('unreachable', `${url}: its server says 304 to somebody who has nothing`);
      // Whoever had it may have ejected it meanwhile: then it is fetched after all.
      if (!(await take(known.file, file, writeProtected)))
        return this.#fetch(node, request, signal, progress);
      progress(1);
    } else {
      const { content, size: expected } = media;
      await this.#write(file, { name: url, content, expected, progress }, signal);
    }
    const origin: Origin = media.content === undefined && known ? known.origin : { url, ...validators };
    // What a machine writes to is no longer what its server has.
    if (writeProtected && (origin.etag ?? origin.lastModified) !== undefined)
      await fileDocument<Origin>(`${file}${originSuffix}`).write(origin);
    const { size } = await stat(file);
    return { url, file, size, writeProtected };
  }

  #write(file: string, source: ImageContent, signal: AbortSignal): Promise<number> {
    return writeImage(file, source, { limit: this.#limit, freeSpace: this.#freeSpace, signal });
  }

  async #find(url: string): Promise<{ file: string; origin: Origin } | undefined> {
    for (const name of await this.#names()) {
      if (!name.endsWith(originSuffix)) continue;
      const file = join(this.#folder, name.slice(0, -originSuffix.length));
      const origin = await fileDocument<Origin>(join(this.#folder, name)).read();
      const there = await stat(file).catch(() => undefined);
      if (origin?.url === url && there) return { file, origin };
    }
    return undefined;
  }

  async #newFile(node: string, slot: MediaSlot): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return join(this.#folder, `${node}-${slot}-${this.#run}${randomBytes(12).toString('hex')}.img`);
  }

  async #names(): Promise<string[]> {
    return readdir(this.#folder).catch(() => []);
  }
}

/**
 * Makes an image of its own out of one that is there: the same bytes, as long as nobody can write them.
 * @returns whether it is still there
 */
async function take(from: string, to: string, writeProtected: boolean): Promise<boolean> {
  try {
    if (writeProtected) await link(from, to);
    else await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Resolves when a promise has ended in any way; rejects when the signal aborts first. */
function settled(promise: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  if (!promise) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const end = () => {
      signal.removeEventListener('abort', abort);
      resolve();
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(end, end);
  });
}
