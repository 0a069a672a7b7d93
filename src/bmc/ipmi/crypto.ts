import {
  type Cipher,
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type Decipher,
  hash,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import type { Random } from './random.ts';

/** Hash functions of the supported algorithms. Both work on blocks of 64 bytes. */
export type HashName = 'sha1' | 'sha256';

const blockLength = 64;
const digestLength = { sha1: 20, sha256: 32 } as const;

/** The longest message that is authenticated; longer datagrams are dropped before. Bytes. */
export const longestMessage = 1024;

// One call of crypto.hash costs a third of createHmac, so HMAC is composed of two of them, in buffers that all
// sessions share: nothing waits between filling and reading one.
const inner = Buffer.alloc(blockLength + longestMessage);
const outer = {
  sha1: Buffer.alloc(blockLength + digestLength.sha1),
  sha256: Buffer.alloc(blockLength + digestLength.sha256),
} as const;
const computed = Buffer.alloc(32);

/** HMAC with one key. @see RFC 2104 */
export class Hmac {
  readonly #hash: HashName;
  readonly #innerPad: Buffer;
  readonly #outerPad: Buffer;

  /** @param key - at most 64 bytes */
  constructor(hashName: HashName, key: Uint8Array) {
    this.#hash = hashName;
    this.#innerPad = Buffer.alloc(blockLength, 0x36);
    this.#outerPad = Buffer.alloc(blockLength, 0x5c);
    key.forEach((byte, at) => {
      this.#innerPad[at] = byte ^ 0x36;
      this.#outerPad[at] = byte ^ 0x5c;
    });
  }

  /** Writes the first `length` bytes of the code of `message[start, end)` to `target` at `at`. */
  write(message: Buffer, start: number, end: number, target: Buffer, at: number, length: number): void {
    inner.set(this.#innerPad);
    message.copy(inner, blockLength, start, end);
    const outerBlock = outer[this.#hash];
    outerBlock.set(this.#outerPad);
    const filled = inner.subarray(0, blockLength + end - start);
    outerBlock.write(hash(this.#hash, filled, 'binary'), blockLength, 'binary');
    target.write(hash(this.#hash, outerBlock, 'binary'), at, length, 'binary');
  }

  /** Whether a message that fills `message[start, end)` has the code that follows at `codeAt`. Takes the same time either way. */
  verify(message: Buffer, start: number, end: number, codeAt: number, length: number): boolean {
    this.write(message, start, end, computed, 0, length);
    return timingSafeEqual(computed.subarray(0, length), message.subarray(codeAt, codeAt + length));
  }

  /** The whole code of a message in parts. */
  digest(...parts: readonly Uint8Array[]): Buffer {
    const message = Buffer.concat(parts);
    const code = Buffer.alloc(digestLength[this.#hash]);
    this.write(message, 0, message.length, code, 0, code.length);
    return code;
  }
}

/** Whether two codes are the same; takes the same time wherever they differ. */
export function sameCode(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

const aesBlock = 16;
const aesKeyLength = 16;

/**
 * AES-CBC-128 payloads: an initialization vector, then the payload and its pad (1, 2, 3 … and the pad's length).
 * One cipher context serves all of a session's packets. A random block in front of the plaintext comes out as the
 * vector; a vector in front of the ciphertext comes out as a block to ignore.
 * @see IPMI 2.0 §13.29
 */
export class AesCbc {
  readonly #key: KeyObject;
  readonly #random: Random;
  #encryption: Cipher | undefined;
  #decryption: Decipher | undefined;

  /** @param key - its first 16 bytes are used */
  constructor(key: Uint8Array, random: Random) {
    this.#key = createSecretKey(key.subarray(0, aesKeyLength));
    this.#random = random;
  }

  /** Bytes that a payload of `length` bytes becomes. */
  static encryptedLength(length: number): number {
    return aesBlock + Math.ceil((length + 1) / aesBlock) * aesBlock;
  }

  /** Writes the encrypted payload to `target` at `at`. */
  encrypt(payload: Uint8Array, target: Buffer, at: number): void {
    const end = at + AesCbc.encryptedLength(payload.length);
    const padAt = at + aesBlock + payload.length;
    this.#random.fill(target, at, at + aesBlock);
    target.set(payload, at + aesBlock);
    for (let pad = padAt; pad < end - 1; pad++) target[pad] = pad - padAt + 1;
    target[end - 1] = end - 1 - padAt;
    this.#encryption ??= createCipheriv('aes-128-cbc', this.#key, Buffer.alloc(aesBlock)).setAutoPadding(
      false,
    );
    target.set(this.#encryption.update(target.subarray(at, end)), at);
  }

  /** The payload, or `undefined` if it is none: not whole blocks, or a wrong pad. */
  decrypt(encrypted: Buffer): Buffer | undefined {
    // Half a block would stay in the context and shift all packets after it.
    if (encrypted.length < 2 * aesBlock || encrypted.length % aesBlock !== 0) return undefined;
    this.#decryption ??= createDecipheriv('aes-128-cbc', this.#key, Buffer.alloc(aesBlock)).setAutoPadding(
      false,
    );
    const plain = this.#decryption.update(encrypted);
    const padLength = plain[plain.length - 1] ?? 0;
    const padAt = plain.length - 1 - padLength;
    if (padLength >= aesBlock) return undefined;
    for (let at = 0; at < padLength; at++) if (plain[padAt + at] !== at + 1) return undefined;
    return plain.subarray(aesBlock, padAt);
  }
}

/** What protects a session's packets. @see IPMI 2.0 §13.32 */
export interface SessionKeys {
  readonly integrity: Hmac;
  /** Its first 16 bytes are the key of AES. */
  readonly confidentiality: Buffer;
}

/** The keys that follow from the session integrity key. */
export function deriveSessionKeys(hashName: HashName, sessionIntegrityKey: Hmac): SessionKeys {
  return {
    integrity: new Hmac(hashName, sessionIntegrityKey.digest(Buffer.alloc(20, 1))),
    confidentiality: sessionIntegrityKey.digest(Buffer.alloc(20, 2)),
  };
}

/**
 * The code of an IPMI 1.5 packet.
 * @param password - at most 16 bytes
 * @see IPMI 2.0 §22.17.1
 */
export function md5Code(
  password: Uint8Array,
  sessionId: number,
  payload: Uint8Array,
  sequence: number,
): Buffer {
  const key = Buffer.alloc(16);
  key.set(password.subarray(0, 16));
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(sessionId, 0);
  numbers.writeUInt32LE(sequence, 4);
  return createHash('md5')
    .update(key)
    .update(numbers.subarray(0, 4))
    .update(payload)
    .update(numbers.subarray(4))
    .update(key)
    .digest();
}
