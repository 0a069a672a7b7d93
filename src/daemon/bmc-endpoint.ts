import { AccountStore, type StoredAccounts } from '../bmc/account-store.ts';
import type { Accounts } from '../bmc/accounts.ts';
import type { IpmiSettings } from '../bmc/ipmi/bmc.ts';
import { IpmiBmc, type IpmiEnvironment } from '../bmc/ipmi/ipmi-bmc.ts';
import type { IpmiServer, Receiver } from '../bmc/ipmi/ipmi-server.ts';
import { type BmcMemoryContent, emptyMemory } from '../bmc/ipmi/memory.ts';
import type { BmcDefinition, UserDefinition } from '../lab/definition.ts';
import type { Node } from '../node/node.ts';
import type { Document } from '../support/document.ts';
import { messageOf } from '../support/errors.ts';
import { type Kept, KeptValue } from '../support/kept-value.ts';

/** What all BMCs of the daemon share. */
export interface BmcService {
  readonly environment: IpmiEnvironment;
  readonly server: IpmiServer;
}

/** What one BMC is made of. */
export interface BmcParts {
  readonly node: Node;
  readonly definition: BmcDefinition;
  readonly passwordOf: (user: UserDefinition) => string;
  /** UDP port at which it listens. */
  readonly port: number;
  readonly accounts: Document<StoredAccounts>;
  readonly memory: Document<BmcMemoryContent>;
  /** What stands between clients and the BMC. */
  readonly rim: BmcRim;
}

/** What stands between clients and a BMC: faults that are made on purpose. */
export interface BmcRim {
  accounts(accounts: Accounts): Accounts;
  memory(memory: KeptMemory): KeptMemory;
  receiver(receiver: Receiver): Receiver;
}

/** A BMC's memory. */
export type KeptMemory = Kept<BmcMemoryContent> & {
  /** Grows with every change. */
  readonly revision: number;
};

/** A node's BMC on the network: its accounts, its memory and its IPMI listener. */
export class BmcEndpoint {
  readonly definition: BmcDefinition;
  readonly accounts: AccountStore;
  readonly memory: KeptMemory;
  readonly ipmi: IpmiBmc;
  /** Why it cannot be reached. */
  #problem: string | undefined;
  #close: () => Promise<void> = async () => undefined;

  private constructor(
    { node, definition, port, rim }: BmcParts,
    accounts: AccountStore,
    memory: KeptMemory,
    environment: IpmiEnvironment,
  ) {
    this.definition = definition;
    this.accounts = accounts;
    this.memory = rim.memory(memory);
    const settings = settingsOf(definition, port);
    this.ipmi = new IpmiBmc(
      { node, accounts: rim.accounts(accounts), settings, memory: this.memory },
      environment,
    );
  }

  /** Puts a BMC on the network. One that cannot listen is there nevertheless, and its status says why. */
  static async open(parts: BmcParts, { environment, server }: BmcService): Promise<BmcEndpoint> {
    const users = parts.definition.users.map(user => ({ ...user, password: parts.passwordOf(user) }));
    const accounts = await AccountStore.open(parts.accounts, users);
    const memory = await KeptValue.open(parts.memory, emptyMemory);
    const endpoint = new BmcEndpoint(parts, accounts, memory, environment);
    try {
      const listening = await server.listen(endpoint.ipmi.settings, parts.rim.receiver(endpoint.ipmi));
      endpoint.#close = listening.close;
    } catch (error) {
      endpoint.#problem = messageOf(error);
    }
    return endpoint;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  close(): Promise<void> {
    return this.#close();
  }
}

function settingsOf({ ipmi }: BmcDefinition, port: number): IpmiSettings {
  const { kg, ...rest } = ipmi;
  return { ...rest, port, kg: kg === undefined ? undefined : Buffer.from(kg, 'hex') };
}
