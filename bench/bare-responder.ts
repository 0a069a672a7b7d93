import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { AesCbc, type Hmac } from '../src/bmc/ipmi/crypto.ts';
import { Handshake, type HandshakeTerms } from '../src/bmc/ipmi/handshake.ts';
import { systemRandom } from '../src/bmc/ipmi/random.ts';
import { buildRefusal, parseOpenSession } from '../src/bmc/ipmi/wire/open-session.ts';
import { parseRakp1, parseRakp3 } from '../src/bmc/ipmi/wire/rakp.ts';
import { buildSessionlessPacket20 } from '../src/bmc/ipmi/wire/session20.ts';

/**
 * The least that answers an IPMI client: one user, cipher suites 3 and 17, and whatever is asked in a session gets the
 * same Get Chassis Status. No windows, no time-outs, no commands, no checks but the code's: receiving, sending and
 * the cryptography, which is the project's own. What a BMC costs above this is the price of being one.
 */
export interface BareResponder {
  readonly port: number;
  close(): Promise<void>;
}

interface Keys {
  readonly integrity: Hmac;
  readonly codeLength: number;
  readonly aes: AesCbc;
  readonly consoleSessionId: number;
  sequence: number;
}

/** Starts one. */
export async function startBareResponder(options: {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}): Promise<BareResponder> {
  const terms = termsFor(options.user, options.password);
  const handshakes = new Map<number, Handshake>();
  const sessions = new Map<number, Keys>();
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 1024 * 1024,
    lookup: (address, _, callback) => callback(null, address, 4),
  });
  socket.on('message', (datagram, remote) => {
    const keys = sessions.get(datagram.readUInt32LE(6));
    const answer = keys ? chassisStatus(datagram, keys) : handshake(datagram, terms, handshakes, sessions);
    if (answer) socket.send(answer, remote.port, remote.address);
  });
  const listening = once(socket, 'listening');
  socket.bind(options.port, options.address);
  await listening;
  return {
    port: socket.address().port,
    close: () => new Promise(resolve => socket.close(() => resolve())),
  };
}

function chassisStatus(datagram: Buffer, keys: Keys): Buffer | undefined {
  const codeAt = datagram.length - keys.codeLength;
  if (!keys.integrity.verify(datagram, 4, codeAt, codeAt, keys.codeLength)) return undefined;
  const request = keys.aes.decrypt(datagram.subarray(16, 16 + datagram.readUInt16LE(14)));
  if (!request) return undefined;
  const message = Buffer.from([0x81, 0x04, 0x7b, 0x20, 0, 0x01, 0, 0x01, 0, 0x40, 0, 0]);
  message[4] = request[4] ?? 0;
  message[11] = -(0x20 + (request[4] ?? 0) + 0x01 + 0x01 + 0x40) & 0xff;

  const answer = Buffer.allocUnsafe(16 + 32 + 4 + keys.codeLength);
  datagram.copy(answer, 0, 0, 6);
  answer.writeUInt32LE(keys.consoleSessionId, 6);
  answer.writeUInt32LE(keys.sequence++, 10);
  answer.writeUInt16LE(32, 14);
  keys.aes.encrypt(message, answer, 16);
  answer.writeUInt32BE(0xffff_0207, 48);
  keys.integrity.write(answer, 4, 52, answer, 52, keys.codeLength);
  return answer;
}

function handshake(
  datagram: Buffer,
  terms: HandshakeTerms,
  handshakes: Map<number, Handshake>,
  sessions: Map<number, Keys>,
): Buffer | undefined {
  const payload = datagram.subarray(16);
  switch (datagram[5]) {
    case 0x10: {
      const request = parseOpenSession(payload);
      if (typeof request === 'string') return undefined;
      const id = handshakes.size + 1;
      const opened = Handshake.open(request, terms, id, 0);
      if (opened.handshake) handshakes.set(id, opened.handshake);
      return buildSessionlessPacket20(0x11, opened.reply);
    }
    case 0x12: {
      const rakp1 = parseRakp1(payload);
      if (typeof rakp1 === 'string') return undefined;
      const reply = handshakes.get(rakp1.sessionId)?.identify(rakp1).reply;
      return buildSessionlessPacket20(0x13, reply ?? buildRefusal(rakp1.tag, 2, 0));
    }
    case 0x14: {
      const rakp3 = parseRakp3(payload);
      if (typeof rakp3 === 'string') return undefined;
      const proved = handshakes.get(rakp3.sessionId)?.prove(rakp3);
      if (proved === undefined || proved === 'abandoned') return undefined;
      if (proved.admission) {
        const { keys, suite, consoleSessionId } = proved.admission;
        sessions.set(rakp3.sessionId, {
          integrity: keys.integrity,
          codeLength: suite.codeLength,
          aes: new AesCbc(keys.confidentiality, systemRandom),
          consoleSessionId,
          sequence: 1,
        });
      }
      return buildSessionlessPacket20(0x15, proved.reply);
    }
    default:
      return undefined;
  }
}

function termsFor(name: string, password: string): HandshakeTerms {
  const account = {
    id: 2,
    name,
    password: Buffer.from(password),
    privilege: 'administrator',
    enabled: true,
    ipmiMessaging: true,
    linkAuthentication: true,
    callbackOnly: false,
    sol: true,
    fixedName: true,
  } as const;
  return {
    accounts: {
      slots: [account],
      find: wanted => (wanted === name ? account : undefined),
      get: () => account,
      change: async () => {},
    },
    settings: {
      cipherSuites: [3, 17],
      ipmi15: false,
      kg: undefined,
      sessionTimeout: 60_000,
      maximumSessions: 64,
      channelPrivilege: 'administrator',
      address: '127.0.0.1',
      port: 0,
    },
    channelPrivilege: 'administrator',
    random: systemRandom,
    guid: Buffer.alloc(16, 1),
  };
}
