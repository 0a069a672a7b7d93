import { pino } from 'pino';
import { AccountStore, type InitialUser } from '../../src/bmc/account-store.ts';
import type { Accounts } from '../../src/bmc/accounts.ts';
import type { CommandContext, IpmiCommand } from '../../src/bmc/ipmi/command.ts';
import { commands } from '../../src/bmc/ipmi/commands/index.ts';
import { CommandTable } from '../../src/bmc/ipmi/dispatch.ts';
import { DropCounter } from '../../src/bmc/ipmi/drops.ts';
import { IpmiBmc } from '../../src/bmc/ipmi/ipmi-bmc.ts';
import { type BmcMemory, type BmcMemoryContent, emptyMemory } from '../../src/bmc/ipmi/memory.ts';
import { SolEndpoint } from '../../src/bmc/ipmi/sol.ts';
import { SimulatedDriver } from '../../src/drivers/simulated/simulated-driver.ts';
import type { Node } from '../../src/node/node.ts';
import { NodeRunner } from '../../src/node/runner.ts';
import type { LabSpec, NodeSpec } from '../../src/node/spec.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { KeptValue } from '../../src/support/kept-value.ts';
import type { Dice } from './dice.ts';

/** Users of the BMC, by what they may do. */
export const users = {
  admin: { name: 'admin', password: 'secret', privilege: 'administrator' },
  bob: { name: 'bob', password: 'look only', privilege: 'user' },
} as const satisfies Record<string, InitialUser>;

/** Sessions that the BMC allows at once. */
export const maximumSessions = 16;

/** A whole BMC on a simulated machine, and everything that it is seen to do. */
export interface Target {
  readonly bmc: IpmiBmc;
  readonly clock: VirtualClock;
  readonly drops: DropCounter;
  /** Commands that were carried out, and in whose session. */
  readonly executed: { readonly command: IpmiCommand; readonly user: string | undefined }[];
  /** What was changed: the node's commands, and writes of accounts and memory. */
  readonly changes: string[];
  /** Errors that were logged: each is a mistake of ours. */
  readonly errors: string[];
  close(): Promise<void>;
}

const spec: NodeSpec = {
  name: 'node-0',
  uuid: '6f2a1c5e-8d3b-4f70-9a1e-0b5c7d2e4f61',
  cpus: 2,
  memory: 2 ** 31,
  disks: [{ name: 'root', size: 2 ** 34 }],
  nics: [{ mac: '52:54:00:00:00:01', network: 'provisioning' }],
  firmware: 'uefi',
};

const lab: LabSpec = {
  name: 'fuzz',
  networks: [{ name: 'provisioning', cidr: '192.0.2.0/24', dhcp: true }],
  nodes: [spec],
};

/** Makes a BMC whose every unpredictable byte follows from the dice. */
export async function createTarget(dice: Dice): Promise<Target> {
  const clock = new VirtualClock();
  const drops = new DropCounter();
  const executed: { command: IpmiCommand; user: string | undefined }[] = [];
  const changes: string[] = [];
  const errors: string[] = [];
  const log = pino({ level: 'error' }, { write: line => errors.push(line) });

  const driver = new SimulatedDriver({ stateDirectory: undefined, clock, latency: 0, faultRate: 0, seed: 1 });
  const stop = new AbortController();
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, stop.signal);
  const runner = await NodeRunner.start(
    { spec, machine: `${lab.name}/${spec.name}`, driver, clock, document: memoryDocument(), log },
    false,
  );
  await driver.watch((_, observation) => runner.observe(observation), stop.signal);

  const accounts = await AccountStore.open(memoryDocument(), [users.admin, users.bob]);
  const memory = await KeptValue.open(memoryDocument<BmcMemoryContent>(), emptyMemory);
  const recording = commands.map(command => ({
    ...command,
    handle: (context: CommandContext, data: Buffer) => {
      executed.push({ command, user: context.session?.account.name });
      return command.handle(context, data);
    },
  }));
  const bmc = new IpmiBmc(
    {
      node: recordNode(runner, changes),
      accounts: recordAccounts(accounts, changes),
      memory: recordMemory(memory, changes),
      settings: {
        cipherSuites: [3, 17],
        ipmi15: true,
        kg: undefined,
        sessionTimeout: 60_000,
        maximumSessions,
        channelPrivilege: 'administrator',
        address: '192.0.2.1',
        port: 623,
      },
    },
    {
      commands: new CommandTable(recording),
      createSol: owner => new SolEndpoint(owner),
      clock,
      random: dice,
      log,
      drops,
    },
  );
  const close = async () => {
    stop.abort();
    bmc.table.clear();
    await runner.close();
    await driver[Symbol.asyncDispose]();
  };
  return { bmc, clock, drops, executed, changes, errors, close };
}

function recordNode(node: NodeRunner, changes: string[]): Node {
  return {
    spec: node.spec,
    hardware: node.hardware,
    closed: node.closed,
    get capabilities() {
      return node.capabilities;
    },
    get serial() {
      return node.serial;
    },
    get state() {
      return node.state;
    },
    command: command => {
      changes.push(`node: ${command.type}`);
      return node.command(command);
    },
    onChange: listener => node.onChange(listener),
  };
}

function recordAccounts(accounts: AccountStore, changes: string[]): Accounts {
  return {
    get slots() {
      return accounts.slots;
    },
    find: name => accounts.find(name),
    get: id => accounts.get(id),
    change: (id, change) => {
      changes.push(`account ${id}`);
      return accounts.change(id, change);
    },
  };
}

function recordMemory(memory: BmcMemory, changes: string[]): BmcMemory {
  return {
    get value() {
      return memory.value;
    },
    change: change => {
      changes.push(`memory: ${Object.keys(change).join(' ')}`);
      return memory.change(change);
    },
  };
}
