import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/**
 * An IPMI client for tests and benchmarks, written from the specification and sharing no code with the BMC,
 * so that both cannot be wrong in the same way.
 */

/** How datagrams travel: `exchange` sends one and resolves to the answer, or to `undefined` if none comes. */
export interface Transport {
  exchange(datagram: Buffer): Promise<Buffer | undefined>;
}

/** What a client logs in with. */
export interface Login {
  readonly suite: number;
  readonly user: string;
  readonly password: string;
  readonly kg?: Buffer | undefined;
  /** 1 callback to 4 administrator, 0 the highest possible. */
  readonly privilege?: number;
  /** Role byte of RAKP 1; by default name-only lookup with `privilege`. */
  readonly role?: number;
}

/** Algorithms of the cipher suites: authentication, integrity, confidentiality. */
export const suiteAlgorithms: Readonly<Record<number, readonly [number, number, number]>> = {
  0: [0, 0, 0],
  1: [1, 0, 0],
  2: [1, 1, 0],
  3: [1, 1, 1],
  6: [2, 0, 0],
  15: [3, 0, 0],
  16: [3, 4, 0],
  17: [3, 4, 1],
};

/** A status other than 0 in a handshake. */
export class HandshakeRefused extends Error {
  readonly payloadType: number;
  readonly status: number;

  constructor(payloadType: number, status: number) {
    super(`payload type 0x${payloadType.toString(16)} says status 0x${status.toString(16)}`);
    this.payloadType = payloadType;
    this.status = status;
  }
}

/** An answer to a command. */
export interface Answer {
  readonly code: number;
  readonly data: Buffer;
}

const rmcp = [0x06, 0x00, 0xff, 0x07];

/** The presence ping. */
export const presencePing = Buffer.from('0600ff06000011be80010000', 'hex');

/** A request in a LAN message from software ID 0x81. */
export function lanRequest(netFn: number, command: number, data: Uint8Array, sequence: number): Buffer {
  const head = [0x20, netFn << 2];
  const body = [0x81, (sequence & 0x3f) << 2, command, ...data];
  return Buffer.from([...head, sum(head), ...body, sum(body)]);
}

/** The answer in a LAN message. */
export function lanResponse(message: Buffer): Answer {
  if (sum(message.subarray(0, 3)) !== 0 || sum(message.subarray(3)) !== 0) throw new Error('bad checksum');
  return { code: message.readUInt8(6), data: message.subarray(7, -1) };
}

function sum(bytes: Iterable<number>): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return -total & 0xff;
}

/** A packet in IPMI 1.5 format. */
export function packet15(
  sessionId: number,
  sequence: number,
  payload: Uint8Array,
  password?: string,
): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(sequence, 0);
  numbers.writeUInt32LE(sessionId, 4);
  const code: number[] = [];
  if (password !== undefined) {
    const key = Buffer.alloc(16);
    key.write(password);
    const hash = createHash('md5').update(key).update(numbers.subarray(4)).update(payload);
    code.push(...hash.update(numbers.subarray(0, 4)).update(key).digest());
  }
  return Buffer.from([...rmcp, code.length ? 2 : 0, ...numbers, ...code, payload.length, ...payload]);
}

/** The payload of a packet in IPMI 1.5 format. */
export function payload15(datagram: Buffer): Buffer {
  return datagram.subarray(datagram[4] === 0 ? 14 : 30);
}

/** A packet in RMCP+ format that nothing protects. */
export function packet20(payloadType: number, payload: Uint8Array, sessionId = 0, sequence = 0): Buffer {
  const numbers = Buffer.alloc(10);
  numbers.writeUInt32LE(sessionId, 0);
  numbers.writeUInt32LE(sequence, 4);
  numbers.writeUInt16LE(payload.length, 8);
  return Buffer.from([...rmcp, 0x06, payloadType, ...numbers, ...payload]);
}

/** Open Session's payload for three algorithms; `undefined` leaves one to the BMC. */
export function openSessionPayload(
  algorithms: readonly (number | undefined)[],
  privilege = 0,
  consoleSessionId = 0xa0a1a2a3,
): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32LE(consoleSessionId);
  const records = algorithms.flatMap((algorithm, type) =>
    algorithm === undefined ? [type, 0, 0, 0, 0, 0, 0, 0] : [type, 0, 0, 8, algorithm, 0, 0, 0],
  );
  return Buffer.from([0x11, privilege, 0, 0, ...id, ...records]);
}

/** A client and its session. */
export class Client {
  readonly #transport: Transport;
  readonly #random: (size: number) => Buffer;
  #keys: { hash: string; k1: Buffer; aes: Buffer; codeLength: number } | undefined;
  #algorithms: readonly [number, number, number] = [0, 0, 0];
  #consoleSessionId = 0;
  #sequence = 0;
  #messageSequence = 0;
  #sessionId = 0;

  /** @param random - where session IDs, random numbers and initialization vectors come from */
  constructor(transport: Transport, random: (size: number) => Buffer = randomBytes) {
    this.#transport = transport;
    this.#random = random;
  }

  /** The BMC's ID of the session, 0 without one. */
  get sessionId(): number {
    return this.#sessionId;
  }

  /** A command outside any session. */
  async ask(
    netFn: number,
    command: number,
    data: Uint8Array = new Uint8Array(),
    plus = false,
  ): Promise<Answer> {
    const message = lanRequest(netFn, command, data, this.#messageSequence++);
    const reply = await this.#exchange(plus ? packet20(0, message) : packet15(0, 0, message));
    return lanResponse(plus ? reply.subarray(16) : payload15(reply));
  }

  /** Opens a session. @throws HandshakeRefused */
  async open(login: Login): Promise<void> {
    const algorithms = suiteAlgorithms[login.suite];
    if (!algorithms) throw new Error(`no suite ${login.suite}`);
    this.#algorithms = algorithms;
    this.#consoleSessionId = this.#random(4).readUInt32LE() || 1;
    const privilege = login.privilege ?? 4;
    const opened = await this.#setup(
      0x10,
      openSessionPayload(algorithms, privilege, this.#consoleSessionId),
      0x11,
    );
    const ids = opened.subarray(4, 12);
    const sessionId = opened.readUInt32LE(8);

    const consoleRandom = this.#random(16);
    const name = Buffer.from(login.user);
    const roleAndName = Buffer.from([login.role ?? 0x10 | privilege, name.length, ...name]);
    const rakp1 = Buffer.concat([
      Buffer.from([0x22, 0, 0, 0]),
      ids.subarray(4),
      consoleRandom,
      roleAndName.subarray(0, 1),
      Buffer.alloc(2),
      roleAndName.subarray(1),
    ]);
    const rakp2 = await this.#setup(0x12, rakp1, 0x13);
    const bmcRandom = rakp2.subarray(8, 24);
    const guid = rakp2.subarray(24, 40);
    const hash = algorithms[0] === 3 ? 'sha256' : 'sha1';
    const mac = (key: Uint8Array, ...parts: Uint8Array[]) =>
      createHmac(hash, key).update(Buffer.concat(parts)).digest();
    const password = Buffer.from(login.password);
    if (!mac(password, ids, consoleRandom, bmcRandom, guid, roleAndName).equals(rakp2.subarray(40))) {
      throw new HandshakeRefused(0x13, 0x0f);
    }

    const rakp3 = Buffer.concat([
      Buffer.from([0x33, 0, 0, 0]),
      ids.subarray(4),
      mac(password, bmcRandom, ids.subarray(0, 4), roleAndName),
    ]);
    const rakp4 = await this.#setup(0x14, rakp3, 0x15);
    const sik = mac(login.kg ?? password, consoleRandom, bmcRandom, roleAndName);
    const codeLength = hash === 'sha1' ? 12 : 16;
    const check = mac(sik, consoleRandom, ids.subarray(4), guid).subarray(0, codeLength);
    if (!check.equals(rakp4.subarray(8))) throw new HandshakeRefused(0x15, 0x0f);
    this.#keys = {
      hash,
      codeLength,
      k1: mac(sik, Buffer.alloc(20, 1)),
      aes: mac(sik, Buffer.alloc(20, 2)).subarray(0, 16),
    };
    this.#sequence = 0;
    this.#sessionId = sessionId;
  }

  /** A command in the session. @throws Error when no answer comes */
  async command(netFn: number, command: number, data: Uint8Array = new Uint8Array()): Promise<Answer> {
    return this.answerTo(await this.#exchange(this.request(netFn, command, data)));
  }

  /** A command's datagram, to be sent by the caller. */
  request(
    netFn: number,
    command: number,
    data: Uint8Array = new Uint8Array(),
    messageSequence = this.#messageSequence++,
  ): Buffer {
    return this.seal(0, lanRequest(netFn, command, data, messageSequence));
  }

  /** What a datagram from the BMC answers. */
  answerTo(datagram: Buffer): Answer {
    return lanResponse(this.unseal(datagram).payload);
  }

  /** A datagram of the session, protected as agreed. */
  seal(payloadType: number, payload: Uint8Array, sequence = ++this.#sequence): Buffer {
    return this.sealAsIs(payloadType, this.#algorithms[2] ? this.#encrypt(payload) : payload, sequence);
  }

  /** The same of a payload that is encrypted already, or not as it should be. */
  sealAsIs(payloadType: number, payload: Uint8Array, sequence = ++this.#sequence): Buffer {
    const [, integrity, confidentiality] = this.#algorithms;
    const type = payloadType | (integrity ? 0x40 : 0) | (confidentiality ? 0x80 : 0);
    const plain = packet20(type, payload, this.#sessionId, sequence);
    const keys = this.#keys;
    if (!integrity || !keys) return plain;
    const pad = -(plain.length - 4 + 2) & 3;
    const authenticated = Buffer.concat([plain, Buffer.alloc(pad, 0xff), Buffer.from([pad, 0x07])]);
    return Buffer.concat([authenticated, this.#code(authenticated)]);
  }

  /** The payload of a datagram from the BMC. @throws Error when it is not as agreed */
  unseal(datagram: Buffer): { readonly payloadType: number; readonly payload: Buffer } {
    const [, integrity, confidentiality] = this.#algorithms;
    if (datagram.readUInt32LE(6) !== this.#consoleSessionId) throw new Error('another session');
    const type = datagram.readUInt8(5);
    if (((type & 0x40) !== 0) !== (integrity !== 0)) throw new Error('authentication is not as agreed');
    if (((type & 0x80) !== 0) !== (confidentiality !== 0)) throw new Error('encryption is not as agreed');
    const payload = datagram.subarray(16, 16 + datagram.readUInt16LE(14));
    if (integrity) {
      const codeAt = datagram.length - (this.#keys?.codeLength ?? 0);
      if ((codeAt - 4) % 4 !== 0) throw new Error('not padded to four bytes');
      const code = this.#code(datagram.subarray(0, codeAt));
      if (!code.equals(datagram.subarray(codeAt))) throw new Error('bad authentication code');
    }
    return { payloadType: type & 0x3f, payload: confidentiality ? this.#decrypt(payload) : payload };
  }

  #code(datagram: Buffer): Buffer {
    const { hash, k1, codeLength } = this.#keys ?? fail('no session');
    return createHmac(hash, k1).update(datagram.subarray(4)).digest().subarray(0, codeLength);
  }

  #encrypt(payload: Uint8Array): Buffer {
    const { aes } = this.#keys ?? fail('no session');
    const iv = this.#random(16);
    const length = -(payload.length + 1) & 15;
    const pad = Array.from({ length }, (_, at) => at + 1);
    const cipher = createCipheriv('aes-128-cbc', aes, iv).setAutoPadding(false);
    return Buffer.concat([iv, cipher.update(Buffer.from([...payload, ...pad, length])), cipher.final()]);
  }

  #decrypt(payload: Buffer): Buffer {
    const { aes } = this.#keys ?? fail('no session');
    const cipher = createDecipheriv('aes-128-cbc', aes, payload.subarray(0, 16)).setAutoPadding(false);
    const plain = Buffer.concat([cipher.update(payload.subarray(16)), cipher.final()]);
    return plain.subarray(0, plain.length - 1 - plain.readUInt8(plain.length - 1));
  }

  async #setup(type: number, payload: Buffer, answerType: number): Promise<Buffer> {
    const reply = await this.#exchange(packet20(type, payload));
    if (reply[5] !== answerType) throw new Error(`answered with payload type ${reply[5]}`);
    const answer = reply.subarray(16);
    const status = answer.readUInt8(1);
    if (status !== 0) throw new HandshakeRefused(answerType, status);
    return answer;
  }

  async #exchange(datagram: Buffer): Promise<Buffer> {
    return (await this.#transport.exchange(datagram)) ?? fail('no answer');
  }
}

function fail(message: string): never {
  throw new Error(message);
}
