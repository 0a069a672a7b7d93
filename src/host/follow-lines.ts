import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Lines } from '../support/lines.ts';
import { Turnstile } from '../support/wait.ts';

const chunkSize = 64 << 10;

/**
 * Delivers each line that is appended to a file from now on, when it has its end. The kernel says when there is more.
 * @param fail - told when the file cannot be read, or was there and is no more
 * @returns stops it
 * @throws when there is no such file
 */
export async function followLines(
  path: string,
  take: (line: string) => void,
  fail: (error: unknown) => void,
): Promise<() => void> {
  const turnstile = new Turnstile();
  let offset = 0;
  const lines = new Lines();
  let queued = false;

  const read = async () => {
    queued = false;
    await using file = await open(path);
    // Somebody has emptied it.
    if ((await file.stat()).size < offset) offset = 0;
    const buffer = Buffer.alloc(chunkSize);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      for (const line of lines.take(buffer.subarray(0, bytesRead))) take(line);
    }
  };

  const watcher = watch(path, { persistent: false }, () => {
    // A read that waits for its turn takes all that was appended until then.
    if (queued) return;
    queued = true;
    turnstile.run(read).catch(fail);
  });
  watcher.on('error', fail);
  try {
    await turnstile.run(async () => {
      offset = (await stat(path)).size;
    });
  } catch (error) {
    watcher.close();
    throw error;
  }
  return () => watcher.close();
}
