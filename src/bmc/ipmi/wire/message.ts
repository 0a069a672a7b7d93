import type { CompletionCode } from '../completion.ts';
import type { DropReason } from '../drops.ts';

/**
 * IPMI messages as they go over a LAN: the payload of both session formats.
 * @see IPMI 2.0 §13.8, figure 13-4
 */

/** The BMC's slave address. */
export const bmcAddress = 0x20;

/** A request. */
export interface Request {
  readonly netFn: number;
  readonly lun: number;
  /** Who asks: repeated in the response. */
  readonly requesterAddress: number;
  /** The requester's sequence number in the upper six bits, its LUN in the lower two. */
  readonly sequenceAndLun: number;
  readonly command: number;
  readonly data: Buffer;
}

/** A request without data: two addresses, three headers, two checksums. */
const shortestRequest = 7;

/** Reads a request that is meant for the BMC. `data` is a view of `message`. */
export function parseRequest(message: Buffer): Request | DropReason {
  const end = message.length - 1;
  if (message.length < shortestRequest) return 'too-short';
  if (checksum(message, 0, 2) !== message[2] || checksum(message, 3, end) !== message[end])
    return 'bad-checksum';
  if (message[0] !== bmcAddress) return 'not-for-us';
  const netFnAndLun = message.readUInt8(1);
  const netFn = netFnAndLun >> 2;
  if (netFn % 2 === 1) return 'not-a-request';
  return {
    netFn,
    lun: netFnAndLun & 3,
    requesterAddress: message.readUInt8(3),
    sequenceAndLun: message.readUInt8(4),
    command: message.readUInt8(5),
    data: message.subarray(6, end),
  };
}

/** The response to a request. */
export function buildResponse(request: Request, code: CompletionCode, data?: Uint8Array): Buffer {
  const length = data === undefined ? 0 : data.length;
  const message = Buffer.allocUnsafe(8 + length);
  message[0] = request.requesterAddress;
  message[1] = ((request.netFn | 1) << 2) | (request.sequenceAndLun & 3);
  message[2] = checksum(message, 0, 2);
  message[3] = bmcAddress;
  message[4] = (request.sequenceAndLun & 0xfc) | request.lun;
  message[5] = request.command;
  message[6] = code;
  if (data !== undefined) message.set(data, 7);
  message[7 + length] = checksum(message, 3, 7 + length);
  return message;
}

/** The byte that makes the sum of `bytes[start, end)` and itself zero. */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += bytes[at] ?? 0;
  return -sum & 0xff;
}
