import type { Command, Reply } from './command.ts';
import { askPower } from './power-rules.ts';
import { accepted, record, set, type Turn } from './turn.ts';
import type { WatchdogAction } from './watchdog.ts';

/** Sets the watchdog up, which stops it unless the command says otherwise. */
export function setWatchdog(turn: Turn, command: Command & { type: 'set-watchdog' }): Reply {
  const { watchdog } = turn.state;
  const running = command.keepRunning && watchdog.expiresAt !== undefined;
  set(turn, {
    watchdog: {
      settings: command.settings,
      expiresAt: running ? turn.now + command.settings.interval : undefined,
      expiredUses: watchdog.expiredUses & ~command.clearExpiredUses,
    },
  });
  return accepted;
}

/** Starts the watchdog, or starts it anew. */
export function kickWatchdog(turn: Turn): Reply {
  const { settings } = turn.state.watchdog;
  if (!settings) return { accepted: false, refusal: 'not-found', message: 'the watchdog was never set up' };
  set(turn, { watchdog: { ...turn.state.watchdog, expiresAt: turn.now + settings.interval } });
  return accepted;
}

/** A machine that is off has nobody to kick its watchdog. */
export function stopWatchdog(turn: Turn): void {
  set(turn, { watchdog: { ...turn.state.watchdog, expiresAt: undefined } });
}

/** Does what the watchdog was set up for when its time is over. */
export function expireWatchdog(turn: Turn): void {
  const { settings, expiresAt, expiredUses } = turn.state.watchdog;
  if (!settings || expiresAt === undefined || turn.now < expiresAt) return;
  set(turn, { watchdog: { settings, expiresAt: undefined, expiredUses: expiredUses | (1 << settings.use) } });
  if (!settings.dontLog) record(turn, 'watchdog-expired', describe[settings.action], 'critical');
  if (settings.action === 'none') return;
  const reply = askPower(turn, settings.action, 'watchdog');
  if (!reply.accepted) record(turn, 'power-failed', `watchdog: ${reply.message}`, 'critical');
}

const describe: Readonly<Record<WatchdogAction, string>> = {
  none: 'watchdog expired',
  reset: 'watchdog expired: hard reset',
  off: 'watchdog expired: power off',
  cycle: 'watchdog expired: power cycle',
};
