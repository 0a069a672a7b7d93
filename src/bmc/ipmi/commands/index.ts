import type { IpmiCommand } from '../command.ts';
import { appCommands } from './app.ts';
import { bootOptionCommands } from './boot-options.ts';
import { channelCommands } from './channel.ts';
import { chassisCommands } from './chassis.ts';
import { dcmiCommands } from './dcmi.ts';
import { fruCommands } from './fru.ts';
import { lanCommands } from './lan.ts';
import { payloadCommands } from './payload.ts';
import { sdrCommands } from './sdr.ts';
import { selCommands } from './sel.ts';
import { sensorCommands } from './sensor.ts';
import { sessionCommands } from './session.ts';
import { solCommands } from './sol.ts';
import { userCommands } from './users.ts';
import { watchdogCommands } from './watchdog.ts';

/** Every command that a BMC answers, besides those that make a session. */
export const commands: readonly IpmiCommand[] = [
  ...chassisCommands,
  ...bootOptionCommands,
  ...sensorCommands,
  ...appCommands,
  ...watchdogCommands,
  ...channelCommands,
  ...userCommands,
  ...sessionCommands,
  ...payloadCommands,
  ...sdrCommands,
  ...fruCommands,
  ...selCommands,
  ...lanCommands,
  ...solCommands,
  ...dcmiCommands,
];
