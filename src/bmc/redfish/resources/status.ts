import type { PowerState } from '../../../node/power.ts';
import type { NodeState } from '../../../node/state.ts';
import type { JsonObject } from '../json.ts';

/** Status of resources. @see schema Resource, Status */

/** How well something is. */
export type Health = 'OK' | 'Warning' | 'Critical';

/** A part that is there and works, whether its machine is on or off. */
export const working: JsonObject = { State: 'Enabled', Health: 'OK' };

/** Status of what runs when its machine does. */
export function runningStatus(state: NodeState): JsonObject {
  const health = healthOf(state);
  return { State: stateOf[state.power], Health: health, HealthRollup: health };
}

/** PowerState as it was seen; `null` while that is not known. */
export function powerStateOf({ power }: NodeState): 'On' | 'Off' | null {
  switch (power) {
    case 'on':
      return 'On';
    case 'off':
      return 'Off';
    case 'unknown':
      return null;
  }
}

/** How well a node is: a guest that has panicked or a command that failed until the next one has not, media that it lacks. */
export function healthOf({ results, log, mediaProblem }: NodeState): Health {
  if (results.at(-1)?.outcome === 'failed') return 'Critical';
  const latest = log.entries.findLast(({ kind }) => kind === 'panicked' || endsPanic.includes(kind));
  if (latest?.kind === 'panicked') return 'Critical';
  return mediaProblem === undefined ? 'OK' : 'Warning';
}

const endsPanic: readonly string[] = ['booted', 'reset', 'power-on', 'power-off'];

const stateOf: Readonly<Record<PowerState, string>> = {
  on: 'Enabled',
  off: 'StandbyOffline',
  unknown: 'UnavailableOffline',
};
