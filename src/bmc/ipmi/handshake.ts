import type { Account, Accounts, Privilege } from '../accounts.ts';
import type { IpmiSettings } from './bmc.ts';
import { type AlgorithmProposal, type CipherSuite, chooseCipherSuite } from './cipher-suites.ts';
import { deriveSessionKeys, Hmac, type SessionKeys, sameCode } from './crypto.ts';
import { hasPrivilege, leastPrivilege, privilegeNumber, privilegeOf } from './privilege.ts';
import { type Random, randomBuffer } from './random.ts';
import {
  buildOpenSessionRefusal,
  buildOpenSessionResponse,
  buildRefusal,
  type OpenSessionRequest,
} from './wire/open-session.ts';
import { buildRakp2, buildRakp4, type Rakp1, type Rakp3 } from './wire/rakp.ts';
import { Status } from './wire/status.ts';

/** What a handshake needs of its BMC. */
export interface HandshakeTerms {
  readonly accounts: Accounts;
  readonly settings: IpmiSettings;
  readonly random: Random;
  /** The most that a session on the channel may have now. */
  readonly channelPrivilege: Privilege;
  /** The BMC's GUID, as it goes into RAKP 2. */
  readonly guid: Buffer;
}

/** A client that has proved who it is, and what its session will be made of. */
export interface Admission {
  readonly account: Account;
  readonly maximumPrivilege: Privilege;
  readonly consoleSessionId: number;
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
}

/** Who the client says it is, from RAKP 1. */
interface Identity {
  readonly account: Account;
  readonly maximumPrivilege: Privilege;
  readonly consoleRandom: Buffer;
  /** Role, length of the name, and name, as sent: part of every code. */
  readonly roleAndName: Buffer;
}

/**
 * The opening of one RMCP+ session: Open Session, then {@link Handshake.identify RAKP 1 and 2}, then
 * {@link Handshake.prove RAKP 3 and 4}. Each step depends on nothing but the handshake and the message, so that a
 * message that a client sends again, because the answer was lost, has the same answer again.
 * @see IPMI 2.0 §13.15 to §13.24, §13.31
 */
export class Handshake {
  readonly id: number;
  readonly startedAt: number;
  readonly #terms: HandshakeTerms;
  readonly #consoleSessionId: number;
  readonly #suite: CipherSuite;
  readonly #openPrivilege: Privilege;
  readonly #bmcRandom: Buffer;
  #identity: Identity | undefined;

  private constructor(
    id: number,
    startedAt: number,
    terms: HandshakeTerms,
    consoleSessionId: number,
    suite: CipherSuite,
    openPrivilege: Privilege,
  ) {
    this.id = id;
    this.startedAt = startedAt;
    this.#terms = terms;
    this.#consoleSessionId = consoleSessionId;
    this.#suite = suite;
    this.#openPrivilege = openPrivilege;
    this.#bmcRandom = randomBuffer(terms.random, 16);
  }

  /** Open Session: algorithms and the most that the session may do. */
  static open(
    request: OpenSessionRequest,
    terms: HandshakeTerms,
    id: number,
    now: number,
  ): { readonly reply: Buffer; readonly handshake?: Handshake } {
    const refuse = (status: Status) => ({ reply: buildOpenSessionRefusal(request, status) });
    const { settings, channelPrivilege } = terms;

    if (request.consoleSessionId === 0) return refuse(Status.invalidSessionId);
    if (typeof request.proposal === 'number') return refuse(request.proposal);
    const { authentication = 1, integrity = 1, confidentiality = 1 } = request.proposal;
    if (!known.authentication.includes(authentication)) return refuse(Status.invalidAuthenticationAlgorithm);
    if (!known.integrity.includes(integrity)) return refuse(Status.invalidIntegrityAlgorithm);
    if (!known.confidentiality.includes(confidentiality))
      return refuse(Status.invalidConfidentialityAlgorithm);
    // Algorithms that exist but are not allowed together: the status on which clients fall back to another suite.
    const suite = chooseCipherSuite(settings.cipherSuites, request.proposal);
    if (!suite) return refuse(Status.noCipherSuiteMatch);

    const privilege = request.privilege === 0 ? channelPrivilege : privilegeOf(request.privilege);
    if (!privilege) return refuse(Status.invalidRole);
    if (!hasPrivilege(channelPrivilege, privilege)) return refuse(Status.unauthorizedRole);

    return {
      handshake: new Handshake(id, now, terms, request.consoleSessionId, suite, privilege),
      reply: buildOpenSessionResponse(request, {
        privilege: privilegeNumber(privilege),
        sessionId: id,
        suite,
      }),
    };
  }

  /** RAKP 1, answered by RAKP 2: the client names a user; the BMC shows that it knows that user's password. */
  identify(rakp1: Rakp1): { readonly reply: Buffer; readonly over: boolean } {
    const refuse = (status: Status) => ({
      reply: buildRefusal(rakp1.tag, status, this.#consoleSessionId),
      over: true,
    });
    const { accounts, channelPrivilege, guid } = this.#terms;

    if (!rakp1.name) return refuse(Status.invalidNameLength);
    const role = rakp1.role & 0x0f;
    const wanted = role === 0 ? this.#openPrivilege : privilegeOf(role);
    if (!wanted) return refuse(Status.invalidRole);

    const account = accounts.find(rakp1.name.toString('utf8'));
    if (!account || !mayLogIn(account)) return refuse(Status.unauthorizedName);
    // Whether the name alone or name and privilege pick the user (bit 4) comes to the same: names are unique.
    const allowed = leastPrivilege(account.privilege, channelPrivilege);
    if (role !== 0 && !hasPrivilege(allowed, wanted)) return refuse(Status.unauthorizedRole);

    const identity: Identity = {
      account,
      maximumPrivilege: leastPrivilege(allowed, wanted, this.#openPrivilege),
      consoleRandom: Buffer.from(rakp1.consoleRandom),
      roleAndName: Buffer.from([rakp1.role, rakp1.name.length, ...rakp1.name]),
    };
    this.#identity = identity;
    const code = new Hmac(this.#suite.hash, account.password).digest(
      littleEndian(this.#consoleSessionId),
      littleEndian(this.id),
      identity.consoleRandom,
      this.#bmcRandom,
      guid,
      identity.roleAndName,
    );
    return {
      reply: buildRakp2(rakp1.tag, this.#consoleSessionId, this.#bmcRandom, guid, code),
      over: false,
    };
  }

  /** RAKP 3, answered by RAKP 4: the client shows that it knows the password; both sides have the session's keys. */
  prove(rakp3: Rakp3): 'abandoned' | { readonly reply: Buffer; readonly admission?: Admission } {
    if (rakp3.status !== Status.ok) return 'abandoned';
    const identity = this.#identity;
    if (!identity) return { reply: this.refuse(rakp3, Status.inactiveSessionId) };
    const { hash, codeLength } = this.#suite;
    const { settings, guid } = this.#terms;
    const { account, consoleRandom, roleAndName } = identity;

    const userKey = new Hmac(hash, account.password);
    const proof = userKey.digest(this.#bmcRandom, littleEndian(this.#consoleSessionId), roleAndName);
    if (!sameCode(proof, rakp3.code)) {
      return { reply: this.refuse(rakp3, Status.invalidIntegrityCheckValue) };
    }

    const bmcKey = settings.kg === undefined ? userKey : new Hmac(hash, settings.kg);
    const sessionIntegrityKey = new Hmac(hash, bmcKey.digest(consoleRandom, this.#bmcRandom, roleAndName));
    const integrityCheckValue = sessionIntegrityKey
      .digest(consoleRandom, littleEndian(this.id), guid)
      .subarray(0, codeLength);
    return {
      reply: buildRakp4(rakp3.tag, this.#consoleSessionId, integrityCheckValue),
      admission: {
        account,
        maximumPrivilege: identity.maximumPrivilege,
        consoleSessionId: this.#consoleSessionId,
        suite: this.#suite,
        keys: deriveSessionKeys(hash, sessionIntegrityKey),
      },
    };
  }

  /** RAKP 4 of a handshake that fails. */
  refuse(rakp3: Rakp3, status: Status): Buffer {
    return buildRefusal(rakp3.tag, status, this.#consoleSessionId);
  }
}

/** Algorithms that are understood, "none" included, whether or not a suite with them is allowed. */
const known: { readonly [algorithm in keyof AlgorithmProposal]: readonly number[] } = {
  authentication: [0, 1, 3],
  integrity: [0, 1, 4],
  confidentiality: [0, 1],
};

/** Whether an account is one for the LAN. One without a password is not: enabling it would open the BMC to everybody. */
export function mayLogIn(account: Account): boolean {
  return (
    account.ipmiMessaging &&
    !account.callbackOnly &&
    account.privilege !== 'none' &&
    account.password.some(byte => byte !== 0)
  );
}

function littleEndian(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(number);
  return bytes;
}
