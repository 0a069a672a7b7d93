import type { NodeWatch, Watcher } from './watch-stream.ts';

/** How far somebody who watches may lag behind before the stream ends. Bytes: a thousand nodes are a third of a million. */
const mostUnsent = 16 * 1024 * 1024;

/** The answer to somebody who watches: a JSON value a line, without an end. Ends with its reader, or when that is too slow. */
export function watchAnswer(
  watch: NodeWatch,
  { labs, after }: Pick<Watcher, 'labs' | 'after'>,
  client: AbortSignal,
): Response {
  let stop = () => {};
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const unfollow = watch.follow({
          labs,
          after,
          take: line => {
            const bytes = encoder.encode(line);
            const room = controller.desiredSize ?? 0;
            // What nobody reads is not kept for long: who comes again is told all there is.
            if (room < bytes.length && room < mostUnsent) {
              stop();
              controller.error(new Error('too slow'));
            } else controller.enqueue(bytes);
          },
        });
        stop = () => {
          unfollow();
          client.removeEventListener('abort', stop);
        };
        client.addEventListener('abort', stop, { once: true });
      },
      cancel() {
        stop();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostUnsent }),
  );
  return new Response(body, {
    headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' },
  });
}
