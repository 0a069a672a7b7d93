import type { NodeWatch, Watcher } from './watch-stream.ts';

/** How far somebody who watches may lag behind before the stream ends. Bytes: a thousand nodes are a third of a million. */
const mostUnsent = 4 * 1024 * 1024;

const headers = { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' };

/** The answer to somebody who asks only what the answer would be like. */
export function watchHead(): Response {
  return new Response(null, { headers });
}

/**
 * The answer to somebody who watches: a JSON value a line, without an end. Ends with its reader, or when that is too slow.
 * @param onEnd - called once
 */
export function watchAnswer(
  watch: NodeWatch,
  { labs, after }: Pick<Watcher, 'labs' | 'after'>,
  client: AbortSignal,
  onEnd = () => {},
): Response {
  const over = new AbortController();
  const end = AbortSignal.any([client, over.signal]);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const unfollow = watch.follow({
          labs,
          after,
          take: line => {
            if (end.aborted) return;
            const bytes = encoder.encode(line);
            const room = controller.desiredSize ?? 0;
            // What nobody reads is not kept for long: who comes again is told all there is.
            if (room < bytes.length && room < mostUnsent) {
              controller.error(new Error('too slow'));
              over.abort();
            } else controller.enqueue(bytes);
          },
        });
        const stop = () => {
          unfollow();
          if (client.aborted) close(controller);
          onEnd();
        };
        if (end.aborted) stop();
        else end.addEventListener('abort', stop, { once: true });
      },
      cancel() {
        over.abort();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostUnsent }),
  );
  return new Response(body, { headers });
}

/** Closes what may have ended already. */
function close(controller: ReadableStreamDefaultController): void {
  try {
    controller.close();
  } catch {
    // It has: by its reader, or with an error.
  }
}
