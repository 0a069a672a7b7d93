import { timingSafeEqual } from 'node:crypto';
import { type Account, type AccountChange, accountSlots, type Privilege } from '../../accounts.ts';
import type { Bmc } from '../bmc.ts';
import { type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { privilegeNumber, privilegeOf } from '../privilege.ts';
import { answer, done, refuse } from './answer.ts';
import { isLanChannel } from './lan-channel.ts';

/** Users. @see IPMI 2.0 §22.26 to §22.30 */

const noAccess = 0x0f;
const nameLength = 16;

/** Set User Password: its two sizes, its operations, and its own completion codes. */
const passwordLength = { short: 16, long: 20 } as const;
const passwordOperation = { disable: 0, enable: 1, set: 2, test: 3 } as const;
const passwordWrong = 0x80;
const passwordSizeWrong = 0x81;

export const userCommands: readonly IpmiCommand[] = [
  {
    name: 'Set User Access',
    netFn: NetFn.app,
    command: 0x43,
    privilege: 'administrator',
    length: [3, 4],
    handle: ({ bmc }, data) => {
      const flags = data.readUInt8(0);
      if (!isLanChannel(flags)) return refuse(CompletionCode.invalidField);
      const limit = accessOf(data.readUInt8(2) & 0x0f);
      if (!limit) return refuse(CompletionCode.invalidField);
      const changesFlags = (flags & 0x80) !== 0;
      const change: AccountChange = changesFlags
        ? {
            privilege: limit,
            callbackOnly: (flags & 0x40) !== 0,
            linkAuthentication: (flags & 0x20) !== 0,
            ipmiMessaging: (flags & 0x10) !== 0,
          }
        : { privilege: limit };
      return changeUser(bmc, data.readUInt8(1), () => change);
    },
  },
  {
    name: 'Get User Access',
    netFn: NetFn.app,
    command: 0x44,
    privilege: 'operator',
    length: [2, 2],
    handle: ({ bmc }, data) => {
      const account = bmc.accounts.get(data.readUInt8(1) & 0x3f);
      if (!isLanChannel(data.readUInt8(0)) || !account) return refuse(CompletionCode.invalidField);
      const { slots } = bmc.accounts;
      const status = account.enabled ? 0x40 : 0x80;
      return answer(
        accountSlots,
        status | slots.filter(({ enabled }) => enabled).length,
        // Users with fixed names are the first ones, user 1 among them.
        1 + slots.filter(({ fixedName }) => fixedName).length,
        (account.callbackOnly ? 0x40 : 0) |
          (account.linkAuthentication ? 0x20 : 0) |
          (account.ipmiMessaging ? 0x10 : 0) |
          (account.privilege === 'none' ? noAccess : privilegeNumber(account.privilege)),
      );
    },
  },
  {
    name: 'Set User Name',
    netFn: NetFn.app,
    command: 0x45,
    privilege: 'administrator',
    length: [1 + nameLength, 1 + nameLength],
    handle: ({ bmc }, data) => {
      const name = untilNul(data.subarray(1)).toString('utf8');
      return changeUser(bmc, data.readUInt8(0), account => {
        if (name === account.name) return {};
        const anonymous = account.id === 1;
        const taken = name !== '' && bmc.accounts.slots.some(other => other.name === name);
        return account.fixedName || anonymous || taken ? undefined : { name };
      });
    },
  },
  {
    name: 'Get User Name',
    netFn: NetFn.app,
    command: 0x46,
    privilege: 'operator',
    length: [1, 1],
    handle: ({ bmc }, data) => {
      const account = bmc.accounts.get(data.readUInt8(0) & 0x3f);
      if (!account) return refuse(CompletionCode.invalidField);
      const bytes = Buffer.alloc(nameLength);
      bytes.write(account.name, 'utf8');
      return answer(...bytes);
    },
  },
  {
    name: 'Set User Password',
    netFn: NetFn.app,
    command: 0x47,
    privilege: 'administrator',
    length: [2, 2 + passwordLength.long],
    handle: ({ bmc }, data) => setPassword(bmc, data),
  },
];

async function setPassword(bmc: Bmc, data: Buffer): Promise<CommandResponse> {
  const id = data.readUInt8(0);
  const isLong = (id & 0x80) !== 0;
  const password = data.subarray(2);
  switch (data.readUInt8(1) & 0x03) {
    case passwordOperation.disable:
      return changeUser(bmc, id, () => ({ enabled: false }));
    case passwordOperation.enable:
      return changeUser(bmc, id, () => ({ enabled: true }));
    case passwordOperation.set:
      if (password.length !== passwordLength[isLong ? 'long' : 'short']) {
        return refuse(CompletionCode.lengthInvalid);
      }
      return changeUser(bmc, id, () => ({ password: Buffer.from(untilNul(password)) }));
    default:
      return testPassword(bmc.accounts.get(id & 0x3f), password, isLong);
  }
}

function testPassword(account: Account | undefined, password: Buffer, isLong: boolean): CommandResponse {
  if (!account) return refuse(CompletionCode.invalidField);
  const size = passwordLength[isLong ? 'long' : 'short'];
  if (password.length !== size) return refuse(CompletionCode.lengthInvalid);
  if (account.password.length > size) return refuse(passwordSizeWrong);
  const expected = Buffer.alloc(size);
  account.password.copy(expected);
  return timingSafeEqual(expected, password) ? done : refuse(passwordWrong);
}

/**
 * Changes a user; answers when that is safe on disk.
 * @param plan - what to change, or `undefined` if that user does not take it
 */
async function changeUser(
  bmc: Bmc,
  idByte: number,
  plan: (account: Account) => AccountChange | undefined,
): Promise<CommandResponse> {
  const account = bmc.accounts.get(idByte & 0x3f);
  const change = account && plan(account);
  if (!change) return refuse(CompletionCode.invalidField);
  await bmc.accounts.change(account.id, change);
  return done;
}

function accessOf(number: number): Privilege | undefined {
  return number === noAccess ? 'none' : privilegeOf(number);
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
