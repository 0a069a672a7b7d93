import { isIPv4 } from 'node:net';
import { bmcMac, gateway, subnetMask } from '../../lan.ts';
import type { Bmc } from '../bmc.ts';
import { cipherSuites } from '../cipher-suites.ts';
import { type IpmiCommand, NetFn } from '../command.ts';
import { privilegeNumber } from '../privilege.ts';
import { le16 } from './answer.ts';
import { channelPrivilege } from './lan-channel.ts';
import {
  fixed,
  type Parameter,
  readChannelParameter,
  setInProgressParameter,
  stored,
  writeChannelParameter,
} from './parameters.ts';

/** LAN configuration. The BMC's network is the lab file's to set: clients read it. @see IPMI 2.0 §23 */

const md5 = 0x04;
const noAddress = [0, 0, 0, 0];
const noMac = [0, 0, 0, 0, 0, 0];

/** Callback, user, operator, administrator, OEM. */
const privilegeLevels = 5;

/** @see IPMI 2.0 table 23-4 */
export const lanParameters: readonly Parameter[] = [
  setInProgressParameter(),
  readOnly(1, 'Authentication Type Support', bmc => [authenticationTypes(bmc)]),
  readOnly(2, 'Authentication Type Enables', bmc => Array(privilegeLevels).fill(authenticationTypes(bmc))),
  readOnly(3, 'IP Address', bmc => addressOf(bmc)),
  fixed(4, 'IP Address Source', 1),
  readOnly(5, 'MAC Address', bmc => bmcMac(bmc.node.spec.uuid)),
  readOnly(6, 'Subnet Mask', bmc => subnetMask(addressOf(bmc))),
  fixed(7, 'IPv4 Header Parameters', 0x40, 0x40, 0x10),
  readOnly(8, 'Primary RMCP Port', bmc => le16(bmc.settings.port)),
  fixed(10, 'BMC-Generated ARP Control', 0x02),
  fixed(11, 'Gratuitous ARP Interval', 0),
  readOnly(12, 'Default Gateway Address', bmc => [...gateway(addressOf(bmc))]),
  fixed(13, 'Default Gateway MAC Address', ...noMac),
  fixed(14, 'Backup Gateway Address', ...noAddress),
  fixed(15, 'Backup Gateway MAC Address', ...noMac),
  stored('lan', 16, 'Community String', [...Buffer.from('public'.padEnd(18, '\0'))]),
  fixed(17, 'Number of Destinations', 0),
  fixed(20, '802.1q VLAN ID', 0, 0),
  fixed(21, '802.1q VLAN Priority', 0),
  readOnly(22, 'RMCP+ Cipher Suite Entry Support', bmc => [suiteIds(bmc).length]),
  readOnly(23, 'RMCP+ Cipher Suite Entries', bmc => [0, ...padded(suiteIds(bmc), 16)]),
  readOnly(24, 'RMCP+ Cipher Suite Privilege Levels', bmc => [0, ...suitePrivileges(bmc)]),
  fixed(26, 'Bad Password Threshold', 0, 0, 0, 0, 0, 0),
];

export const lanCommands: readonly IpmiCommand[] = [
  {
    name: 'Set LAN Configuration Parameters',
    netFn: NetFn.transport,
    command: 0x01,
    privilege: 'administrator',
    length: [2, 34],
    handle: ({ bmc }, data) => writeChannelParameter(parameterOf, bmc, data),
  },
  {
    name: 'Get LAN Configuration Parameters',
    netFn: NetFn.transport,
    command: 0x02,
    privilege: 'operator',
    length: [4, 4],
    handle: ({ bmc }, data) => readChannelParameter(parameterOf, bmc, data),
  },
];

function readOnly(number: number, name: string, read: (bmc: Bmc) => readonly number[]): Parameter {
  return { number, name, length: [0, 0], read };
}

function parameterOf(number: number): Parameter | undefined {
  return lanParameters.find(parameter => parameter.number === number);
}

function authenticationTypes(bmc: Bmc): number {
  return bmc.settings.ipmi15 ? md5 : 0;
}

function addressOf(bmc: Bmc): number[] {
  const { address } = bmc.settings;
  return isIPv4(address) ? address.split('.').map(Number) : noAddress;
}

function suiteIds(bmc: Bmc): number[] {
  return cipherSuites.map(({ id }) => id).filter(id => bmc.settings.cipherSuites.includes(id));
}

/** Four bits a suite, the first one's low. */
function suitePrivileges(bmc: Bmc): number[] {
  const level = privilegeNumber(channelPrivilege(bmc));
  const nibbles = padded(
    suiteIds(bmc).map(() => level),
    16,
  );
  return Array.from(
    { length: 8 },
    (_, byte) => (nibbles[2 * byte] ?? 0) | ((nibbles[2 * byte + 1] ?? 0) << 4),
  );
}

function padded(bytes: readonly number[], length: number): number[] {
  return [...bytes, ...Array(length - bytes.length).fill(0)];
}
