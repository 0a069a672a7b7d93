import type { Hinder } from '../../boot/director.ts';
import type { Faults, FaultView } from '../../faults/faults.ts';
import type { Clock } from '../../support/clock.ts';
import { passing } from './passing.ts';

/**
 * What nodes' faults make of what their machines ask the boot director for.
 * @param ownerOf - the node that has a network card
 */
export function bootHindrance(
  faults: Faults,
  ownerOf: (mac: string) => { readonly lab: string; readonly node: string } | undefined,
  clock: Clock,
): Hinder {
  return (mac, signalOf) => {
    const owner = faults.isEmpty ? undefined : ownerOf(mac);
    if (!owner) return undefined;
    const signal = signalOf();
    return hinderedBy(faults.view(owner.lab, owner.node), clock, signal).catch((error: unknown) => {
      if (signal.aborted) return givenUp;
      throw error;
    });
  };
}

/** Nobody hears it any more. */
const givenUp = 408;

async function hinderedBy(view: FaultView, clock: Clock, signal: AbortSignal): Promise<number | undefined> {
  for (let lost = view.find('http-lost'); lost; lost = view.find('http-lost')) {
    lost.felt();
    await passing(view, lost, clock, Number.POSITIVE_INFINITY, signal);
  }
  const slow = view.find('http-slow');
  if (slow) {
    slow.felt();
    await passing(view, slow, clock, slow.fault.delay, signal);
  }
  const errors = view.find('http-errors');
  if (!errors || errors.chance() >= errors.fault.rate) return undefined;
  errors.felt();
  return errors.fault.status;
}
