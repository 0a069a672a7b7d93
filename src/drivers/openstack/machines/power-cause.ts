import type { Clock } from '../../../support/clock.ts';
import { within } from '../../../support/wait.ts';
import type { Compute } from '../client/compute.ts';
import type { Server } from '../client/compute-types.ts';
import { faultOf, guestWentOff } from './power-state.ts';

/** Why a machine went off. */
export interface PowerCause {
  readonly cause?: 'guest' | 'platform' | undefined;
  readonly detail?: string | undefined;
}

/** How long that is waited for before the machine is told to be off for a reason that is not known. Milliseconds. */
const patience = 3_000;

/** Finds out why a machine is off that nobody here has powered off, by what Nova has written down; never rejects. */
export async function whyOff(
  server: Server,
  around: { readonly calls: Pick<Compute, 'actions'>; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<PowerCause> {
  if (guestWentOff(server)) return { cause: 'guest' };
  if (server.status === 'ERROR') return { cause: 'platform', detail: faultOf(server) };
  const { calls, clock, signal } = around;
  try {
    const actions = calls.actions(server.id, { reason: 'power', signal });
    const [latest] = await within(clock, patience, actions, () => new Error('too slow'), signal);
    // When Nova follows a guest that has gone, no user stands behind it.
    if (latest?.action !== 'stop' || !latest.user_id) return { cause: 'guest' };
    const detail = `stopped in the cloud by user ${latest.user_id} (${latest.request_id})`;
    return { cause: 'platform', detail };
  } catch {
    return {};
  }
}
