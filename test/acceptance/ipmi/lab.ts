import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabStatus, NodeStatus } from '../../../src/daemon/api.ts';
import type { BmcDefinition, DriverChoice, LabDefinition } from '../../../src/lab/definition.ts';
import { simulatedLab, startDaemon, type TestDaemon } from '../../daemon/harness.ts';

/** The users that every BMC of these labs has. */
export const users = {
  admin: { name: 'admin', password: 'secret-1', privilege: 'administrator' },
  oper: { name: 'oper', password: 'secret-2', privilege: 'operator' },
  guest: { name: 'guest', password: 'secret-3', privilege: 'user' },
} as const;

/** Where a BMC listens. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What a test says of a BMC. */
export type IpmiChange = Partial<BmcDefinition['ipmi']>;

/** A lab that is up, on a daemon in this process. */
export interface ClientLab extends AsyncDisposable {
  readonly daemon: TestDaemon;
  /** A scratch folder for the clients. */
  readonly folder: string;
  endpoint(node: string): Endpoint;
  status(node: string): Promise<NodeStatus>;
  /** Ends the daemon and starts another one on what it has kept. */
  restart(): Promise<void>;
}

/** No machines behind the nodes. */
export const simulated: DriverChoice = { name: 'simulated', latency: 0, faultRate: 0, seed: 1 };

/** Brings a lab of such nodes up. */
export async function startLab(
  bmcs: Readonly<Record<string, IpmiChange>>,
  driver: DriverChoice = simulated,
): Promise<ClientLab> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-clients-'));
  let daemon = await startDaemon();
  const definition = defineLab(bmcs, driver);
  const name = definition.spec.name;
  const last = (await daemon.run('POST', '/v1/labs/apply', definition)).at(-1);
  const dispose = async () => {
    await daemon.run('DELETE', `/v1/labs/${name}`);
    await daemon.stop();
    await rm(join(daemon.paths.stateDirectory, '..'), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
  if (last?.type !== 'done') {
    await dispose();
    throw new Error(`the lab did not come up: ${JSON.stringify(last)}`);
  }
  const { nodes } = (await daemon.call<LabStatus>('GET', `/v1/labs/${name}`)).body;
  return {
    get daemon() {
      return daemon;
    },
    folder,
    endpoint: wanted => {
      const bmc = nodes.find(node => node.name === wanted)?.bmc;
      if (!bmc) throw new Error(`the lab has no node ${wanted}`);
      return bmc;
    },
    status: async node => (await daemon.call<NodeStatus>('GET', `/v1/labs/${name}/nodes/${node}`)).body,
    restart: async () => {
      await daemon.stop();
      daemon = await startDaemon(daemon.paths);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function defineLab(bmcs: Readonly<Record<string, IpmiChange>>, driver: DriverChoice): LabDefinition {
  const names = Object.keys(bmcs);
  const lab = simulatedLab(names.length);
  const nodes = lab.spec.nodes.map((node, index) => ({
    ...node,
    name: names[index] ?? node.name,
    memory: 64 << 20,
    disks: [{ name: 'root', size: 8 << 20 }],
  }));
  const { ipmi } = Object.values(lab.bmcs)[0] ?? {};
  if (!ipmi) throw new Error('a lab has at least one node');
  return {
    ...lab,
    driver,
    spec: { ...lab.spec, name: 'clients', nodes },
    bmcs: Object.fromEntries(
      names.map(name => [name, { users: Object.values(users), ipmi: { ...ipmi, ...bmcs[name] } }]),
    ),
  };
}

/** An address of its own for a client that knows no port but 623. */
export const ipmiPortAddress = '127.6.23.1';

/** Whether somebody like us may listen at port 623 there. */
export function canUseIpmiPort(): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(623, ipmiPortAddress, () => socket.close(() => resolve(true)));
  });
}
