import type { DropReason } from '../drops.ts';
import { rmcpHeaderLength, writeRmcpHeader } from './rmcp.ts';
import { AuthenticationType } from './session15.ts';

/**
 * RMCP+ session header and the trailer of authenticated packets.
 * @see IPMI 2.0 table 13-8, right column
 */

/** @see IPMI 2.0 table 13-16 */
export const PayloadType = {
  ipmi: 0x00,
  sol: 0x01,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

/** Bytes in front of a payload, RMCP's header included. OEM payloads have more, and are not served. */
export const payloadStart = rmcpHeaderLength + 12;

/** The authenticated part of a packet begins at its session header. */
export const authenticatedStart = rmcpHeaderLength;

const encryptedBit = 0x80;
const authenticatedBit = 0x40;
const typeMask = 0x3f;
const oemExplicit = 0x02;
const nextHeader = 0x07;

/** A packet's header. Its payload is `datagram[payloadStart, payloadEnd)`. */
export interface Packet20 {
  readonly payloadType: number;
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  readonly sessionId: number;
  readonly sequence: number;
  readonly payloadEnd: number;
}

/** Whether a datagram of RMCP class IPMI is in RMCP+ format; all others are in that of IPMI 1.5. */
export function isRmcpPlus(datagram: Buffer): boolean {
  return datagram[rmcpHeaderLength] === AuthenticationType.rmcpPlus;
}

/** Reads the header of a packet in RMCP+ format. */
export function parsePacket20(datagram: Buffer): Packet20 | DropReason {
  if (datagram.length < payloadStart) return 'too-short';
  const type = datagram.readUInt8(5);
  if ((type & typeMask) === oemExplicit) return 'unknown-payload-type';
  const payloadEnd = payloadStart + datagram.readUInt16LE(14);
  if (payloadEnd > datagram.length) return 'bad-length';
  return {
    payloadType: type & typeMask,
    encrypted: (type & encryptedBit) !== 0,
    authenticated: (type & authenticatedBit) !== 0,
    sessionId: datagram.readUInt32LE(6),
    sequence: datagram.readUInt32LE(10),
    payloadEnd,
  };
}

/** Whether a trailer with an authentication code of so many bytes, and nothing else, follows the payload. */
export function hasTrailer(datagram: Buffer, payloadEnd: number, codeLength: number): boolean {
  const headerAt = datagram.length - codeLength - 1;
  const padding = datagram[headerAt - 1];
  if (padding === undefined || datagram[headerAt] !== nextHeader) return false;
  return payloadEnd + padding + 1 === headerAt;
}

/** A packet's header and lengths, with room for payload and trailer. */
export interface Layout20 {
  readonly payloadType: number;
  readonly encrypted: boolean;
  readonly sessionId: number;
  readonly sequence: number;
  readonly payloadLength: number;
  /** Length of the authentication code; 0 for a packet without trailer. */
  readonly codeLength: number;
}

/** A datagram whose payload (at {@link payloadStart}) and authentication code (its end) are still to be written. */
export function layOutPacket20(layout: Layout20): Buffer {
  const { payloadLength, codeLength } = layout;
  const payloadEnd = payloadStart + payloadLength;
  // The authenticated part, which ends with pad length and next header, is a multiple of four bytes.
  const padding = codeLength === 0 ? 0 : -(payloadEnd - authenticatedStart + 2) & 3;
  const trailerLength = codeLength === 0 ? 0 : padding + 2 + codeLength;
  const datagram = Buffer.allocUnsafe(payloadEnd + trailerLength);
  writeRmcpHeader(datagram, 'ipmi');
  datagram[4] = AuthenticationType.rmcpPlus;
  datagram[5] =
    layout.payloadType | (layout.encrypted ? encryptedBit : 0) | (codeLength === 0 ? 0 : authenticatedBit);
  datagram.writeUInt32LE(layout.sessionId, 6);
  datagram.writeUInt32LE(layout.sequence, 10);
  datagram.writeUInt16LE(payloadLength, 14);
  if (codeLength !== 0) {
    let at = payloadEnd;
    for (let pad = 0; pad < padding; pad++) datagram[at++] = 0xff;
    datagram[at++] = padding;
    datagram[at] = nextHeader;
  }
  return datagram;
}

/** A packet outside any session. */
export function buildSessionlessPacket20(payloadType: number, payload: Uint8Array): Buffer {
  const datagram = layOutPacket20({
    payloadType,
    encrypted: false,
    sessionId: 0,
    sequence: 0,
    payloadLength: payload.length,
    codeLength: 0,
  });
  datagram.set(payload, payloadStart);
  return datagram;
}
