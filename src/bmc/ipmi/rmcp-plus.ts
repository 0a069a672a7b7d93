import type { DropReason } from './drops.ts';
import { Handshake } from './handshake.ts';
import type { LanHost } from './host.ts';
import type { Remote, Send } from './session.ts';
import { takeRequest } from './session-request.ts';
import { RmcpPlusSession } from './session20.ts';
import { buildResponse, parseRequest } from './wire/message.ts';
import { buildRefusal, parseOpenSession } from './wire/open-session.ts';
import { parseRakp1, parseRakp3 } from './wire/rakp.ts';
import {
  buildSessionlessPacket20,
  type Packet20,
  PayloadType,
  parsePacket20,
  payloadStart,
} from './wire/session20.ts';
import { Status } from './wire/status.ts';

/**
 * Takes a packet in RMCP+ format.
 * @returns why it was dropped, if it was
 */
export function receiveRmcpPlus(
  host: LanHost,
  datagram: Buffer,
  remote: Remote,
  send: Send,
): DropReason | undefined {
  const packet = parsePacket20(datagram);
  if (typeof packet === 'string') return packet;
  if (packet.sessionId === 0) return receiveOutsideSession(host, datagram, packet, remote, send);
  const session = host.table.find(packet.sessionId);
  if (!(session instanceof RmcpPlusSession)) return 'unknown-session';

  const payload = session.open(datagram, packet);
  if (typeof payload === 'string') return payload;
  session.hear(remote, send, host.bmc.clock.now());
  if (packet.payloadType === PayloadType.sol) {
    host.bmc.sol.receive(session, payload);
    return undefined;
  }
  if (packet.payloadType !== PayloadType.ipmi) return 'unknown-payload-type';

  return takeRequest(host, session, payload, answer => send(answer, remote));
}

function receiveOutsideSession(
  host: LanHost,
  datagram: Buffer,
  packet: Packet20,
  remote: Remote,
  send: Send,
): DropReason | undefined {
  if (packet.authenticated || packet.encrypted) return 'unknown-session';
  const payload = datagram.subarray(payloadStart, packet.payloadEnd);
  const reply = (payloadType: number, answer: Buffer): undefined => {
    send(buildSessionlessPacket20(payloadType, answer), remote);
  };
  switch (packet.payloadType) {
    case PayloadType.ipmi: {
      const request = parseRequest(payload);
      if (typeof request === 'string') return request;
      host.run(request, undefined, true, ({ code, data }) =>
        reply(PayloadType.ipmi, buildResponse(request, code, data)),
      );
      return undefined;
    }
    case PayloadType.openSessionRequest: {
      const request = parseOpenSession(payload);
      if (typeof request === 'string') return request;
      const opened = Handshake.open(request, host, host.table.newId(), host.bmc.clock.now());
      if (opened.handshake) host.table.begin(opened.handshake);
      return reply(PayloadType.openSessionResponse, opened.reply);
    }
    case PayloadType.rakp1: {
      const rakp1 = parseRakp1(payload);
      if (typeof rakp1 === 'string') return rakp1;
      const handshake = host.table.findHalfOpen(rakp1.sessionId);
      if (!(handshake instanceof Handshake)) {
        return reply(PayloadType.rakp2, buildRefusal(rakp1.tag, statusOfId(host, rakp1.sessionId), 0));
      }
      const identified = handshake.identify(rakp1);
      if (identified.over) host.table.forget(handshake.id);
      return reply(PayloadType.rakp2, identified.reply);
    }
    case PayloadType.rakp3:
      return receiveRakp3(host, payload, remote, send, reply);
    default:
      return 'unknown-payload-type';
  }
}

function receiveRakp3(
  host: LanHost,
  payload: Buffer,
  remote: Remote,
  send: Send,
  reply: (payloadType: number, answer: Buffer) => undefined,
): DropReason | undefined {
  const rakp3 = parseRakp3(payload);
  if (typeof rakp3 === 'string') return rakp3;
  const { table } = host;
  const handshake = table.findHalfOpen(rakp3.sessionId);
  if (!(handshake instanceof Handshake)) {
    const session = table.find(rakp3.sessionId);
    const again = session instanceof RmcpPlusSession ? session.proveAgain(rakp3) : undefined;
    return reply(PayloadType.rakp4, again ?? buildRefusal(rakp3.tag, statusOfId(host, rakp3.sessionId), 0));
  }

  table.forget(handshake.id);
  const proved = handshake.prove(rakp3);
  if (proved === 'abandoned') return 'handshake-abandoned';
  const { admission } = proved;
  if (!admission) return reply(PayloadType.rakp4, proved.reply);
  const place = table.admit(admission.account);
  if (typeof place === 'number') return reply(PayloadType.rakp4, handshake.refuse(rakp3, place));
  const opening = {
    id: handshake.id,
    handle: place.handle,
    account: admission.account,
    maximumPrivilege: admission.maximumPrivilege,
    remote,
    send,
    now: host.bmc.clock.now(),
    onClose: table.close,
  };
  table.add(new RmcpPlusSession(opening, admission, host.random, rakp3, proved.reply));
  return reply(PayloadType.rakp4, proved.reply);
}

/** What to say of an ID that is not that of a handshake: a session in use is not open to handshakes any more. */
function statusOfId(host: LanHost, id: number): Status {
  return host.table.find(id) ? Status.inactiveSessionId : Status.invalidSessionId;
}
