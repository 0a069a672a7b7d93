import type { DropReason } from '../drops.ts';
import { Status } from './status.ts';

/**
 * RMCP+ Authenticated Key-Exchange Protocol: four messages by which both sides prove that they know the password.
 * @see IPMI 2.0 §13.20 to §13.24
 */

/** A client's first message. */
export interface Rakp1 {
  readonly tag: number;
  readonly sessionId: number;
  readonly consoleRandom: Buffer;
  /** As sent: privilege in the lower four bits, and whether only the name picks the user; part of what is authenticated. */
  readonly role: number;
  /** As sent, without its length; `undefined` when it is longer than names may be or than the message. */
  readonly name: Buffer | undefined;
}

/** A client's proof. */
export interface Rakp3 {
  readonly tag: number;
  /** Not 0 when the client gives up. */
  readonly status: number;
  readonly sessionId: number;
  readonly code: Buffer;
}

const longestName = 16;
const nameAt = 28;
const headLength = 8;

/** Reads RAKP 1. */
export function parseRakp1(payload: Buffer): Rakp1 | DropReason {
  if (payload.length < nameAt) return 'too-short';
  const nameLength = payload.readUInt8(nameAt - 1);
  const nameFits = nameLength <= longestName && nameAt + nameLength <= payload.length;
  return {
    tag: payload.readUInt8(0),
    sessionId: payload.readUInt32LE(4),
    consoleRandom: payload.subarray(8, 24),
    role: payload.readUInt8(24),
    name: nameFits ? payload.subarray(nameAt, nameAt + nameLength) : undefined,
  };
}

/** Builds RAKP 2 of a handshake that goes on. */
export function buildRakp2(
  tag: number,
  consoleSessionId: number,
  bmcRandom: Buffer,
  guid: Buffer,
  code: Buffer,
): Buffer {
  return Buffer.concat([head(tag, consoleSessionId), bmcRandom, guid, code]);
}

/** Reads RAKP 3. */
export function parseRakp3(payload: Buffer): Rakp3 | DropReason {
  if (payload.length < headLength) return 'too-short';
  return {
    tag: payload.readUInt8(0),
    status: payload.readUInt8(1),
    sessionId: payload.readUInt32LE(4),
    code: payload.subarray(headLength),
  };
}

/** Builds RAKP 4 of a handshake that has succeeded. */
export function buildRakp4(tag: number, consoleSessionId: number, integrityCheckValue: Buffer): Buffer {
  return Buffer.concat([head(tag, consoleSessionId), integrityCheckValue]);
}

function head(tag: number, consoleSessionId: number): Buffer {
  const bytes = Buffer.alloc(headLength);
  bytes[0] = tag;
  bytes[1] = Status.ok;
  bytes.writeUInt32LE(consoleSessionId, 4);
  return bytes;
}
