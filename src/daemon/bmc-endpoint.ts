import { AccountStore, type StoredAccounts } from '../bmc/account-store.ts';
import type { IpmiSettings } from '../bmc/ipmi/bmc.ts';
import { IpmiBmc, type IpmiEnvironment } from '../bmc/ipmi/ipmi-bmc.ts';
import type { IpmiServer } from '../bmc/ipmi/ipmi-server.ts';
import type { BmcMemoryContent } from '../bmc/ipmi/memory.ts';
import { BmcMemoryStore } from '../bmc/ipmi/memory-store.ts';
import type { BmcDefinition, UserDefinition } from '../lab/definition.ts';
import type { Node } from '../node/node.ts';
import type { Document } from '../support/document.ts';
import { messageOf } from '../support/errors.ts';
import type { NodeStatus } from './api.ts';

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
}

/** A node's BMC on the network: its accounts, its memory and its IPMI listener. */
export class BmcEndpoint {
  readonly #definition: BmcDefinition;
  readonly #port: number;
  readonly #close: () => Promise<void>;
  /** Why it cannot be reached. */
  readonly #problem: string | undefined;

  private constructor(
    { definition, port }: BmcParts,
    listening: { readonly close: () => Promise<void> } | { readonly problem: string },
  ) {
    this.#definition = definition;
    this.#port = port;
    this.#problem = 'problem' in listening ? listening.problem : undefined;
    this.#close = 'problem' in listening ? async () => undefined : listening.close;
  }

  /** Puts a BMC on the network. One that cannot listen is there nevertheless, and its status says why. */
  static async open(parts: BmcParts, { environment, server }: BmcService): Promise<BmcEndpoint> {
    const { node, definition } = parts;
    const users = definition.users.map(user => ({ ...user, password: parts.passwordOf(user) }));
    const accounts = await AccountStore.open(parts.accounts, users);
    const memory = await BmcMemoryStore.open(parts.memory);
    const settings = settingsOf(definition, parts.port);
    const bmc = new IpmiBmc({ node, accounts, settings, memory }, environment);
    try {
      return new BmcEndpoint(parts, await server.listen(settings, bmc));
    } catch (error) {
      return new BmcEndpoint(parts, { problem: messageOf(error) });
    }
  }

  /** Whether it needs no change to be what a lab file says. */
  isSetUpAs(definition: BmcDefinition): boolean {
    return this.#problem === undefined && JSON.stringify(definition) === JSON.stringify(this.#definition);
  }

  status(): NodeStatus['bmc'] {
    const { ipmi, users } = this.#definition;
    return {
      address: ipmi.address,
      port: this.#port,
      users: users.map(user => user.name),
      problem: this.#problem,
    };
  }

  close(): Promise<void> {
    return this.#close();
  }
}

function settingsOf({ ipmi }: BmcDefinition, port: number): IpmiSettings {
  const { kg, ...rest } = ipmi;
  return { ...rest, port, kg: kg === undefined ? undefined : Buffer.from(kg, 'hex') };
}
