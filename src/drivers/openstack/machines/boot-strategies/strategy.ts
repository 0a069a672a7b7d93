import type { NextBoot } from '../../../../node/boot.ts';
import type { BootStrategy } from '../../../../node/cloud-spec.ts';
import { type Capabilities, DriverError } from '../../../../node/driver.ts';
import type { Server } from '../../client/compute-types.ts';
import { describeServer, faultOf, guestWentOff, isBusy, powerOf, taskOf } from '../power-state.ts';
import type { Decide, ServerControl } from '../server-control.ts';

/** A boot, and what a machine has to boot from. */
export interface StrategyBoot extends NextBoot {
  /** ID of the image that was made of the disc in its drive; `undefined`: the drive is empty. */
  readonly disc: string | undefined;
}

/**
 * How the machines of one kind are powered and told what to boot. Each method resolves when Nova has taken the last
 * thing that it was asked for; the transition that follows is seen by the poller.
 */
export interface Strategy {
  readonly name: BootStrategy;
  readonly capabilities: Capabilities;
  /** What a person should know of it, one sentence each. */
  readonly limits: readonly string[];
  /** Whether firmware asks the director at every boot. */
  readonly asksDirector: boolean;
  /** Where a machine gets the media in its drives from, if it has any: the director, or images of the project. */
  readonly mediaFrom?: 'director' | 'glance' | undefined;
  /** @returns whether anything had to be done */
  powerOn(control: ServerControl, boot: StrategyBoot, signal: AbortSignal): Promise<boolean>;
  powerOff(control: ServerControl, signal: AbortSignal): Promise<void>;
  /**
   * Asks the guest.
   * @returns what has to follow when Nova is done with it: `stop` where Nova starts the machine again by that
   */
  softOff(control: ServerControl, signal: AbortSignal): Promise<'nothing' | 'stop'>;
  /** The machine is known to be on. */
  reset(control: ServerControl, boot: StrategyBoot, signal: AbortSignal): Promise<void>;
}

/** Nova waits that long for a guest that does not obey a soft reboot, unless its operator has set another time. Milliseconds. */
export const softRebootWait = 120_000;

/** Nova waits that long for a guest that does not obey os-stop, unless its image or the operator says otherwise. Milliseconds. */
export const stopWait = 60_000;

/** Timeouts of machines that os-stop asks before it pulls their plug. */
export const graceful: Capabilities['timeouts'] = {
  on: 120_000,
  off: stopWait + 60_000,
  softOff: stopWait + 60_000,
  reset: 120_000,
};

/** What takes a server to power. */
export const toOn: Decide = server => {
  if (isBusy(server)) return taskOf(server) === 'powering-on' ? 'nothing' : busy(server);
  switch (server['OS-EXT-STS:vm_state']) {
    case 'stopped':
      return 'start';
    // The guest is off and Nova has not followed; os-start would be refused.
    case 'active':
      return guestWentOff(server) ? 'reboot-hard' : 'nothing';
    case 'suspended':
      return 'reboot-hard';
    case 'error':
      return powerOf(server) === 'on' ? 'nothing' : 'reboot-hard';
    default:
      return powerOf(server) === 'on' ? 'nothing' : stuck(server);
  }
};

/** What takes a server's power away. */
export const toOff: Decide = server => {
  if (isBusy(server)) return taskOf(server) === 'powering-off' ? 'nothing' : busy(server);
  if (powerOf(server) === 'off') return 'nothing';
  switch (server['OS-EXT-STS:vm_state']) {
    case 'active':
    case 'error':
      return 'stop';
    // Nova stops it by itself as soon as it notices.
    case 'stopped':
      return new DriverError('conflict', 'the server was started behind Nova’s back');
    default:
      return stuck(server);
  }
};

/** What resets a server. */
export const toReset: Decide = server => {
  if (powerOf(server) === 'off') return new DriverError('refused', 'the machine is off');
  if (isBusy(server)) return taskOf(server)?.startsWith('reboot') ? 'reboot-hard' : busy(server);
  return server['OS-EXT-STS:vm_state'] === 'rescued' ? stuck(server) : 'reboot-hard';
};

/** What sends a server an NMI. */
export const toNmi: Decide = server => {
  if (powerOf(server) === 'off') return new DriverError('refused', 'the machine is off');
  return isBusy(server) ? busy(server) : 'crash-dump';
};

function busy(server: Server): DriverError {
  return new DriverError('conflict', `the server is ${describeServer(server)}`);
}

function stuck(server: Server): DriverError {
  const reason = server.status === 'ERROR' ? faultOf(server) : remedies[server.status];
  const why = reason === undefined ? '' : `: ${reason}`;
  return new DriverError('refused', `Nova takes no such action while the server is ${server.status}${why}`);
}

const remedies: Readonly<Record<string, string | undefined>> = {
  PAUSED: 'unpause it, or reset it',
  RESCUE: 'unrescue it',
  SHELVED: 'unshelve it',
  SHELVED_OFFLOADED: 'unshelve it',
  VERIFY_RESIZE: 'confirm or revert its resize',
};
