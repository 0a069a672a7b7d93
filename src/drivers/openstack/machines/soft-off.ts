import { DriverError } from '../../../node/driver.ts';
import type { Clock } from '../../../support/clock.ts';
import { delay } from '../../../support/delay.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { toOff } from './boot-strategies/strategy.ts';
import { driverErrorOf } from './failures.ts';
import { powerOf } from './power-state.ts';
import type { ServerControl } from './server-control.ts';

/** Milliseconds between two tries to stop the machine. */
const retryAfter = 2_000;

/**
 * The second half of a soft off by soft reboot: Nova starts the machine again when its guest has gone, or resets it when
 * the guest did not go. Either way firmware is told to wait, and the machine is stopped as soon as Nova takes that.
 * @returns when it is off, or cannot be stopped; never rejects
 */
export async function stopAfterSoftReboot(
  control: ServerControl,
  around: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, log, signal } = around;
  for (;;) {
    try {
      if (powerOf(await control.settled(signal)) === 'off') return;
      await control.bring(toOff, signal);
    } catch (error) {
      if (signal.aborted) return;
      const failure = error instanceof DriverError ? error : driverErrorOf(error);
      log.warn({ server: control.id, error: messageOf(failure) }, 'a soft off could not be finished yet');
      if (failure.kind !== 'conflict' && failure.kind !== 'transient') return;
      await delay(clock, retryAfter, signal).catch(() => undefined);
    }
  }
}
