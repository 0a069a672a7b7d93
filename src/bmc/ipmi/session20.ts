import { AesCbc, type Hmac } from './crypto.ts';
import type { DropReason } from './drops.ts';
import type { Admission } from './handshake.ts';
import type { Random } from './random.ts';
import { nextSequence, SequenceWindow } from './sequence-window.ts';
import { LanSession, type SessionOpening } from './session.ts';
import type { Rakp3 } from './wire/rakp.ts';
import {
  authenticatedStart,
  hasTrailer,
  layOutPacket20,
  type Packet20,
  payloadStart,
} from './wire/session20.ts';

/** An RMCP+ session. @see IPMI 2.0 §6.11, §13.28 to §13.32 */
export class RmcpPlusSession extends LanSession {
  readonly protocol = 'rmcp+';
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  readonly #consoleSessionId: number;
  readonly #integrity: Hmac;
  /** Bytes of an authentication code; 0 when packets have none. */
  readonly #codeLength: number;
  readonly #aes: AesCbc | undefined;
  readonly #window = new SequenceWindow();
  #sequence = 1;
  /** The end of its handshake, kept until the client has shown that it got there. */
  #proof: { readonly code: Buffer; readonly reply: Buffer } | undefined;

  constructor(opening: SessionOpening, admission: Admission, random: Random, rakp3: Rakp3, rakp4: Buffer) {
    super(opening);
    const { suite, keys } = admission;
    this.#consoleSessionId = admission.consoleSessionId;
    this.#integrity = keys.integrity;
    this.authenticated = suite.integrity !== 0;
    this.#codeLength = this.authenticated ? suite.codeLength : 0;
    this.encrypted = suite.confidentiality !== 0;
    this.#aes = this.encrypted ? new AesCbc(keys.confidentiality, random) : undefined;
    this.#proof = { code: Buffer.from(rakp3.code), reply: rakp4 };
  }

  /** RAKP 4 once more, for a client that lost it and sent its RAKP 3 again. */
  proveAgain(rakp3: Rakp3): Buffer | undefined {
    return this.#proof?.code.equals(rakp3.code) ? this.#proof.reply : undefined;
  }

  /** The payload of a packet of this session, once it is known to be authentic and new. */
  open(datagram: Buffer, packet: Packet20): Buffer | DropReason {
    // What was agreed is what counts: a packet that leaves protection out could be anybody's.
    if (packet.authenticated !== this.authenticated) return 'not-authenticated';
    if (packet.encrypted !== this.encrypted) return 'not-encrypted';
    if (this.authenticated) {
      const codeLength = this.#codeLength;
      const codeAt = datagram.length - codeLength;
      if (!hasTrailer(datagram, packet.payloadEnd, codeLength)) return 'bad-length';
      if (!this.#integrity.verify(datagram, authenticatedStart, codeAt, codeAt, codeLength)) {
        return 'bad-authentication-code';
      }
    }
    if (!this.#window.accept(packet.sequence)) return 'replayed';
    this.#proof = undefined;
    const payload = datagram.subarray(payloadStart, packet.payloadEnd);
    return this.#aes === undefined ? payload : (this.#aes.decrypt(payload) ?? 'bad-encryption');
  }

  override seal(payloadType: number, payload: Uint8Array): Buffer {
    const codeLength = this.#codeLength;
    const datagram = layOutPacket20({
      payloadType,
      encrypted: this.encrypted,
      sessionId: this.#consoleSessionId,
      sequence: this.#sequence,
      payloadLength: this.#aes === undefined ? payload.length : AesCbc.encryptedLength(payload.length),
      codeLength,
    });
    this.#sequence = nextSequence(this.#sequence);
    if (this.#aes === undefined) datagram.set(payload, payloadStart);
    else this.#aes.encrypt(payload, datagram, payloadStart);
    if (codeLength !== 0) {
      const codeAt = datagram.length - codeLength;
      this.#integrity.write(datagram, authenticatedStart, codeAt, datagram, codeAt, codeLength);
    }
    return datagram;
  }
}
