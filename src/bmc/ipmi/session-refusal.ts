import { NetFn } from './command.ts';
import { CompletionCode } from './completion.ts';
import { buildResponse, parseRequest } from './wire/message.ts';
import { buildOpenSessionRefusal, parseOpenSession } from './wire/open-session.ts';
import { parseRmcpClass } from './wire/rmcp.ts';
import { buildPacket15, parsePacket15 } from './wire/session15.ts';
import {
  buildSessionlessPacket20,
  isRmcpPlus,
  PayloadType,
  parsePacket20,
  payloadStart,
} from './wire/session20.ts';
import { Status } from './wire/status.ts';

/** @see IPMI 2.0 §22.16 */
const getSessionChallenge = 0x39;

/**
 * What a controller says that has room for no further session.
 * @returns the answer to a datagram that begins to open one; `undefined` for any other datagram
 */
export function sessionRefusal(datagram: Buffer): Buffer | undefined {
  const rmcp = parseRmcpClass(datagram);
  if (typeof rmcp === 'string' || rmcp.class !== 'ipmi') return undefined;
  return isRmcpPlus(datagram) ? refusal20(datagram) : refusal15(datagram);
}

/** @see IPMI 2.0 §13.18 */
function refusal20(datagram: Buffer): Buffer | undefined {
  const packet = parsePacket20(datagram);
  if (typeof packet === 'string' || packet.payloadType !== PayloadType.openSessionRequest) return undefined;
  const request = parseOpenSession(datagram.subarray(payloadStart, packet.payloadEnd));
  if (typeof request === 'string') return undefined;
  const refusal = buildOpenSessionRefusal(request, Status.insufficientResources);
  return buildSessionlessPacket20(PayloadType.openSessionResponse, refusal);
}

function refusal15(datagram: Buffer): Buffer | undefined {
  const packet = parsePacket15(datagram);
  if (typeof packet === 'string' || packet.sessionId !== 0) return undefined;
  const request = parseRequest(packet.payload);
  if (typeof request === 'string') return undefined;
  if (request.netFn !== NetFn.app || request.command !== getSessionChallenge) return undefined;
  const payload = buildResponse(request, CompletionCode.nodeBusy);
  return buildPacket15({ sessionId: 0, sequence: 0, authenticationCode: undefined, payload });
}
