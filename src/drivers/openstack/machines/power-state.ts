import type { PowerState } from '../../../node/power.ts';
import type { Server } from '../client/compute-types.ts';

/** What Nova says of a server, as far as power is concerned. */
export type ServerState = Pick<
  Server,
  'status' | 'OS-EXT-STS:vm_state' | 'OS-EXT-STS:task_state' | 'OS-EXT-STS:power_state' | 'fault'
>;

/** @see Nova's `nova.compute.power_state` */
const hypervisorSays = { running: 1, paused: 3, shutdown: 4, crashed: 6, suspended: 7 } as const;

/**
 * Whether a server has power. A transition counts as where it comes from until Nova says that it is over: what is
 * powering off is on, what is powering on is off.
 */
export function powerOf(server: ServerState): PowerState {
  switch (server['OS-EXT-STS:vm_state']) {
    case 'active':
    case 'rescued':
    case 'resized':
    case 'error':
      return powerOfHypervisor(server);
    case 'stopped':
      // Started behind Nova's back, it runs until Nova stops it again.
      return server['OS-EXT-STS:power_state'] === hypervisorSays.running ? 'on' : 'off';
    case 'paused':
      return 'on';
    // Its memory is on disk: no machine runs.
    case 'suspended':
    case 'shelved':
    case 'shelved_offloaded':
    case 'building':
      return 'off';
    default:
      return 'unknown';
  }
}

function powerOfHypervisor(server: ServerState): PowerState {
  switch (server['OS-EXT-STS:power_state']) {
    case hypervisorSays.running:
    case hypervisorSays.paused:
      return 'on';
    case hypervisorSays.shutdown:
    case hypervisorSays.crashed:
    case hypervisorSays.suspended:
      return 'off';
    default:
      return 'unknown';
  }
}

/** Whether the guest powered itself off and Nova has not followed yet. */
export function guestWentOff(server: ServerState): boolean {
  return server['OS-EXT-STS:vm_state'] === 'active' && powerOf(server) === 'off';
}

/** Whether Nova is in the middle of something with a server and takes no other action. */
export function isBusy(server: ServerState): boolean {
  return taskOf(server) !== undefined;
}

/** What Nova is doing with a server: `powering-off`. */
export function taskOf(server: ServerState): string | undefined {
  return server['OS-EXT-STS:task_state'] ?? undefined;
}

/** Whether a server is being deleted, or is. */
export function isDeleted(server: ServerState): boolean {
  if (server.status === 'DELETED' || server.status === 'SOFT_DELETED') return true;
  const state = server['OS-EXT-STS:vm_state'];
  return state === 'deleted' || state === 'soft-delete';
}

/** A server as people are told of it: `ACTIVE (powering-off)`, `ERROR: No valid host was found`. */
export function describeServer(server: ServerState): string {
  const task = taskOf(server);
  if (task !== undefined) return `${server.status} (${task})`;
  return server.status === 'ERROR' ? `ERROR: ${faultOf(server)}` : server.status;
}

/** Why a server is in ERROR, in Nova's words. */
export function faultOf(server: ServerState): string {
  return server.fault?.message ?? 'Nova does not say why';
}
