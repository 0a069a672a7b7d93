import { onTestFinished } from 'vitest';
import type { CloudConfig } from '../../../../src/drivers/openstack/client/cloud-config.ts';
import { OpenStack } from '../../../../src/drivers/openstack/client/openstack.ts';
import { silentLog } from '../../../../src/support/log.ts';
import { FakeCloud } from './fake-cloud.ts';
import { ImpatientClock } from './impatient-clock.ts';

export const ctx = { reason: 'test' };

/** A client and the cloud that it speaks to; both end with the test. */
export async function connected(changes?: (cloud: FakeCloud) => Partial<CloudConfig>) {
  const cloud = await FakeCloud.start();
  const clock = new ImpatientClock();
  const client = connect(cloud.config(changes?.(cloud)), clock);
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  return { cloud, clock, client };
}

export function connect(config: CloudConfig, clock = new ImpatientClock()): OpenStack {
  // Waits are at their longest: 500 ms, 1 s, 2 s …
  const client = OpenStack.connect(config, { clock, log: silentLog, random: () => 1 });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

/** A server as Nova lists it, in short. */
export function server(id: string, changes: object = {}) {
  return { id, name: `node-${id}`, status: 'ACTIVE', metadata: {}, addresses: {}, ...changes };
}
