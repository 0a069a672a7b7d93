import type { AlgorithmProposal, CipherSuite } from '../cipher-suites.ts';
import type { DropReason } from '../drops.ts';
import { Status } from './status.ts';

/**
 * RMCP+ Open Session: which algorithms, which session IDs.
 * @see IPMI 2.0 §13.17, §13.18
 */
export interface OpenSessionRequest {
  readonly tag: number;
  /** Highest privilege wanted; 0 for the most that the algorithms allow. */
  readonly privilege: number;
  /** The client's ID of the session. */
  readonly consoleSessionId: number;
  /** The algorithms, or what is wrong with the way they are proposed. */
  readonly proposal: AlgorithmProposal | Status;
}

/** Tag, privilege, reserved bytes and session ID; then a record of eight bytes for each of three algorithms. */
const headLength = 8;
const recordLength = 8;
const requestLength = headLength + 3 * recordLength;

/** Reads a request; what cannot even be answered is dropped. */
export function parseOpenSession(payload: Buffer): OpenSessionRequest | DropReason {
  if (payload.length < headLength) return 'too-short';
  return {
    tag: payload.readUInt8(0),
    privilege: payload.readUInt8(1) & 0x0f,
    consoleSessionId: payload.readUInt32LE(4),
    proposal: parseProposal(payload),
  };
}

function parseProposal(payload: Buffer): AlgorithmProposal | Status {
  if (payload.length !== requestLength) return Status.illegalParameter;
  const types = [0, 1, 2].map(record => payload.readUInt8(headLength + record * recordLength));
  if (types.some(type => type > 2)) return Status.invalidPayloadType;
  if (types[0] !== 0) return Status.noMatchingAuthenticationPayload;
  if (types[1] !== 1) return Status.noMatchingIntegrityPayload;
  if (types[2] !== 2) return Status.illegalParameter;
  return {
    authentication: algorithmAt(payload, headLength),
    integrity: algorithmAt(payload, headLength + recordLength),
    confidentiality: algorithmAt(payload, headLength + 2 * recordLength),
  };
}

/** The algorithm of a record; a record that gives its length as 0 leaves the choice to the BMC. */
function algorithmAt(payload: Buffer, at: number): number | undefined {
  return payload[at + 3] === 0 ? undefined : payload.readUInt8(at + 4) & 0x3f;
}

/** Agrees to a session. */
export function buildOpenSessionResponse(
  request: OpenSessionRequest,
  granted: { readonly privilege: number; readonly sessionId: number; readonly suite: CipherSuite },
): Buffer {
  const payload = Buffer.alloc(headLength + 4 + 3 * recordLength);
  payload[0] = request.tag;
  payload[1] = Status.ok;
  payload[2] = granted.privilege;
  payload.writeUInt32LE(request.consoleSessionId, 4);
  payload.writeUInt32LE(granted.sessionId, 8);
  const { authentication, integrity, confidentiality } = granted.suite;
  [authentication, integrity, confidentiality].forEach((algorithm, type) => {
    const at = headLength + 4 + type * recordLength;
    payload[at] = type;
    payload[at + 3] = recordLength;
    payload[at + 4] = algorithm;
  });
  return payload;
}

/** Refuses a session. */
export function buildOpenSessionRefusal(request: OpenSessionRequest, status: Status): Buffer {
  return buildRefusal(request.tag, status, request.consoleSessionId);
}

/** Eight bytes: what Open Session Response, RAKP 2 and RAKP 4 are cut down to when their status is not 0. */
export function buildRefusal(tag: number, status: Status, consoleSessionId: number): Buffer {
  const payload = Buffer.alloc(headLength);
  payload[0] = tag;
  payload[1] = status;
  payload.writeUInt32LE(consoleSessionId, 4);
  return payload;
}
