import { Challenge } from './challenge.ts';
import { NetFn } from './command.ts';
import { CompletionCode } from './completion.ts';
import type { DropReason } from './drops.ts';
import { mayLogIn } from './handshake.ts';
import type { LanHost } from './host.ts';
import { hasPrivilege, leastPrivilege, privilegeNumber, privilegeOf } from './privilege.ts';
import { randomBuffer } from './random.ts';
import type { Remote, Send } from './session.ts';
import { takeRequest } from './session-request.ts';
import { Ipmi15Session, isAuthentic, sealPacket15 } from './session15.ts';
import { buildResponse, parseRequest, type Request } from './wire/message.ts';
import { AuthenticationType, buildPacket15, type Packet15, parsePacket15 } from './wire/session15.ts';
import { Status } from './wire/status.ts';

/** The two commands that belong to the opening of a session, and their own completion codes. @see IPMI 2.0 §22.16, §22.17 */
const getSessionChallenge = 0x39;
const activateSession = 0x3a;
const refusal = {
  invalidUserName: 0x81,
  nullUserDisabled: 0x82,
  noSlot: 0x81,
  noSlotForUser: 0x82,
  sequenceOutOfRange: 0x84,
  privilegeExceeded: 0x86,
} as const;

/** MD5 codes take this much of a password, so a longer one would be cut short: its user has to use RMCP+. */
const longestPassword = 16;

/**
 * Takes a packet in IPMI 1.5 format: a command outside any session, which every client begins with, or, where allowed,
 * one of an IPMI 1.5 session.
 * @returns why it was dropped, if it was
 */
export function receiveIpmi15(
  host: LanHost,
  datagram: Buffer,
  remote: Remote,
  send: Send,
): DropReason | undefined {
  const packet = parsePacket15(datagram);
  if (typeof packet === 'string') return packet;
  if (packet.sessionId === 0) return receiveOutsideSession(host, packet, remote, send);
  if (!host.settings.ipmi15) return 'ipmi15-disabled';
  const challenge = host.table.findHalfOpen(packet.sessionId);
  if (challenge instanceof Challenge) return receiveActivation(host, challenge, packet, remote, send);
  const session = host.table.find(packet.sessionId);
  if (!(session instanceof Ipmi15Session)) return 'unknown-session';

  const payload = session.open(packet);
  if (typeof payload === 'string') return payload;
  session.hear(remote, send, host.bmc.clock.now());
  return takeRequest(host, session, payload, answer => send(answer, remote));
}

function receiveOutsideSession(
  host: LanHost,
  packet: Packet15,
  remote: Remote,
  send: Send,
): DropReason | undefined {
  if (packet.authentication !== 'none') return 'unknown-session';
  const request = parseRequest(packet.payload);
  if (typeof request === 'string') return request;
  const reply = (code: number, data?: Uint8Array): undefined => {
    const payload = buildResponse(request, code, data);
    send(buildPacket15({ sessionId: 0, sequence: 0, authenticationCode: undefined, payload }), remote);
  };
  if (host.settings.ipmi15 && isCommand(request, getSessionChallenge)) {
    return answerChallenge(host, request.data, reply);
  }
  host.run(request, undefined, false, ({ code, data }) => reply(code, data));
  return undefined;
}

function isCommand(request: Request, command: number): boolean {
  return request.netFn === NetFn.app && request.command === command && request.lun === 0;
}

/** Get Session Challenge: names a user, gets a temporary session ID and the challenge to send back. */
function answerChallenge(
  host: LanHost,
  data: Buffer,
  reply: (code: number, data?: Uint8Array) => undefined,
): undefined {
  if (data.length !== 17) return reply(CompletionCode.lengthInvalid);
  if (data[0] !== AuthenticationType.md5) return reply(CompletionCode.invalidField);
  const padded = data.subarray(1);
  const end = padded.indexOf(0);
  const name = padded.toString('utf8', 0, end < 0 ? padded.length : end);
  const account = host.accounts.find(name);
  if (!account || !mayLogIn(account) || account.password.length > longestPassword) {
    return reply(name === '' ? refusal.nullUserDisabled : refusal.invalidUserName);
  }
  const challenge = new Challenge(host.table.newId(), host.bmc.clock.now(), account, host.random);
  host.table.begin(challenge);
  const answer = Buffer.alloc(20);
  answer.writeUInt32LE(challenge.id);
  answer.set(challenge.string, 4);
  return reply(CompletionCode.ok, answer);
}

/** Activate Session: the challenge comes back under a code that only the password can make. */
function receiveActivation(
  host: LanHost,
  challenge: Challenge,
  packet: Packet15,
  remote: Remote,
  send: Send,
): DropReason | undefined {
  const { account, id } = challenge;
  if (!isAuthentic(packet, account.password)) return 'bad-authentication-code';
  const request = parseRequest(packet.payload);
  if (typeof request === 'string') return request;
  let sequence = 0;
  const reply = (code: number, data?: Uint8Array): undefined => {
    send(sealPacket15(account.password, id, sequence, buildResponse(request, code, data)), remote);
  };
  const { data } = request;
  if (!isCommand(request, activateSession)) return reply(CompletionCode.insufficientPrivilege);
  if (data.length !== 22) return reply(CompletionCode.lengthInvalid);
  if (data[0] !== AuthenticationType.md5) return reply(CompletionCode.invalidField);
  if (!data.subarray(2, 18).equals(challenge.string)) return reply(CompletionCode.invalidField);
  const wanted = privilegeOf(data.readUInt8(1) & 0x0f);
  const allowed = leastPrivilege(account.privilege, host.channelPrivilege);
  if (!wanted) return reply(CompletionCode.invalidField);
  if (!hasPrivilege(allowed, wanted)) return reply(refusal.privilegeExceeded);
  const outbound = data.readUInt32LE(18);
  if (outbound === 0) return reply(refusal.sequenceOutOfRange);

  host.table.forget(id);
  const place = host.table.admit(account);
  if (typeof place === 'number') {
    return reply(place === Status.insufficientResources ? refusal.noSlot : refusal.noSlotForUser);
  }
  sequence = outbound;
  const inbound = 1 + (randomBuffer(host.random, 4).readUInt32LE() >>> 1);
  const opening = {
    id,
    handle: place.handle,
    account,
    maximumPrivilege: wanted,
    remote,
    send,
    now: host.bmc.clock.now(),
    onClose: host.table.close,
  };
  host.table.add(new Ipmi15Session(opening, { inbound, outbound: outbound + 1 }));
  const answer = Buffer.alloc(10);
  answer[0] = AuthenticationType.md5;
  answer.writeUInt32LE(id, 1);
  answer.writeUInt32LE(inbound, 5);
  answer[9] = privilegeNumber(wanted);
  return reply(CompletionCode.ok, answer);
}
