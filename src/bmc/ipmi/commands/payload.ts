import { type CommandContext, type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { solPayloadSize } from '../sol-packet.ts';
import { answer, done, le16, le32, refuse } from './answer.ts';
import { isLanChannel } from './lan-channel.ts';

/** RMCP+ payloads, of which SOL is the one that is activated. @see IPMI 2.0 §24 */

/** Payload types. @see IPMI 2.0 table 13-16 */
const PayloadType = { ipmi: 0x00, sol: 0x01, firstSetup: 0x10, lastSetup: 0x15 } as const;

/** There is one serial port. */
const solInstance = 1;

/** Set User Payload Access: SOL's bit among the standard payloads, and the operations. */
const solBit = 1 << PayloadType.sol;
const accessOperation = { enable: 0, disable: 1 } as const;

/** Get Channel Payload Version's own code. */
const payloadNotAvailable = 0x80;

/** Deactivate Payload's own code. */
const alreadyDeactivated = 0x80;

const noVlan = 0xffff;

export const payloadCommands: readonly IpmiCommand[] = [
  {
    name: 'Activate Payload',
    netFn: NetFn.app,
    command: 0x48,
    privilege: 'user',
    length: [6, 6],
    handle: activate,
  },
  {
    name: 'Deactivate Payload',
    netFn: NetFn.app,
    command: 0x49,
    privilege: 'user',
    length: [6, 6],
    handle: deactivate,
  },
  {
    name: 'Get Payload Activation Status',
    netFn: NetFn.app,
    command: 0x4a,
    privilege: 'user',
    length: [1, 1],
    handle: ({ bmc }, data) => {
      if (data.readUInt8(0) !== PayloadType.sol) return refuse(CompletionCode.invalidField);
      return answer(solInstance, bmc.sol.owner ? 0x01 : 0x00, 0x00);
    },
  },
  {
    name: 'Get Payload Instance Info',
    netFn: NetFn.app,
    command: 0x4b,
    privilege: 'user',
    length: [2, 2],
    handle: ({ bmc }, data) => {
      if (!isSol(data)) return refuse(CompletionCode.invalidField);
      const { owner } = bmc.sol;
      const serialPort = 1;
      return answer(...le32(owner?.id ?? 0), owner ? serialPort : 0, 0, 0, 0, 0, 0, 0, 0);
    },
  },
  {
    name: 'Set User Payload Access',
    netFn: NetFn.app,
    command: 0x4c,
    privilege: 'administrator',
    length: [6, 6],
    handle: setUserAccess,
  },
  {
    name: 'Get User Payload Access',
    netFn: NetFn.app,
    command: 0x4d,
    privilege: 'operator',
    length: [2, 2],
    handle: ({ bmc }, data) => {
      const account = bmc.accounts.get(data.readUInt8(1) & 0x3f);
      if (!isLanChannel(data.readUInt8(0)) || !account) return refuse(CompletionCode.invalidField);
      return answer(account.sol ? solBit : 0, 0, 0, 0);
    },
  },
  {
    name: 'Get Channel Payload Support',
    netFn: NetFn.app,
    command: 0x4e,
    privilege: 'user',
    length: [1, 1],
    handle: (_, data) => {
      if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
      const standard = (1 << PayloadType.ipmi) | solBit;
      const setup = (1 << (PayloadType.lastSetup - PayloadType.firstSetup + 1)) - 1;
      return answer(standard, 0, setup, 0, 0, 0, 0, 0);
    },
  },
  {
    name: 'Get Channel Payload Version',
    netFn: NetFn.app,
    command: 0x4f,
    privilege: 'user',
    length: [2, 2],
    handle: (_, data) => {
      if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
      const type = data.readUInt8(1);
      const isSetup = type >= PayloadType.firstSetup && type <= PayloadType.lastSetup;
      const version10 = 0x10;
      return isSetup || type === PayloadType.ipmi || type === PayloadType.sol
        ? answer(version10)
        : refuse(payloadNotAvailable);
    },
  },
];

function activate({ bmc, session }: CommandContext, data: Buffer): CommandResponse {
  if (!session) return refuse(CompletionCode.notInThisState);
  if (!isSol(data)) return refuse(CompletionCode.invalidField);
  const options = data.readUInt8(2);
  const activation = bmc.sol.activate(session, {
    encrypt: (options & 0x80) !== 0,
    authenticate: (options & 0x40) !== 0,
    test: (options & 0x20) !== 0,
  });
  if (!activation.ok) return refuse(activation.code);
  const size = le16(solPayloadSize);
  return answer(0, 0, 0, 0, ...size, ...size, ...le16(bmc.settings.port), ...le16(noVlan));
}

function deactivate({ bmc, session }: CommandContext, data: Buffer): CommandResponse {
  if (!session) return refuse(CompletionCode.notInThisState);
  if (!isSol(data)) return refuse(CompletionCode.invalidField);
  const { owner } = bmc.sol;
  if (!owner) return refuse(alreadyDeactivated);
  // Its own session is told by the answer, another one by a last packet.
  if (owner === session) bmc.sol.sessionClosed(session);
  else bmc.sol.deactivate();
  return done;
}

async function setUserAccess({ bmc }: CommandContext, data: Buffer): Promise<CommandResponse> {
  const account = bmc.accounts.get(data.readUInt8(1) & 0x3f);
  const operation = data.readUInt8(1) >> 6;
  const isOperation = operation === accessOperation.enable || operation === accessOperation.disable;
  if (!isLanChannel(data.readUInt8(0)) || !account || !isOperation) {
    return refuse(CompletionCode.invalidField);
  }
  const namesSol = (data.readUInt8(2) & solBit) !== 0;
  if (namesSol) await bmc.accounts.change(account.id, { sol: operation === accessOperation.enable });
  return done;
}

/** Whether payload type and instance, the first two bytes, name the serial port. */
function isSol(data: Buffer): boolean {
  return (data.readUInt8(0) & 0x3f) === PayloadType.sol && (data.readUInt8(1) & 0x0f) === solInstance;
}
