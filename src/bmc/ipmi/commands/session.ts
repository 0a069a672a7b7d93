import { isIPv4 } from 'node:net';
import type { Bmc } from '../bmc.ts';
import {
  type CommandContext,
  type CommandResponse,
  type IpmiCommand,
  NetFn,
  type Session,
} from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { hasPrivilege, privilegeNumber, privilegeOf } from '../privilege.ts';
import { answer, done, le16, refuse } from './answer.ts';
import { lanChannel } from './lan-channel.ts';

/** Open sessions. Making them is not a command's work. @see IPMI 2.0 §22.18 to §22.20 */

/** Set Session Privilege Level's own codes. */
const levelNotAvailable = 0x80;
const levelExceedsLimit = 0x81;

/** Close Session's own codes. */
const noSuchSession = 0x87;
const noSuchHandle = 0x88;

/** Get Session Info's ways to name a session, besides its place in the list. */
const bySession = { current: 0x00, handle: 0xfe, id: 0xff } as const;

export const sessionCommands: readonly IpmiCommand[] = [
  {
    name: 'Set Session Privilege Level',
    netFn: NetFn.app,
    command: 0x3b,
    privilege: 'user',
    length: [1, 1],
    handle: ({ session }, data) => {
      if (!session) return refuse(CompletionCode.notInThisState);
      const number = data.readUInt8(0) & 0x0f;
      if (number === 0) return answer(privilegeNumber(session.privilege));
      const privilege = privilegeOf(number);
      if (!privilege) return refuse(levelNotAvailable);
      if (privilege === 'callback') return refuse(CompletionCode.invalidField);
      if (!hasPrivilege(session.maximumPrivilege, privilege)) return refuse(levelExceedsLimit);
      session.privilege = privilege;
      return answer(number);
    },
  },
  {
    name: 'Close Session',
    netFn: NetFn.app,
    command: 0x3c,
    privilege: 'callback',
    length: [4, 5],
    handle: closeSession,
  },
  {
    name: 'Get Session Info',
    netFn: NetFn.app,
    command: 0x3d,
    privilege: 'user',
    length: [1, 5],
    handle: getSessionInfo,
  },
];

function closeSession({ bmc, session }: CommandContext, data: Buffer): CommandResponse {
  const id = data.readUInt32LE(0);
  const byHandle = id === 0 && data.length === 5;
  const other = find(bmc, candidate =>
    byHandle ? candidate.handle === data.readUInt8(4) : candidate.id === id,
  );
  if (!other) return refuse(byHandle ? noSuchHandle : noSuchSession);
  if (other !== session && session?.privilege !== 'administrator') {
    return refuse(CompletionCode.insufficientPrivilege);
  }
  other.close();
  return done;
}

function getSessionInfo({ bmc, session }: CommandContext, data: Buffer): CommandResponse {
  const index = data.readUInt8(0);
  switch (index) {
    case bySession.current:
      return describe(bmc, session);
    case bySession.handle:
      if (data.length !== 2) return refuse(CompletionCode.lengthInvalid);
      return describe(
        bmc,
        find(bmc, ({ handle }) => handle === data.readUInt8(1)),
      );
    case bySession.id:
      if (data.length !== 5) return refuse(CompletionCode.lengthInvalid);
      return describe(
        bmc,
        find(bmc, ({ id }) => id === data.readUInt32LE(1)),
      );
    default:
      return describe(bmc, [...bmc.sessions][index - 1]);
  }
}

/** @see IPMI 2.0 table 22-25 */
function describe(bmc: Bmc, session: Session | undefined): CommandResponse {
  const counts = [Math.min(0x3f, bmc.settings.maximumSessions), Math.min(0x3f, [...bmc.sessions].length)];
  if (!session) return answer(0, ...counts);
  const { address, port } = session.remote;
  const ipv4 = address.replace(/^::ffff:/, '');
  const rmcpPlus = 0x10;
  return answer(
    session.handle,
    ...counts,
    session.account.id,
    privilegeNumber(session.privilege),
    (session.protocol === 'rmcp+' ? rmcpPlus : 0) | lanChannel,
    ...(isIPv4(ipv4) ? ipv4.split('.').map(Number) : [0, 0, 0, 0]),
    ...[0, 0, 0, 0, 0, 0], // the client's MAC address is not seen
    ...le16(port),
  );
}

function find(bmc: Bmc, matches: (session: Session) => boolean): Session | undefined {
  for (const session of bmc.sessions) if (matches(session)) return session;
  return undefined;
}
