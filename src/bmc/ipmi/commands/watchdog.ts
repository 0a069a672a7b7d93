import type { WatchdogAction } from '../../../node/watchdog.ts';
import { type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { answer, carryOut, le16, refuse } from './answer.ts';

/** The watchdog timer. @see IPMI 2.0 §27 */

const actions: readonly WatchdogAction[] = ['none', 'reset', 'off', 'cycle'];

/** The countdown's unit: milliseconds. */
const tick = 100;

/** Reset Watchdog Timer's own code: attempt to start a timer that was never set. */
const neverSet = 0x80;

export const watchdogCommands: readonly IpmiCommand[] = [
  {
    name: 'Reset Watchdog Timer',
    netFn: NetFn.app,
    command: 0x22,
    privilege: 'operator',
    length: [0, 0],
    handle: ({ bmc }) => carryOut(bmc, { type: 'kick-watchdog' }, { 'not-found': neverSet }),
  },
  {
    name: 'Set Watchdog Timer',
    netFn: NetFn.app,
    command: 0x24,
    privilege: 'operator',
    length: [6, 6],
    handle: ({ bmc }, data) => {
      const timer = data.readUInt8(0);
      const use = timer & 0x07;
      const action = actions[data.readUInt8(1) & 0x07];
      if (use === 0 || use > 5 || !action) return refuse(CompletionCode.invalidField);
      const settings = {
        use,
        action,
        interval: data.readUInt16LE(4) * tick,
        dontLog: (timer & 0x80) !== 0,
        preTimeoutInterrupt: (data.readUInt8(1) >> 4) & 0x07,
        preTimeoutInterval: data.readUInt8(2),
      };
      return carryOut(bmc, {
        type: 'set-watchdog',
        settings,
        keepRunning: (timer & 0x40) !== 0,
        clearExpiredUses: data.readUInt8(3),
      });
    },
  },
  {
    name: 'Get Watchdog Timer',
    netFn: NetFn.app,
    command: 0x25,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => {
      const { settings, expiresAt, expiredUses } = bmc.node.state.watchdog;
      const left = expiresAt === undefined ? 0 : Math.max(0, expiresAt - bmc.clock.now());
      return answer(
        (settings?.dontLog ? 0x80 : 0) | (expiresAt === undefined ? 0 : 0x40) | (settings?.use ?? 0),
        ((settings?.preTimeoutInterrupt ?? 0) << 4) | actions.indexOf(settings?.action ?? 'none'),
        settings?.preTimeoutInterval ?? 0,
        expiredUses,
        ...le16((settings?.interval ?? 0) / tick),
        ...le16(Math.ceil(left / tick)),
      );
    },
  },
];
