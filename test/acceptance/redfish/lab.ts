import type { LabStatus } from '../../../src/daemon/api.ts';
import type { DriverChoice } from '../../../src/lab/definition.ts';
import { simulatedLab, startDaemon, type TestDaemon } from '../../daemon/harness.ts';

/** Who may do everything. */
export const login = { user: 'admin', password: 'Redfish-1' } as const;

/** A lab of two nodes with Redfish, on a daemon in this process. */
export interface RedfishLab extends AsyncDisposable {
  readonly daemon: TestDaemon;
  /** Of the service that shows all nodes, or of the node's own. */
  url(service: 'all' | 'own', node: string): string;
}

/** Brings a lab of small nodes up. */
export async function startRedfishLab(driver: DriverChoice, tls = true): Promise<RedfishLab> {
  const daemon = await startDaemon();
  const lab = simulatedLab(2);
  const users = [{ name: login.user, password: login.password, privilege: 'administrator' as const }];
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
        })),
      },
      redfish: {
        service: { ...endpoint, users },
        tls,
        identity: undefined,
        sessionTimeout: 1_800_000,
        destinations: ['any'],
        mediaLimit: 2 ** 30,
      },
      bmcs: Object.fromEntries(
        Object.entries(lab.bmcs).map(([name, bmc]) => [name, { ...bmc, users, redfish: endpoint }]),
      ),
    })
  ).at(-1);
  const dispose = async () => {
    await daemon.run('DELETE', '/v1/labs/test');
    await daemon[Symbol.asyncDispose]();
  };
  if (last?.type !== 'done') {
    await dispose();
    throw new Error(`the lab did not come up: ${JSON.stringify(last)}`);
  }
  const status = (await daemon.call<LabStatus>('GET', '/v1/labs/test')).body;
  return {
    daemon,
    url: (service, node) => {
      const url =
        service === 'all'
          ? status.redfish?.url
          : status.nodes.find(({ name }) => name === node)?.bmc.redfish?.url;
      if (url === undefined) throw new Error(`there is no such service of ${node}`);
      return url;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
