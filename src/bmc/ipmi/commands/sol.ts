import { type IpmiCommand, NetFn } from '../command.ts';
import { defaultSolParameters, SolParameter } from '../sol-configuration.ts';
import { le16 } from './answer.ts';
import { lanChannel } from './lan-channel.ts';
import {
  fixed,
  type Parameter,
  readChannelParameter,
  setInProgressParameter,
  stored,
  writeChannelParameter,
} from './parameters.ts';

/** Serial over LAN's configuration. @see IPMI 2.0 §26 */

/** 9.6 to 115.2 kbit/s, and 0 for the port's own: a virtual port keeps the setting and has no use for it. */
const isBitRate = (data: Buffer) => [0, 6, 7, 8, 9, 10].includes(data.readUInt8(0) & 0x0f);
const isPrivilege = (data: Buffer) => [2, 3, 4].includes(data.readUInt8(0) & 0x0f);
/** The interval must not be 0. */
const isAccumulation = (data: Buffer) => data.readUInt8(0) !== 0;

/** @see IPMI 2.0 table 26-5 */
export const solParameters: readonly Parameter[] = [
  setInProgressParameter(),
  solParameter('enable', 'SOL Enable'),
  solParameter('authentication', 'SOL Authentication', isPrivilege),
  solParameter('accumulate', 'Character Accumulate Interval and Send Threshold', isAccumulation),
  solParameter('retry', 'SOL Retry'),
  solParameter('bitRate', 'SOL Non-volatile Bit Rate', isBitRate),
  solParameter('volatileBitRate', 'SOL Volatile Bit Rate', isBitRate),
  fixed(7, 'SOL Payload Channel', lanChannel),
  { number: 8, name: 'SOL Payload Port', length: [2, 2], read: bmc => le16(bmc.settings.port) },
];

export const solCommands: readonly IpmiCommand[] = [
  {
    name: 'Set SOL Configuration Parameters',
    netFn: NetFn.transport,
    command: 0x21,
    privilege: 'administrator',
    length: [3, 4],
    handle: ({ bmc }, data) => writeChannelParameter(parameterOf, bmc, data),
  },
  {
    name: 'Get SOL Configuration Parameters',
    netFn: NetFn.transport,
    command: 0x22,
    privilege: 'user',
    length: [4, 4],
    handle: ({ bmc }, data) => readChannelParameter(parameterOf, bmc, data),
  },
];

function solParameter(
  key: keyof typeof SolParameter,
  name: string,
  accepts?: (data: Buffer) => boolean,
): Parameter {
  return stored('sol', SolParameter[key], name, defaultSolParameters[key], accepts);
}

function parameterOf(number: number): Parameter | undefined {
  return solParameters.find(parameter => parameter.number === number);
}
