import type { Account, AccountChange, Accounts } from '../../../src/bmc/accounts.ts';
import type { Bmc, IpmiSettings } from '../../../src/bmc/ipmi/bmc.ts';
import type { CommandContext, CommandResponse, Session } from '../../../src/bmc/ipmi/command.ts';
import { commands } from '../../../src/bmc/ipmi/commands/index.ts';
import { type BmcMemory, type BmcMemoryContent, emptyMemory } from '../../../src/bmc/ipmi/memory.ts';
import { SolEndpoint } from '../../../src/bmc/ipmi/sol.ts';
import type { Command, Reply } from '../../../src/node/command.ts';
import type { Capabilities } from '../../../src/node/driver.ts';
import { plainFirmware } from '../../../src/node/driver.ts';
import type { Node } from '../../../src/node/node.ts';
import type { SerialPort } from '../../../src/node/serial.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';
import { type DurableState, initialState, type NodeState } from '../../../src/node/state.ts';
import { VirtualClock } from '../../../src/support/clock.ts';

/** A serial port that a test speaks through. */
export class StubSerial implements SerialPort {
  past: Buffer = Buffer.alloc(0);
  readonly written: Buffer[] = [];
  breaks = 0;
  listeners = new Set<(bytes: Buffer) => void>();

  async history(): Promise<Buffer> {
    return this.past;
  }

  listen(listener: (bytes: Buffer) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  write(bytes: Uint8Array): void {
    this.written.push(Buffer.from(bytes));
  }

  sendBreak(): void {
    this.breaks += 1;
  }

  /** The machine says something. */
  say(text: string): void {
    for (const listener of this.listeners) listener(Buffer.from(text));
  }
}

/** A node whose state a test sets, and which records what it is told. */
export class StubNode implements Node {
  readonly hardware = { cpus: 2, memory: 2 ** 31 };
  readonly spec: NodeSpec = {
    name: 'node-0',
    uuid: '4c4c4544-0051-4d10-8052-b4c04f4e3132',
    cpus: 2,
    memory: 2 ** 31,
    disks: [],
    nics: [],
    firmware: 'bios',
  };
  capabilities: Capabilities = {
    actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot'],
    bootTargets: ['default', 'pxe', 'disk', 'cdrom'],
    ...plainFirmware,
    timeouts: { on: 1000, off: 1000, softOff: 1000, reset: 1000 },
  };
  readonly serial = new StubSerial();
  readonly closed = new AbortController().signal;
  state: NodeState = { ...initialState(), power: 'on', seen: true };
  readonly commands: Command[] = [];
  reply: Reply = { accepted: true };

  async command(command: Command): Promise<Reply> {
    this.commands.push(command);
    return this.reply;
  }

  onChange(): () => void {
    return () => {};
  }

  /** Changes part of the state. */
  set(change: Partial<NodeState>, durable: Partial<DurableState> = {}): void {
    this.state = { ...this.state, ...change, durable: { ...this.state.durable, ...durable } };
  }
}

/** Users in memory: slot 1 is anonymous, 2 is `admin`, 3 is `watcher`. */
export class StubAccounts implements Accounts {
  slots: Account[] = Array.from({ length: 15 }, (_, index) => ({
    id: index + 1,
    name: '',
    password: Buffer.alloc(0),
    privilege: 'none',
    enabled: false,
    ipmiMessaging: false,
    linkAuthentication: false,
    callbackOnly: false,
    sol: false,
    fixedName: false,
  }));

  constructor() {
    const usable = { enabled: true, ipmiMessaging: true, linkAuthentication: true, sol: true } as const;
    this.#put(2, {
      ...usable,
      name: 'admin',
      password: Buffer.from('secret'),
      privilege: 'administrator',
      fixedName: true,
    });
    this.#put(3, { ...usable, name: 'watcher', password: Buffer.from('look'), privilege: 'user' });
  }

  find(name: string): Account | undefined {
    return this.slots.find(account => account.enabled && account.name === name);
  }

  get(id: number): Account | undefined {
    return this.slots[id - 1];
  }

  async change(id: number, change: AccountChange): Promise<void> {
    this.#put(id, change);
  }

  #put(id: number, change: Partial<Account>): void {
    this.slots = this.slots.map(account => (account.id === id ? { ...account, ...change } : account));
  }
}

class StubMemory implements BmcMemory {
  value: BmcMemoryContent = emptyMemory;

  async change(change: Partial<BmcMemoryContent>): Promise<void> {
    this.value = { ...this.value, ...change };
  }
}

/** A session that keeps what is sent over it. */
export class StubSession implements Session {
  readonly handle: number;
  readonly id: number;
  readonly account: Account;
  maximumPrivilege: Session['maximumPrivilege'] = 'administrator';
  privilege: Session['privilege'] = 'administrator';
  readonly remote = { address: '192.0.2.7', port: 50_000 };
  protocol: Session['protocol'] = 'rmcp+';
  authenticated = true;
  encrypted = true;
  readonly sent: { type: number; payload: Buffer }[] = [];
  closed = false;

  constructor(handle: number, account: Account) {
    this.handle = handle;
    this.id = 0x1000 + handle;
    this.account = account;
  }

  send(type: number, payload: Uint8Array): void {
    this.sent.push({ type, payload: Buffer.from(payload) });
  }

  close(): void {
    this.closed = true;
  }
}

/** A BMC with nothing real about it. */
export class StubBmc implements Bmc {
  readonly node = new StubNode();
  readonly accounts = new StubAccounts();
  readonly clock = new VirtualClock();
  readonly memory = new StubMemory();
  settings: IpmiSettings = {
    cipherSuites: [3, 17],
    ipmi15: true,
    kg: undefined,
    sessionTimeout: 60_000,
    maximumSessions: 16,
    channelPrivilege: 'administrator',
    address: '127.0.0.1',
    port: 6230,
  };
  sessions: StubSession[] = [];
  readonly sol = new SolEndpoint(this);
  readonly resets: string[] = [];

  reset(kind: 'cold' | 'warm'): void {
    this.resets.push(kind);
  }

  /** Opens a session of a user, by slot. */
  open(slot = 2): StubSession {
    const account = this.accounts.slots[slot - 1];
    if (!account) throw new Error(`no user ${slot}`);
    const session = new StubSession(this.sessions.length + 1, account);
    this.sessions.push(session);
    return session;
  }

  /**
   * Sends a command as bytes in hexadecimal, network function and command first, as `ipmitool raw` has them.
   * @returns completion code and data in hexadecimal, without the group byte
   */
  async ask(hex: string, context: Partial<CommandContext> = {}): Promise<string> {
    const response = await this.perform(Buffer.from(hex.replaceAll(' ', ''), 'hex'), context);
    return Buffer.from([response.code, ...(response.data ?? [])]).toString('hex');
  }

  async perform(request: Buffer, context: Partial<CommandContext> = {}): Promise<CommandResponse> {
    const [netFn, number, ...rest] = request;
    const group = netFn === 0x2c ? rest.shift() : undefined;
    const command = commands.find(
      candidate => candidate.netFn === netFn && candidate.command === number && candidate.group === group,
    );
    if (!command) return { code: 0xc1 };
    const [least, most] = command.length;
    if (rest.length < least || rest.length > most) return { code: 0xc7 };
    const whole: CommandContext = { bmc: this, session: undefined, rmcpPlus: true, ...context };
    return command.handle(whole, Buffer.from(rest));
  }
}
