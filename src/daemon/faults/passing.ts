import type { FaultView, LiveFault } from '../../faults/faults.ts';
import type { Clock } from '../../support/clock.ts';

/**
 * Calls back once: after `ms` milliseconds, or as soon as the fault is lifted, for nothing that a fault holds up outlives
 * it.
 * @returns stops it
 */
export function whenOver(
  view: FaultView,
  fault: LiveFault,
  clock: Clock,
  ms: number,
  callback: () => void,
): () => void {
  const stop = () => {
    timer.cancel();
    stopListening();
  };
  const end = () => {
    stop();
    callback();
  };
  const timer = clock.after(ms, end);
  const stopListening = view.onChange(() => {
    if (!view.live.includes(fault)) end();
  });
  return stop;
}

/**
 * Resolves after `ms` milliseconds, or as soon as the fault is lifted; rejects with the signal's reason when it aborts
 * first.
 */
export function passing(
  view: FaultView,
  fault: LiveFault,
  clock: Clock,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    const stop = whenOver(view, fault, clock, ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
