import type { DropReason } from '../drops.ts';
import { rmcpHeaderLength, writeRmcpHeader } from './rmcp.ts';

/**
 * The one ASF exchange that IPMI asks for: who is a BMC?
 * @see IPMI 2.0 §13.2.3, §13.2.4; DMTF DSP0136 §3.2.4.2, §3.2.4.3
 */

/** IANA's enterprise number of the Alert Standard Forum. */
const asfEnterprise = 4542;
const headerLength = 8;
const type = { presencePong: 0x40, presencePing: 0x80 } as const;
/** IPMI supported; ASF version 1.0. */
const supportedEntities = 0x81;

/** Reads a presence ping: its tag, which the pong repeats. */
export function parsePresencePing(datagram: Buffer): { readonly tag: number } | DropReason {
  if (datagram.length < rmcpHeaderLength + headerLength) return 'too-short';
  if (datagram.readUInt32BE(rmcpHeaderLength) !== asfEnterprise) return 'not-a-ping';
  if (datagram[rmcpHeaderLength + 4] !== type.presencePing) return 'not-a-ping';
  return { tag: datagram.readUInt8(rmcpHeaderLength + 5) };
}

/** The answer to a presence ping: a datagram. */
export function buildPresencePong(tag: number): Buffer {
  const dataLength = 16;
  const pong = Buffer.alloc(rmcpHeaderLength + headerLength + dataLength);
  writeRmcpHeader(pong, 'asf');
  pong.writeUInt32BE(asfEnterprise, 4);
  pong[8] = type.presencePong;
  pong[9] = tag;
  pong[11] = dataLength;
  pong.writeUInt32BE(asfEnterprise, 12);
  pong[20] = supportedEntities;
  return pong;
}
