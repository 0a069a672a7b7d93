import type { DropReason } from '../drops.ts';

/**
 * Remote Management Control Protocol: four bytes in front of every datagram.
 * @see IPMI 2.0 §13.1.3; DMTF DSP0136 §3.2.2
 */
export const rmcpHeaderLength = 4;

const version = 0x06;
/** Sequence number of a message that wants no RMCP acknowledgement: all of IPMI's. */
const noAcknowledgement = 0xff;
const acknowledgementBit = 0x80;
const classes = { asf: 0x06, ipmi: 0x07 } as const;

/** What an RMCP message carries. */
export type RmcpClass = keyof typeof classes;

/** Reads the header: the class of the message that follows, or why there is none. */
export function parseRmcpClass(datagram: Buffer): { readonly class: RmcpClass } | DropReason {
  if (datagram.length <= rmcpHeaderLength) {
    const acknowledges =
      datagram.length === rmcpHeaderLength && ((datagram[3] ?? 0) & acknowledgementBit) !== 0;
    return acknowledges ? 'rmcp-acknowledgement' : 'too-short';
  }
  if (datagram[0] !== version) return 'not-rmcp';
  if (datagram[3] === classes.ipmi) return ipmi;
  if (datagram[3] === classes.asf) return asf;
  return 'unknown-class';
}

const ipmi = { class: 'ipmi' } as const;
const asf = { class: 'asf' } as const;

/** Writes the header. */
export function writeRmcpHeader(datagram: Buffer, rmcpClass: RmcpClass): void {
  datagram[0] = version;
  datagram[1] = 0;
  datagram[2] = noAcknowledgement;
  datagram[3] = classes[rmcpClass];
}
