/**
 * Works on many things, so many at a time, begun in their order.
 * A failure keeps those that have not begun from beginning; those that have are let end, so that none is left half done.
 * @throws the first failure
 */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    while (waiting.length > 0 && failures.length === 0) {
      for (const item of waiting.splice(0, 1)) {
        await work(item).catch((error: unknown) => failures.push(error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, waiting.length)) }, worker));
  if (failures.length > 0) throw failures[0];
}
