import type { HinderedAnswer, Hindrance } from '../../drivers/openstack/client/hindrance.ts';
import type { Faults } from '../../faults/faults.ts';
import type { Clock } from '../../support/clock.ts';
import { passing } from './passing.ts';

/** What a lab's faults make of its calls of the cloud's APIs. */
export function cloudHindrance(faults: Faults, lab: string, clock: Clock): Hindrance {
  const view = faults.view(lab, undefined);
  return async (_request, signal) => {
    if (view.live.length === 0) return undefined;
    const slow = view.find('cloud-slow');
    if (slow) {
      slow.felt();
      await passing(view, slow, clock, slow.fault.delay, signal);
    }
    const limited = view.find('cloud-rate-limited');
    if (limited) {
      limited.felt();
      const seconds = Math.ceil(limited.fault.retryAfter / 1000);
      return answer(429, 'Too many requests, on purpose.', { 'retry-after': String(seconds) });
    }
    const errors = view.find('cloud-errors');
    if (!errors || errors.chance() >= errors.fault.rate) return undefined;
    errors.felt();
    return answer(errors.fault.status, 'Fails on purpose.');
  };
}

/** As Nova words it. */
function answer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HinderedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    text: JSON.stringify({ error: { code: status, message } }),
  };
}
