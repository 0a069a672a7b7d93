import { DriverError } from '../../../node/driver.ts';
import type { PowerState } from '../../../node/power.ts';
import type { Server } from '../client/compute-types.ts';
import type { CloudLease } from '../clouds.ts';
import { labelInMetadata } from '../provision/resources/label.ts';
import { isMaking } from '../provision/resources/servers.ts';
import { toOff, toOn } from './boot-strategies/strategy.ts';
import { powerOf } from './power-state.ts';
import { ServerControl } from './server-control.ts';

/** Whose hosts are meant. */
export interface HostsOf {
  readonly lab: string;
  /** ID of the state directory of whoever made them. */
  readonly owner: string;
}

/** The power of a lab's hosts, by name. */
export async function powerOfHosts(lease: CloudLease, whose: HostsOf): Promise<Map<string, PowerState>> {
  const hosts = await findHosts(lease, whose);
  return new Map([...hosts].map(([name, server]) => [name, powerOf(server)]));
}

/**
 * Powers a host on or off. Off is os-stop, which gives the guest the time that its image or the cloud grants.
 * @throws DriverError
 */
export async function switchHost(
  lease: CloudLease,
  whose: HostsOf,
  name: string,
  on: boolean,
  signal: AbortSignal,
): Promise<void> {
  const server = (await findHosts(lease, whose)).get(name);
  if (!server) throw new DriverError('gone', `there is no server for host ${name}`);
  const control = new ServerControl(server.id, lease.openstack.compute, lease.poller);
  await control.settled(signal);
  await control.bring(on ? toOn : toOff, signal);
  await control.settledAs(on ? 'on' : 'off', signal);
}

async function findHosts({ poller }: CloudLease, { lab, owner }: HostsOf): Promise<Map<string, Server>> {
  await poller.refresh();
  const hosts = new Map<string, Server>();
  for (const server of poller.servers()) {
    const label = labelInMetadata(server.metadata);
    const isOurs = label?.kind === 'host' && label.lab === lab && label.owner === owner;
    if (isOurs && !isMaking(server)) hosts.set(label.name, server);
  }
  return hosts;
}
