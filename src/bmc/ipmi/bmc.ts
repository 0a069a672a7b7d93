import type { Node } from '../../node/node.ts';
import type { Clock } from '../../support/clock.ts';
import type { Accounts, Privilege } from '../accounts.ts';
import type { Session } from './command.ts';
import type { CompletionCode } from './completion.ts';
import type { BmcMemory } from './memory.ts';

/** How a BMC's IPMI face is set up, from the lab file. */
export interface IpmiSettings {
  /** Cipher suites that may be negotiated; 0 is never among them. @see IPMI 2.0 table 22-20 */
  readonly cipherSuites: readonly number[];
  /** Whether IPMI 1.5 sessions (MD5) are allowed. */
  readonly ipmi15: boolean;
  /** Two-key login: the BMC key, at most 20 bytes; `undefined` for one-key login. */
  readonly kg: Buffer | undefined;
  /** Milliseconds without a packet after which a session has ended. @see IPMI 2.0 §6.12.15: 60 s ± 3 s */
  readonly sessionTimeout: number;
  readonly maximumSessions: number;
  /** The most that a session on the LAN channel may have. */
  readonly channelPrivilege: Privilege;
  /** Where the BMC listens: what LAN configuration tells. */
  readonly address: string;
  readonly port: number;
}

/** What a client asks for when it activates the SOL payload. @see IPMI 2.0 table 24-2 */
export interface SolOptions {
  readonly encrypt: boolean;
  readonly authenticate: boolean;
  /** Test mode: the serial port is left alone. */
  readonly test: boolean;
}

/** Answer to an activation: a refusal is Activate Payload's completion code. */
export type SolActivation = { readonly ok: true } | { readonly ok: false; readonly code: CompletionCode };

/** Serial over LAN of one BMC: one instance, owned by one session at a time. @see IPMI 2.0 §15 */
export interface SolPort {
  readonly owner: Session | undefined;
  activate(session: Session, options: SolOptions): SolActivation;
  /** A SOL payload that a session has sent; dropped if it is not the owner's. Never throws. */
  receive(session: Session, payload: Buffer): void;
  deactivate(): void;
  /** A session has ended: gives the port back if it was its. */
  sessionClosed(session: Session): void;
}

/** One BMC: what commands work on. */
export interface Bmc {
  readonly node: Node;
  readonly accounts: Accounts;
  readonly settings: IpmiSettings;
  readonly clock: Clock;
  /** What the BMC remembers besides its node's state. */
  readonly memory: BmcMemory;
  /** Sessions that are open now. */
  readonly sessions: Iterable<Session>;
  /** Made when first used. */
  readonly sol: SolPort;
  /** Soon ends all sessions, then answers nothing for a moment, as a controller that restarts. Its node is not touched. */
  reset(kind: 'cold' | 'warm'): void;
}
