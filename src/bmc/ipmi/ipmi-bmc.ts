import type { Node } from '../../node/node.ts';
import type { Clock, Timer } from '../../support/clock.ts';
import type { Logger } from '../../support/log.ts';
import type { Accounts, Privilege } from '../accounts.ts';
import type { Bmc, IpmiSettings, SolPort } from './bmc.ts';
import type { CommandResponse } from './command.ts';
import { channelPrivilege } from './commands/lan-channel.ts';
import { longestMessage } from './crypto.ts';
import { type CommandTable, dispatch } from './dispatch.ts';
import type { DropCounter, DropReason } from './drops.ts';
import { guidBytes } from './guid.ts';
import type { LanHost } from './host.ts';
import { receiveIpmi15 } from './ipmi15.ts';
import type { BmcMemory } from './memory.ts';
import type { Random } from './random.ts';
import { receiveRmcpPlus } from './rmcp-plus.ts';
import type { LanSession, Remote, Send } from './session.ts';
import { SessionTable } from './session-table.ts';
import { buildPresencePong, parsePresencePing } from './wire/asf.ts';
import type { Request } from './wire/message.ts';
import { parseRmcpClass } from './wire/rmcp.ts';
import { isRmcpPlus } from './wire/session20.ts';

/** What all BMCs of a process share. */
export interface IpmiEnvironment {
  readonly commands: CommandTable;
  /** Makes a BMC's serial-over-LAN port, when it is first asked for. */
  readonly createSol: (bmc: Bmc) => SolPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly drops: DropCounter;
}

/** What one BMC is made of. */
export interface IpmiParts {
  readonly node: Node;
  readonly accounts: Accounts;
  readonly settings: IpmiSettings;
  readonly memory: BmcMemory;
}

/** Milliseconds between the answer to a reset and the reset: clients close their session before they go. */
const resetDelay = 200;

/** Milliseconds for which a BMC that was reset answers nothing. */
const restartTime = { cold: 2_000, warm: 500 } as const;

/** One BMC's IPMI face: takes datagrams, answers them. */
export class IpmiBmc implements Bmc, LanHost {
  readonly node: Node;
  readonly accounts: Accounts;
  readonly settings: IpmiSettings;
  readonly memory: BmcMemory;
  readonly clock: Clock;
  readonly random: Random;
  readonly table: SessionTable;
  readonly #environment: IpmiEnvironment;
  #sol: SolPort | undefined;
  readonly #resets = new Set<() => void>();
  #deafUntil = 0;
  #reset: Timer | undefined;

  constructor(parts: IpmiParts, environment: IpmiEnvironment) {
    this.node = parts.node;
    this.accounts = parts.accounts;
    this.settings = parts.settings;
    this.memory = parts.memory;
    this.clock = environment.clock;
    this.random = environment.random;
    this.#environment = environment;
    this.table = new SessionTable(
      parts.settings,
      parts.accounts,
      environment.clock,
      environment.random,
      session => this.#sol?.sessionClosed(session),
    );
  }

  get bmc(): Bmc {
    return this;
  }

  get sessions(): Iterable<LanSession> {
    return this.table.sessions;
  }

  get channelPrivilege(): Privilege {
    return channelPrivilege(this);
  }

  get guid(): Buffer {
    return guidBytes(this.node.spec.uuid);
  }

  /** Whether somebody has the serial port. */
  get isSolActive(): boolean {
    return this.#sol?.owner !== undefined;
  }

  get sol(): SolPort {
    this.#sol ??= this.#environment.createSol(this);
    return this.#sol;
  }

  /**
   * Takes a datagram, and answers it by `send`: at once, or when the command's effect is safe. Never throws.
   * @param datagram - not used by anybody else afterwards
   */
  receive(datagram: Buffer, remote: Remote, send: Send): void {
    try {
      const dropped = this.#take(datagram, remote, send);
      if (dropped !== undefined) this.#environment.drops.count(dropped);
    } catch (error) {
      this.#failed(error);
    }
  }

  run(
    request: Request,
    session: LanSession | undefined,
    rmcpPlus: boolean,
    answer: (response: CommandResponse) => void,
  ): void {
    const { commands, log } = this.#environment;
    const response = dispatch(commands, { bmc: this, session, rmcpPlus }, request, log);
    if (response instanceof Promise) response.then(answer).catch(error => this.#failed(error));
    else answer(response);
  }

  reset(kind: 'cold' | 'warm'): void {
    this.#reset?.cancel();
    this.#reset = this.clock.after(resetDelay, () => {
      this.table.clear();
      this.#deafUntil = this.clock.now() + restartTime[kind];
      if (kind === 'cold') for (const listener of this.#resets) listener();
    });
  }

  /** Calls back when all of the controller starts anew: a cold reset. */
  onColdReset(listener: () => void): void {
    this.#resets.add(listener);
  }

  #failed(error: unknown): void {
    const { drops, log } = this.#environment;
    drops.count('internal-error');
    log.error({ err: error, node: this.node.spec.name }, 'IPMI datagram could not be answered');
  }

  #take(datagram: Buffer, remote: Remote, send: Send): DropReason | undefined {
    if (remote.port === 0) return 'unanswerable';
    if (this.#deafUntil > this.clock.now()) return 'restarting';
    if (datagram.length > longestMessage) return 'too-long';
    const rmcp = parseRmcpClass(datagram);
    if (typeof rmcp === 'string') return rmcp;
    if (rmcp.class === 'asf') {
      const ping = parsePresencePing(datagram);
      if (typeof ping === 'string') return ping;
      send(buildPresencePong(ping.tag), remote);
      return undefined;
    }
    return isRmcpPlus(datagram)
      ? receiveRmcpPlus(this, datagram, remote, send)
      : receiveIpmi15(this, datagram, remote, send);
  }
}
