import type { DropReason } from '../drops.ts';
import { rmcpHeaderLength, writeRmcpHeader } from './rmcp.ts';

/**
 * Session header of IPMI 1.5, which also carries what is asked before any session.
 * @see IPMI 2.0 table 13-8, left column
 */

/** Authentication types that this BMC knows. @see IPMI 2.0 table 13-10 */
export const AuthenticationType = { none: 0x00, md5: 0x02, rmcpPlus: 0x06 } as const;

/** A packet that has been taken apart; views of its datagram. */
export interface Packet15 {
  readonly authentication: 'none' | 'md5';
  readonly sequence: number;
  readonly sessionId: number;
  /** `undefined` when nothing authenticates the packet. */
  readonly authenticationCode: Buffer | undefined;
  readonly payload: Buffer;
}

const codeLength = 16;
/** Authentication type, sequence number, session ID, payload length. */
const headerLength = 10;

/** Reads a packet. Bytes after the payload are let pass: some clients pad for the sake of old network chips. */
export function parsePacket15(datagram: Buffer): Packet15 | DropReason {
  if (datagram.length < rmcpHeaderLength + headerLength) return 'too-short';
  const type = datagram[rmcpHeaderLength];
  if (type !== AuthenticationType.none && type !== AuthenticationType.md5) return 'not-authenticated';
  const payloadAt = rmcpHeaderLength + headerLength + (type === AuthenticationType.md5 ? codeLength : 0);
  const payloadLength = datagram[payloadAt - 1];
  if (payloadLength === undefined || payloadAt + payloadLength > datagram.length) return 'bad-length';
  return {
    authentication: type === AuthenticationType.md5 ? 'md5' : 'none',
    sequence: datagram.readUInt32LE(5),
    sessionId: datagram.readUInt32LE(9),
    authenticationCode: type === AuthenticationType.md5 ? datagram.subarray(13, 13 + codeLength) : undefined,
    payload: datagram.subarray(payloadAt, payloadAt + payloadLength),
  };
}

/** A whole datagram. */
export function buildPacket15(packet: Omit<Packet15, 'authentication'>): Buffer {
  const { authenticationCode: code, payload } = packet;
  const payloadAt = rmcpHeaderLength + headerLength + (code === undefined ? 0 : codeLength);
  const datagram = Buffer.allocUnsafe(payloadAt + payload.length);
  writeRmcpHeader(datagram, 'ipmi');
  datagram[4] = code === undefined ? AuthenticationType.none : AuthenticationType.md5;
  datagram.writeUInt32LE(packet.sequence, 5);
  datagram.writeUInt32LE(packet.sessionId, 9);
  if (code !== undefined) datagram.set(code, 13);
  datagram[payloadAt - 1] = payload.length;
  datagram.set(payload, payloadAt);
  return datagram;
}
