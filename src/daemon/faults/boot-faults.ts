import type { Hinder } from '../../boot/director.ts';
import type { Faults, FaultView } from '../../faults/faults.ts';
import type { Clock } from '../../support/clock.ts';
import { delay } from '../../support/delay.ts';

/**
 * What nodes' faults make of what their machines ask the boot director for.
 * @param ownerOf - the node that has a network card
 */
export function bootHindrance(
  faults: Faults,
  ownerOf: (mac: string) => { readonly lab: string; readonly node: string } | undefined,
  clock: Clock,
): Hinder {
  return async (mac, signal) => {
    const owner = faults.isEmpty ? undefined : ownerOf(mac);
    const view = owner && faults.view(owner.lab, owner.node);
    return (
      view &&
      hinderedBy(view, clock, signal).catch((error: unknown) => {
        if (signal.aborted) return givenUp;
        throw error;
      })
    );
  };
}

/** Nobody hears it any more. */
const givenUp = 408;

async function hinderedBy(view: FaultView, clock: Clock, signal: AbortSignal): Promise<number | undefined> {
  const lost = view.find('http-lost');
  if (lost) {
    lost.felt();
    await lifted(view, signal);
  }
  const slow = view.find('http-slow');
  if (slow) {
    slow.felt();
    await delay(clock, slow.fault.delay, signal);
  }
  const errors = view.find('http-errors');
  if (!errors || errors.chance() >= errors.fault.rate) return undefined;
  errors.felt();
  return errors.fault.status;
}

/** Until answers are no longer lost; whoever asks may have given up before. */
function lifted(view: FaultView, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      stop();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      end();
      reject(signal.reason);
    };
    const stop = view.onChange(() => {
      if (view.find('http-lost')) return;
      end();
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
