import type { Bmc } from '../bmc.ts';
import { type CipherSuite, cipherSuites } from '../cipher-suites.ts';
import { type CommandContext, type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { hasPrivilege, privilegeNumber, privilegeOf } from '../privilege.ts';
import { answer, done, refuse } from './answer.ts';
import { channelPrivilege, isLanChannel, lanChannel } from './lan-channel.ts';

/** The LAN channel: what it is, and who may come in by which means. @see IPMI 2.0 §22.13 to §22.24 */

/** Authentication types of IPMI 1.5. @see IPMI 2.0 table 22-15 */
const md5 = 0x04;

/** The IPMI forum's own number, for protocols that the specification defines. */
const ipmiEnterprise = [0xf2, 0x1b, 0x00];

/** Access modes and flags of a channel. @see IPMI 2.0 table 22-27 */
const alwaysAvailable = 0x02;
const alertingDisabled = 0x20;

/** How many bytes of cipher suite records one answer holds. */
const cipherSuitePage = 16;

export const channelCommands: readonly IpmiCommand[] = [
  {
    name: 'Get Channel Authentication Capabilities',
    netFn: NetFn.app,
    command: 0x38,
    privilege: 'none',
    length: [2, 2],
    handle: ({ bmc }, data) => {
      if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
      if (!privilegeOf(data.readUInt8(1) & 0x0f)) return refuse(CompletionCode.invalidField);
      return authenticationCapabilities(bmc, (data.readUInt8(0) & 0x80) !== 0);
    },
  },
  {
    name: 'Set Channel Access',
    netFn: NetFn.app,
    command: 0x40,
    privilege: 'administrator',
    length: [3, 3],
    handle: setChannelAccess,
  },
  {
    name: 'Get Channel Access',
    netFn: NetFn.app,
    command: 0x41,
    privilege: 'user',
    length: [2, 2],
    handle: ({ bmc }, data) => {
      const store = data.readUInt8(1) >> 6;
      const isStore = store === 1 || store === 2; // non-volatile or volatile: they are one
      if (!isLanChannel(data.readUInt8(0)) || !isStore) return refuse(CompletionCode.invalidField);
      return answer(alertingDisabled | alwaysAvailable, privilegeNumber(channelPrivilege(bmc)));
    },
  },
  {
    name: 'Get Channel Info',
    netFn: NetFn.app,
    command: 0x42,
    privilege: 'user',
    length: [1, 1],
    handle: ({ bmc }, data) => {
      if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
      const ethernet = 0x04;
      const ipmbProtocol = 0x01;
      const multiSession = 0x80;
      const open = Math.min(0x3f, [...bmc.sessions].length);
      return answer(lanChannel, ethernet, ipmbProtocol, multiSession | open, ...ipmiEnterprise, 0, 0);
    },
  },
  {
    name: 'Get Channel Cipher Suites',
    netFn: NetFn.app,
    command: 0x54,
    privilege: 'none',
    length: [3, 3],
    handle: ({ bmc }, data) => {
      if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
      const suites = cipherSuites.filter(({ id }) => bmc.settings.cipherSuites.includes(id));
      const bySuite = (data.readUInt8(2) & 0x80) !== 0;
      const records = bySuite ? suites.flatMap(suiteRecord) : [...new Set(suites.flatMap(algorithms))];
      const start = (data.readUInt8(2) & 0x3f) * cipherSuitePage;
      return answer(lanChannel, ...records.slice(start, start + cipherSuitePage));
    },
  },
];

/** @param extended - whether the client knows of IPMI 2.0 */
function authenticationCapabilities(bmc: Bmc, extended: boolean): CommandResponse {
  const { settings, accounts } = bmc;
  const enabled = accounts.slots.filter(account => account.enabled);
  const named = enabled.some(({ name }) => name !== '');
  const unnamed = enabled.filter(({ name }) => name === '');
  const anonymous = unnamed.some(({ password }) => password.length === 0);
  const types = settings.ipmi15 ? md5 : 0;
  const logins = (named ? 0x04 : 0) | (unnamed.length > 0 && !anonymous ? 0x02 : 0) | (anonymous ? 0x01 : 0);
  const twoKeys = extended && settings.kg !== undefined ? 0x20 : 0;
  const versions = extended ? 0x02 | (settings.ipmi15 ? 0x01 : 0) : 0;
  return answer(lanChannel, (extended ? 0x80 : 0) | types, twoKeys | logins, versions, 0, 0, 0, 0);
}

async function setChannelAccess({ bmc }: CommandContext, data: Buffer): Promise<CommandResponse> {
  if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
  const access = data.readUInt8(1);
  const limit = data.readUInt8(2);
  const isSet = (byte: number) => (byte & 0xc0) !== 0;
  // Authentication cannot be switched off, and a channel that were disabled could not be had back.
  const wanted = access & 0x1f;
  if (isSet(access) && wanted !== alwaysAvailable) return refuse(CompletionCode.invalidField);
  if (!isSet(limit)) return done;
  const privilege = privilegeOf(limit & 0x0f);
  if (!privilege || !hasPrivilege(bmc.settings.channelPrivilege, privilege)) {
    return refuse(CompletionCode.invalidField);
  }
  await bmc.memory.change({ channelAccess: [privilegeNumber(privilege)] });
  return done;
}

/** @see IPMI 2.0 table 22-18 */
function suiteRecord(suite: CipherSuite): number[] {
  return [0xc0, suite.id, ...algorithms(suite)];
}

function algorithms(suite: CipherSuite): number[] {
  return [suite.authentication, 0x40 | suite.integrity, 0x80 | suite.confidentiality];
}
