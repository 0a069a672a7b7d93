import { md5Code, sameCode } from './crypto.ts';
import type { DropReason } from './drops.ts';
import { nextSequence, SequenceWindow } from './sequence-window.ts';
import { LanSession, type SessionOpening } from './session.ts';
import { buildPacket15, type Packet15 } from './wire/session15.ts';
import { PayloadType } from './wire/session20.ts';

/** An IPMI 1.5 session: every packet has an MD5 code, nothing is encrypted. @see IPMI 2.0 §6.12, §22.17 */
export class Ipmi15Session extends LanSession {
  readonly protocol = 'ipmi-1.5';
  readonly authenticated = true;
  readonly encrypted = false;
  readonly #window: SequenceWindow;
  #sequence: number;

  /** @param sequences - first numbers that the client and the BMC use */
  constructor(opening: SessionOpening, sequences: { readonly inbound: number; readonly outbound: number }) {
    super(opening);
    this.#window = new SequenceWindow(sequences.inbound - 1);
    this.#sequence = sequences.outbound;
  }

  /** The payload of a packet of this session, once it is known to be authentic and new. */
  open(packet: Packet15): Buffer | DropReason {
    if (!isAuthentic(packet, this.account.password)) return 'bad-authentication-code';
    return this.#window.accept(packet.sequence) ? packet.payload : 'replayed';
  }

  /** @throws RangeError for any payload but IPMI messages: this format carries no other */
  override seal(payloadType: number, payload: Uint8Array): Buffer {
    if (payloadType !== PayloadType.ipmi) throw new RangeError(`payload type ${payloadType} needs RMCP+`);
    const sequence = this.#sequence;
    this.#sequence = nextSequence(sequence);
    return sealPacket15(this.account.password, this.id, sequence, payload);
  }
}

/** Whether a packet was made by somebody who knows the password. */
export function isAuthentic(packet: Packet15, password: Uint8Array): boolean {
  const { authenticationCode, sessionId, payload, sequence } = packet;
  if (authenticationCode === undefined) return false;
  return sameCode(md5Code(password, sessionId, payload, sequence), authenticationCode);
}

/** A datagram that whoever knows the password can tell is authentic. */
export function sealPacket15(
  password: Uint8Array,
  sessionId: number,
  sequence: number,
  payload: Uint8Array,
): Buffer {
  const authenticationCode = md5Code(password, sessionId, payload, sequence);
  return buildPacket15({ sessionId, sequence, authenticationCode, payload: Buffer.from(payload) });
}
