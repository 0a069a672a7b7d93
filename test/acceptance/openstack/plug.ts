import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { Api, ApiError } from './api.ts';

const run = promisify(execFile);

/** Where and how this machine joins a tenant's network. */
export interface PlugOptions {
  /** The network's ID. */
  readonly network: string;
  /** Name that the network interface gets; at most 15 characters. */
  readonly link: string;
  /** A network namespace that exists and holds the interface; `undefined`: that of the tests. */
  readonly namespace?: string | undefined;
  /** In CIDR notation; the interface gets it, and Neutron knows it if the network has such a subnet. */
  readonly address?: string | undefined;
  /** IDs of the security groups whose rules the port follows; `undefined`: port security is off. */
  readonly securityGroups?: readonly string[] | undefined;
}

/** This machine's own network interface on a tenant's network. */
export interface Plug extends AsyncDisposable {
  readonly link: string;
  /** ID of the port. */
  readonly port: string;
  readonly mac: string;
}

/**
 * Makes a port that is bound to the host of the emulated machines, and plugs an interface of this machine into it,
 * as Nova plugs an instance: the network agent finds a `tap` interface with the port's ID in its name.
 */
export async function plugIn(options: PlugOptions): Promise<Plug> {
  const { network, link, namespace, address, securityGroups } = options;
  const admin = await Api.connect('admin');
  const ip = address?.split('/')[0];
  const { port } = (await admin.call('network', 'POST', '/ports', {
    port: {
      network_id: network,
      name: link,
      'binding:host_id': 'qemu1',
      device_id: link,
      device_owner: 'quintupleo:tests',
      port_security_enabled: securityGroups !== undefined,
      security_groups: securityGroups ?? [],
      ...(ip !== undefined && { fixed_ips: [{ ip_address: ip }] }),
    },
  })) as { port: { id: string; mac_address: string } };
  const tap = `tap${port.id.slice(0, 11)}`;
  const plug = { link, port: port.id, mac: port.mac_address, [Symbol.asyncDispose]: unplug };

  async function unplug(): Promise<void> {
    // The other end goes with it.
    if (existsSync(`/sys/class/net/${tap}`)) await run('ip', ['link', 'delete', tap]);
    await admin.call('network', 'DELETE', `/ports/${port.id}`).catch(error => {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    });
  }

  try {
    const end = ['name', link, 'address', port.mac_address, ...(namespace ? ['netns', namespace] : [])];
    await run('ip', ['link', 'add', tap, 'type', 'veth', 'peer', ...end]);
    const where = namespace ? ['-n', namespace] : [];
    if (address !== undefined) await run('ip', [...where, 'address', 'add', address, 'dev', link]);
    await run('ip', [...where, 'link', 'set', link, 'up']);
    await run('ip', ['link', 'set', tap, 'up']);
    await poll(systemClock, { every: 200, within: 60_000 }, async () => {
      // The agent has put it into the network's bridge, and its firewall's rules are there.
      const shown = (await admin.get('network', `/ports/${port.id}`)) as { port: { status: string } };
      return existsSync(`/sys/class/net/${tap}/master`) && shown.port.status === 'ACTIVE' ? true : undefined;
    }).then(plugged => {
      if (!plugged) throw new Error(`the network agent did not plug ${tap}`);
    });
    return plug;
  } catch (error) {
    await unplug();
    throw error;
  }
}
