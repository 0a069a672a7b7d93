import { setImmediate } from 'node:timers/promises';
import { AccountStore, type InitialUser } from '../../../src/bmc/account-store.ts';
import type { IpmiSettings, SolPort } from '../../../src/bmc/ipmi/bmc.ts';
import { type CommandContext, type IpmiCommand, NetFn } from '../../../src/bmc/ipmi/command.ts';
import { CompletionCode } from '../../../src/bmc/ipmi/completion.ts';
import { CommandTable } from '../../../src/bmc/ipmi/dispatch.ts';
import { DropCounter } from '../../../src/bmc/ipmi/drops.ts';
import { IpmiBmc } from '../../../src/bmc/ipmi/ipmi-bmc.ts';
import { type BmcMemoryContent, emptyMemory } from '../../../src/bmc/ipmi/memory.ts';
import { type Random, systemRandom } from '../../../src/bmc/ipmi/random.ts';
import type { Remote } from '../../../src/bmc/ipmi/session.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import { KeptValue } from '../../../src/support/kept-value.ts';
import { silentLog } from '../../../src/support/log.ts';
import type { Transport } from './client.ts';
import { StubNode } from './stub-node.ts';

/** Users of the BMCs in tests. */
export const users: readonly InitialUser[] = [
  { name: 'admin', password: 'secret', privilege: 'administrator' },
  { name: 'bob', password: 'exactly 20 bytes it!', privilege: 'user' },
  { name: 'olga', password: 'operator', privilege: 'operator' },
];

/** Logins that go with them. */
export const admin = { suite: 17, user: 'admin', password: 'secret' } as const;
export const bob = { suite: 3, user: 'bob', password: 'exactly 20 bytes it!', privilege: 2 } as const;

/** A BMC whose network, clock and commands belong to the test. */
export interface Fixture {
  readonly bmc: IpmiBmc;
  readonly clock: VirtualClock;
  readonly drops: DropCounter;
  /** Names of the commands that were carried out, in order. */
  readonly executed: string[];
  /** Serial-over-LAN payloads that came, and sessions that the port was told have ended. */
  readonly sol: { readonly received: Buffer[]; readonly closed: number[] };
  /** A client's way to the BMC. Its answers are those sent to `remote`. */
  transport(remote?: Remote): Transport & { readonly received: Buffer[] };
  /** Sends one datagram; what comes back before anything waits. */
  send(datagram: Buffer, remote?: Remote): Buffer[];
}

const someClient: Remote = { address: '192.0.2.7', port: 40_000 };

/** A BMC of three users and a handful of commands. */
export async function createFixture(
  change: Partial<IpmiSettings> = {},
  more: readonly IpmiCommand[] = [],
  random: Random = systemRandom,
): Promise<Fixture> {
  const clock = new VirtualClock();
  const drops = new DropCounter();
  const executed: string[] = [];
  const sol = { received: [] as Buffer[], closed: [] as number[] };
  const settings: IpmiSettings = {
    cipherSuites: [3, 17],
    ipmi15: false,
    kg: undefined,
    sessionTimeout: 60_000,
    maximumSessions: 16,
    channelPrivilege: 'administrator',
    address: '192.0.2.1',
    port: 623,
    ...change,
  };
  const commands = [...stubCommands, ...more].map(command => ({
    ...command,
    handle: (context: CommandContext, data: Buffer) => {
      executed.push(command.name);
      return command.handle(context, data);
    },
  }));
  const bmc = new IpmiBmc(
    {
      node: new StubNode(),
      accounts: await AccountStore.open(memoryDocument(), users),
      settings,
      memory: await KeptValue.open(memoryDocument<BmcMemoryContent>(), emptyMemory),
    },
    {
      commands: new CommandTable(commands),
      createSol: () => solPort(sol),
      clock,
      random,
      log: silentLog,
      drops,
    },
  );
  const send = (datagram: Buffer, remote = someClient): Buffer[] => {
    const answers: Buffer[] = [];
    bmc.receive(Buffer.from(datagram), remote, answer => answers.push(answer));
    return answers;
  };
  const transport = (remote = someClient) => {
    const received: Buffer[] = [];
    return {
      received,
      exchange: async (datagram: Buffer) => {
        const before = received.length;
        bmc.receive(Buffer.from(datagram), remote, answer => received.push(answer));
        // A handler that waits for no more than promises answers within these turns.
        for (let turn = 0; turn < 5 && received.length === before; turn++) await setImmediate();
        return received[before];
      },
    };
  };
  return { bmc, clock, drops, executed, sol, send, transport };
}

function solPort(log: { received: Buffer[]; closed: number[] }): SolPort {
  return {
    owner: undefined,
    activate: () => ({ ok: true }),
    receive: (_, payload) => log.received.push(payload),
    deactivate: () => {},
    sessionClosed: session => log.closed.push(session.id),
  };
}

const ok = (...data: number[]) => ({ code: CompletionCode.ok, data: Uint8Array.from(data) });

/** Commands enough to see the session layer at work; the real ones have tests of their own. */
const stubCommands: readonly IpmiCommand[] = [
  {
    name: 'Get Channel Authentication Capabilities',
    netFn: NetFn.app,
    command: 0x38,
    privilege: 'none',
    length: [2, 2],
    // The last byte, an OEM's, tells in which format the request came.
    handle: ({ rmcpPlus }) => ok(0x01, 0x80, 0x04, 0x02, 0, 0, 0, rmcpPlus ? 1 : 0),
  },
  {
    name: 'Set Session Privilege Level',
    netFn: NetFn.app,
    command: 0x3b,
    privilege: 'user',
    length: [1, 1],
    handle: ({ session }, data) => {
      if (session) session.privilege = session.maximumPrivilege;
      return ok(data.readUInt8(0));
    },
  },
  {
    name: 'Close Session',
    netFn: NetFn.app,
    command: 0x3c,
    privilege: 'callback',
    length: [4, 4],
    handle: ({ session }) => {
      session?.close();
      return ok();
    },
  },
  {
    name: 'Get Chassis Status',
    netFn: NetFn.chassis,
    command: 0x01,
    privilege: 'user',
    length: [0, 0],
    handle: () => ok(0x01, 0x00, 0x40, 0x00),
  },
  {
    name: 'Chassis Control',
    netFn: NetFn.chassis,
    command: 0x02,
    privilege: 'operator',
    length: [1, 1],
    handle: () => ok(),
  },
];
