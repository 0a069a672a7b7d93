import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabStatus, NodeStatus } from '../../../src/daemon/api.ts';
import type { DriverChoice, RedfishDefinition } from '../../../src/lab/definition.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';
import { simulatedLab, startDaemon, type TestDaemon } from '../../daemon/harness.ts';

/** Who may do everything. */
export const login = { user: 'admin', password: 'Redfish-1' } as const;
/** Who may only look. */
export const reader = { user: 'guest', password: 'Redfish-2' } as const;

/** A lab of two nodes with Redfish, on a daemon in this process. */
export interface RedfishLab extends AsyncDisposable {
  readonly daemon: TestDaemon;
  /** The certificate of its services, PEM; empty when they are without TLS. */
  readonly certificate: string;
  /** A scratch folder for clients, with that certificate as `lab.pem`. */
  readonly folder: string;
  /** Origin of the service that shows all nodes, or of the node's own. */
  url(service: 'all' | 'own', node: string): string;
  status(node: string): Promise<NodeStatus>;
  /** Ends the daemon and starts another one on what it has kept. */
  restart(): Promise<void>;
}

/** What a test says of a lab. */
export interface LabChange {
  readonly redfish?: Partial<RedfishDefinition>;
  readonly nodes?: Partial<NodeSpec>;
}

/** Brings a lab of small nodes up. */
export async function startRedfishLab(driver: DriverChoice, change: LabChange = {}): Promise<RedfishLab> {
  let daemon = await startDaemon();
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-redfish-'));
  const lab = simulatedLab(2);
  const users = [
    { name: login.user, password: login.password, privilege: 'administrator' as const },
    { name: reader.user, password: reader.password, privilege: 'user' as const },
  ];
  const endpoint = { address: '127.0.0.1', port: undefined };
  const last = (
    await daemon.run('POST', '/v1/labs/apply', {
      ...lab,
      driver,
      spec: {
        ...lab.spec,
        nodes: lab.spec.nodes.map(node => ({
          ...node,
          // Clients tell memory in whole GiB.
          memory: 2 ** 30,
          disks: [{ name: 'root', size: 8 << 20 }],
          ...change.nodes,
        })),
      },
      redfish: {
        service: { ...endpoint, users },
        tls: true,
        identity: undefined,
        sessionTimeout: 1_800_000,
        destinations: ['any'],
        mediaLimit: 2 ** 30,
        ...change.redfish,
      },
      bmcs: Object.fromEntries(
        Object.entries(lab.bmcs).map(([name, bmc]) => [name, { ...bmc, users, redfish: endpoint }]),
      ),
    })
  ).at(-1);
  const dispose = async () => {
    await daemon.run('DELETE', '/v1/labs/test');
    await daemon.stop();
    await rm(join(daemon.paths.stateDirectory, '..'), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
  if (last?.type !== 'done') {
    await dispose();
    throw new Error(`the lab did not come up: ${JSON.stringify(last)}`);
  }
  const status = (await daemon.call<LabStatus>('GET', '/v1/labs/test')).body;
  const certificate = status.redfish?.certificate ?? '';
  await writeFile(join(folder, 'lab.pem'), certificate);
  return {
    get daemon() {
      return daemon;
    },
    certificate,
    folder,
    url: (service, node) => {
      const url =
        service === 'all'
          ? status.redfish?.url
          : status.nodes.find(({ name }) => name === node)?.bmc.redfish?.url;
      if (url === undefined) throw new Error(`there is no such service of ${node}`);
      return new URL(url).origin;
    },
    status: async node => (await daemon.call<NodeStatus>('GET', `/v1/labs/test/nodes/${node}`)).body,
    restart: async () => {
      await daemon.stop();
      daemon = await startDaemon(daemon.paths);
    },
    [Symbol.asyncDispose]: dispose,
  };
}
