import type { Account, Privilege } from '../accounts.ts';
import type { Session } from './command.ts';
import { LastExchange } from './last-exchange.ts';
import { leastPrivilege } from './privilege.ts';

/** Where a datagram came from. */
export interface Remote {
  readonly address: string;
  readonly port: number;
}

/** Sends a datagram from the address at which the BMC is reached. Never waits, never fails. */
export type Send = (datagram: Buffer, remote: Remote) => void;

/** What every session starts from. */
export interface SessionOpening {
  readonly id: number;
  readonly handle: number;
  readonly account: Account;
  readonly maximumPrivilege: Privilege;
  readonly remote: Remote;
  readonly send: Send;
  readonly now: number;
  readonly onClose: (session: LanSession) => void;
}

/** What the sessions of both formats have in common. */
export abstract class LanSession implements Session {
  readonly id: number;
  readonly handle: number;
  readonly account: Account;
  readonly maximumPrivilege: Privilege;
  privilege: Privilege;
  /** The latest request and its response. */
  readonly exchange = new LastExchange();
  abstract readonly protocol: Session['protocol'];
  abstract readonly authenticated: boolean;
  abstract readonly encrypted: boolean;
  readonly #onClose: (session: LanSession) => void;
  #remote: Remote;
  #send: Send;
  #heardAt: number;

  constructor(opening: SessionOpening) {
    this.id = opening.id;
    this.handle = opening.handle;
    this.account = opening.account;
    this.maximumPrivilege = opening.maximumPrivilege;
    // §6.8: a session starts as a user, and asks for more when it needs more.
    this.privilege = leastPrivilege('user', opening.maximumPrivilege);
    this.#onClose = opening.onClose;
    this.#remote = opening.remote;
    this.#send = opening.send;
    this.#heardAt = opening.now;
  }

  /** Where the latest authentic packet came from: a client may move. */
  get remote(): Remote {
    return this.#remote;
  }

  /** When the latest authentic packet came: milliseconds since the epoch. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Takes note of an authentic packet. */
  hear(remote: Remote, send: Send, now: number): void {
    this.#remote = remote;
    this.#send = send;
    this.#heardAt = now;
  }

  send(payloadType: number, payload: Uint8Array): void {
    this.#send(this.seal(payloadType, payload), this.#remote);
  }

  close(): void {
    this.#onClose(this);
  }

  /** A datagram of this session, protected as agreed. */
  abstract seal(payloadType: number, payload: Uint8Array): Buffer;
}
