import type { LabStatus } from '../../src/daemon/api.ts';
import type { LabDefinition } from '../../src/lab/definition.ts';
import { simulatedLab, startDaemon } from '../daemon/harness.ts';
import type { Subject } from './validators.ts';

/** A service that is looked at. */
export type ServiceName =
  | 'all nodes'
  | 'a node that is on'
  | 'a node that is off'
  | 'a node that never rests';

/** A lab whose nodes are on, off, and never at rest. */
export interface ConformanceLab extends AsyncDisposable {
  subject(service: ServiceName): Subject;
}

const login = { user: 'admin', password: 'Conformance-1' } as const;
const nodes = {
  'a node that is on': 'node-1',
  'a node that is off': 'node-2',
  'a node that never rests': 'node-3',
} as const;
const moving = nodes['a node that never rests'];

/** Brings the lab up. */
export async function startConformanceLab(): Promise<ConformanceLab> {
  const daemon = await startDaemon();
  const definition = withRedfish(simulatedLab(3));
  const last = (await daemon.run('POST', '/v1/labs/apply', definition)).at(-1);
  if (last?.type !== 'done') throw new Error(`the lab did not come up: ${JSON.stringify(last)}`);
  const lab = (await daemon.call<LabStatus>('GET', '/v1/labs/test')).body;
  const power = (node: string, action: string, wait: number) =>
    daemon.call('POST', `/v1/labs/test/nodes/${node}/power`, { action, wait });
  await power(nodes['a node that is on'], 'on', 30_000);
  const stop = new AbortController();
  const moved = keepMoving(node => power(node, 'cycle', 30_000), stop.signal);
  return {
    subject: service => {
      const url =
        service === 'all nodes'
          ? lab.redfish?.url
          : lab.nodes.find(({ name }) => name === nodes[service])?.bmc.redfish?.url;
      if (url === undefined) throw new Error(`there is no service of ${service}`);
      // Validators know the path of a service themselves.
      return { url: new URL(url).origin, ...login };
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await moved;
      await daemon[Symbol.asyncDispose]();
    },
  };

  async function keepMoving(cycle: (node: string) => Promise<unknown>, signal: AbortSignal): Promise<void> {
    await power(moving, 'on', 30_000);
    while (!signal.aborted) await cycle(moving);
  }
}

function withRedfish(lab: LabDefinition): LabDefinition {
  const users = [{ name: login.user, password: login.password, privilege: 'administrator' as const }];
  const endpoint = { address: '127.0.0.1', port: undefined };
  return {
    ...lab,
    // Every call takes as long as on a busy cloud, so that transitions are seen.
    driver: { name: 'simulated', latency: 2_000, faultRate: 0, seed: 1 },
    redfish: {
      service: { ...endpoint, users },
      tls: true,
      identity: undefined,
      sessionTimeout: 1_800_000,
      destinations: ['any'],
      mediaLimit: 2 ** 34,
    },
    bmcs: Object.fromEntries(
      Object.entries(lab.bmcs).map(([name, bmc]) => [name, { ...bmc, users, redfish: endpoint }]),
    ),
  };
}
