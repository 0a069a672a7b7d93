import type { Account } from '../accounts.ts';
import { type Random, randomBuffer } from './random.ts';

/** The opening of an IPMI 1.5 session: between Get Session Challenge and Activate Session. */
export class Challenge {
  /** The temporary session ID, which the session keeps. */
  readonly id: number;
  readonly startedAt: number;
  readonly account: Account;
  /** What the client has to send back. */
  readonly string: Buffer;

  constructor(id: number, startedAt: number, account: Account, random: Random) {
    this.id = id;
    this.startedAt = startedAt;
    this.account = account;
    this.string = randomBuffer(random, 16);
  }
}
