/** The users of one BMC: one store for all of its faces. */

/**
 * What a user may do, least first. `none` is a user without access on that channel.
 * @see IPMI 2.0 §6.8; Redfish roles ReadOnly (user), Operator, Administrator
 */
export type Privilege = 'none' | 'callback' | 'user' | 'operator' | 'administrator';

/** A user slot. */
export interface Account {
  /** 1 to {@link accountSlots}; 1 is IPMI's anonymous slot, which has no name and stays disabled unless a client sets it up. */
  readonly id: number;
  /** At most 16 bytes of UTF-8; empty for a free slot. */
  readonly name: string;
  /** At most 20 bytes. Never logged. */
  readonly password: Buffer;
  readonly privilege: Privilege;
  readonly enabled: boolean;
  /** IPMI messaging and link authentication on the LAN channel. */
  readonly ipmiMessaging: boolean;
  readonly linkAuthentication: boolean;
  readonly callbackOnly: boolean;
  /** Whether the user may open Serial over LAN, which Set User Payload Access can take away. */
  readonly sol: boolean;
  /** Built from the lab file and so not to be renamed or deleted by a client. */
  readonly fixedName: boolean;
}

/** How many user slots a BMC has. */
export const accountSlots = 15;

/** An account's changeable part. */
export type AccountChange = Partial<Omit<Account, 'id' | 'fixedName'>>;

/** What makes a slot free: nobody's. */
export const freeAccount: Required<AccountChange> = {
  name: '',
  password: Buffer.alloc(0),
  privilege: 'none',
  enabled: false,
  ipmiMessaging: false,
  linkAuthentication: false,
  callbackOnly: false,
  sol: false,
};

/** The users of a BMC. */
export interface Accounts {
  /** Every slot, free ones included, by id from 1. */
  readonly slots: readonly Account[];
  /** The enabled account of that name, or `undefined`; compares without leaking where names differ. */
  find(name: string): Account | undefined;
  get(id: number): Account | undefined;
  /** Changes a slot; resolves when the change is on disk. */
  change(id: number, change: AccountChange): Promise<void>;
}
