import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { LabDhcp } from '../../../src/drivers/openstack/lab-dhcp.ts';
import type { LabSpec } from '../../../src/node/spec.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';
import { poll } from '../../../src/support/wait.ts';
import { hasBridges } from '../lab/host.ts';
import { createNamespace, type Namespace } from './namespace.ts';

/** This machine as the DHCP server of a network, and as the relay of two routed ones, whose server is on the first. */

const run = promisify(execFile);

/** A machine, `undefined` for this one, and its network interface. */
type End = readonly [Namespace | undefined, string];

const lab: LabSpec = {
  name: 'relayed',
  networks: [
    { name: 'leaf0', cidr: '192.168.224.0/24', dhcp: false },
    {
      name: 'leaf1',
      cidr: '192.168.225.0/24',
      dhcp: false,
      cloud: { interface: 'q5o-leg1', dhcpRelay: '192.168.224.1' },
    },
  ],
  nodes: [],
  cloud: {
    routers: [
      {
        name: 'leaves',
        networks: [
          { network: 'leaf0', address: '192.168.224.254' },
          { network: 'leaf1', address: '192.168.225.1' },
        ],
      },
    ],
    serverGroups: [],
    hosts: [],
  },
};

/** A lab with one network that is served here, and a node on it. */
function servedLab(mac: string): LabSpec {
  const node = { name: 'n0', uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01', cpus: 1, memory: 64 << 20 };
  return {
    name: 'served',
    networks: [{ name: 'net', cidr: '192.168.226.0/24', dhcp: true, cloud: { interface: 'q5o-leg1' } }],
    nodes: [{ ...node, disks: [], nics: [{ mac, network: 'net' }], firmware: 'bios' }],
  };
}

describe.skipIf(!hasBridges || !existsSync('/bin/busybox'))('DHCP from an interface of this machine', () => {
  const made: (() => PromiseLike<unknown>)[] = [];

  afterEach(async () => {
    for (const takeAway of made.splice(0).reverse()) await takeAway();
  });

  async function namespace(name: string): Promise<Namespace> {
    const it = await createNamespace(name);
    made.push(() => it[Symbol.asyncDispose]());
    return it;
  }

  /** A cable between two machines, of which the first may have an address at its end. */
  async function cable([one, link]: End, [other, peer]: End, address?: string): Promise<void> {
    const inside = (where: Namespace | undefined) => (where ? ['netns', where.name] : []);
    const ends = [link, ...inside(one), 'type', 'veth', 'peer', 'name', peer, ...inside(other)];
    await run('ip', ['link', 'add', ...ends]);
    if (!one) made.push(() => run('ip', ['link', 'delete', link]));
    if (address !== undefined) await one?.run('ip', 'address', 'add', address, 'dev', link);
    await one?.run('ip', 'link', 'set', link, 'up');
    await other?.run('ip', 'link', 'set', peer, 'up');
  }

  /** Plugs a machine into a segment's switch. */
  async function plug(end: End, segment: Namespace, port: string, address?: string): Promise<void> {
    await cable(end, [segment, port], address);
    await segment.run('ip', 'link', 'set', port, 'master', 'switch');
  }

  /** A switch with a router's leg, named after the segment. */
  async function segment(name: string, router: Namespace, address: string): Promise<Namespace> {
    const it = await namespace(`q5o-${name}`);
    await it.run('ip', 'link', 'add', 'name', 'switch', 'type', 'bridge');
    await it.run('ip', 'link', 'set', 'switch', 'up');
    await plug([router, name], it, 'to-router', address);
    return it;
  }

  test('serves a network, and tells what address a machine of the lab was given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q5o-dhcp-'));
    made.push(() => rm(folder, { recursive: true }));
    const machine = await namespace('q5o-machine');
    await cable([undefined, 'q5o-leg1'], [machine, 'eth0']);
    const mac = (await machine.run('cat', '/sys/class/net/eth0/address')).trim();
    const seen: unknown[] = [];
    const dhcp = new LabDhcp({
      ...{ lab: 'served', stateDirectory: folder, bootPort: 0, clock: systemClock, log: silentLog },
      reservations: async () => ({ [mac]: '192.168.226.77' }),
      observe: (id, observation) => seen.push([id, observation]),
    });
    made.push(() => dhcp.close());

    const served = servedLab(mac);
    expect(await dhcp.serve(served)).toEqual(['192.168.226.1']);
    made.push(() => dhcp.serve({ ...served, networks: [] }));
    await machine.run(
      'busybox',
      'udhcpc',
      '-i',
      'eth0',
      '-n',
      '-q',
      '-t',
      '10',
      '-T',
      '2',
      '-s',
      '/bin/true',
    );
    const leased = ['served/n0', { type: 'leased', address: '192.168.226.77' }];
    await expect.poll(() => seen, { timeout: 10_000 }).toContainEqual(leased);
  });

  test('relays for a network whose server is on the other side of a router', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q5o-relay-'));
    made.push(() => rm(folder, { recursive: true }));
    const router = await namespace('q5o-router');
    await router.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    const leaf0 = await segment('leaf0', router, '192.168.224.254/24');
    const leaf1 = await segment('leaf1', router, '192.168.225.1/24');
    const server = await namespace('q5o-server');
    await plug([server, 'eth0'], leaf0, 'to-server', '192.168.224.1/24');
    await server.run('ip', 'route', 'add', 'default', 'via', '192.168.224.254');
    const machine = await namespace('q5o-machine');
    await plug([machine, 'eth0'], leaf1, 'to-machine');
    await plug([undefined, 'q5o-leg1'], leaf1, 'to-relay');

    const log = join(folder, 'server.log');
    const dnsmasq = spawn(
      'ip',
      [
        ...['netns', 'exec', server.name, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null'],
        ...['--user=root', '--port=0', '--interface=eth0', '--bind-interfaces', '--pid-file='],
        ...[`--log-facility=${log}`, `--dhcp-leasefile=${join(folder, 'leases')}`],
        '--dhcp-range=192.168.224.100,192.168.224.199,255.255.255.0,1h',
        '--dhcp-range=192.168.225.100,192.168.225.199,255.255.255.0,1h',
      ],
      { stdio: 'ignore' },
    );
    made.push(() => ended(dnsmasq));
    const dhcp = new LabDhcp({
      ...{ lab: lab.name, stateDirectory: folder, bootPort: 0, clock: systemClock, log: silentLog },
      reservations: async () => ({}),
      observe: () => undefined,
    });
    made.push(() => dhcp.close());

    expect(await dhcp.serve(lab)).toEqual([]);
    made.push(() => dhcp.serve({ ...lab, networks: [] }));
    const asked = async () => {
      await machine
        .run('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-t', '1', '-T', '2', '-s', '/bin/true')
        .catch(() => '');
      const answers = await readFile(log, 'utf8').catch(() => '');
      return /DHCPACK\(eth0\) (192\.168\.225\.\d+)/.exec(answers)?.[1];
    };
    expect(await poll(systemClock, { every: 500, within: 60_000 }, asked)).toMatch(/^192\.168\.225\.1\d\d$/);
  });
});

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise(resolve => {
    child.once('close', () => resolve());
    child.kill('SIGTERM');
  });
}
