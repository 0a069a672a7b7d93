import { describe, expect, test } from 'vitest';
import type { LabSpec, NetworkSpec } from '../../../src/node/spec.ts';
import { labOf, macOf, nodeOf, ProviderPlatform } from './provider-platform.ts';

const ctx = { reason: 'test' };

/** A lab that is up, somebody's hand in the cloud, and what the next `up` says and does of it. */
async function afterMeddling(
  platform: ProviderPlatform,
  lab: LabSpec,
  meddle: (ids: { network: string; subnet: string; port: string; server: string }) => Promise<unknown>,
): Promise<string[]> {
  const maker = platform.maker();
  await maker.up(lab);
  const { networks = [], subnets = [], ports = [], servers = [] } = platform.cloud.snapshot();
  const [network = '', subnet = '', port = '', server = ''] = [networks[0], subnets[0], ports[0], servers[0]];
  await meddle({ network, subnet, port, server });
  const changes = await platform.maker().up(lab);
  expect(await maker.provider.plan(lab)).toEqual([]);
  return changes.map(({ op, kind, name, summary, disruptive }) => {
    return `${op} ${kind} ${name}: ${summary}${disruptive ? ' (disruptive)' : ''}`;
  });
}

/** A lab whose node carries networks as VLANs, each under that ID. */
function carrying(...vlans: readonly number[]): LabSpec {
  const carried = vlans.map((vlan, index) => ({ network: `vlan-${index}`, vlan, mac: macOf(0, 9) }));
  const nic = { mac: macOf(0), network: 'provision', cloud: { vlans: carried } };
  const networks = ['provision', ...carried.map(({ network }) => network)].map((name, index) => ({
    name,
    cidr: `192.168.${24 + index}.0/24`,
    dhcp: false,
  }));
  return labOf([nodeOf(0, { nics: [nic] })], { networks });
}

describe('VLANs of a card', () => {
  test('change, come and go, and the node stays', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    await maker.up(carrying(100, 200));
    const { id } = platform.cloud.server('lab-n-0');
    const vlans = async () => {
      const trunks = await maker.openstack.network.trunks.list({}, ctx);
      return trunks.flatMap(({ sub_ports }) => sub_ports.map(({ segmentation_id }) => segmentation_id));
    };
    expect(await maker.up(carrying(101, 200))).toMatchObject([
      { name: 'n-0', summary: expect.stringMatching(/VLAN 101 is added, VLAN 100 is taken away$/) },
    ]);
    expect((await vlans()).sort()).toEqual([101, 200]);
    expect(await maker.provider.plan(carrying(101, 200))).toEqual([]);
    await maker.up(carrying(101));
    expect(await vlans()).toEqual([101]);
    expect(await maker.provider.plan(carrying(101))).toEqual([]);
    expect(platform.cloud.server('lab-n-0').id).toBe(id);
  });
});

describe('drift is named and mended', () => {
  test('port security, DHCP and MTU of a network', async () => {
    await using platform = await ProviderPlatform.start();
    const network: NetworkSpec = {
      name: 'provision',
      cidr: '192.168.24.0/24',
      dhcp: false,
      cloud: { mtu: 1400 },
    };
    const told = await afterMeddling(platform, labOf([], { networks: [network] }), async ids => {
      const { openstack } = platform.maker();
      await openstack.network.networks.update(ids.network, { port_security_enabled: true, mtu: 1450 }, ctx);
      await openstack.network.subnets.update(ids.subnet, { enable_dhcp: true }, ctx);
    });
    expect(told).toEqual([
      "update network provision: port security is switched on, MTU 1450 → 1400, Neutron's DHCP is switched on",
    ]);
  });

  test('a port that somebody deleted', async () => {
    await using platform = await ProviderPlatform.start();
    const told = await afterMeddling(platform, labOf([nodeOf(0)]), ({ port }) =>
      platform.maker().openstack.network.ports.delete(port, ctx),
    );
    expect(told).toEqual([
      'update machine n-0: its port on provision (20:57:f8:00:00:00) is gone: a new one is plugged in',
    ]);
  });

  test('a port that is filtered again', async () => {
    await using platform = await ProviderPlatform.start();
    const told = await afterMeddling(platform, labOf([nodeOf(0)]), ({ port }) =>
      platform.maker().openstack.network.ports.update(port, { port_security_enabled: true }, ctx),
    );
    expect(told).toEqual(['update machine n-0: port security is switched on (provision 20:57:f8:00:00:00)']);
  });

  test('a VLAN of a trunk that somebody took away', async () => {
    await using platform = await ProviderPlatform.start();
    const { openstack } = platform.maker();
    const lab = carrying(100, 200);
    const told = await afterMeddling(platform, lab, async () => {
      const [trunk] = await openstack.network.trunks.list({}, ctx);
      const [carried] = trunk?.sub_ports ?? [];
      await openstack.network.removeSubports(trunk?.id ?? '', [{ port_id: carried?.port_id ?? '' }], ctx);
    });
    expect(told).toEqual(['update machine n-0: VLAN 100 is added']);
  });

  test('a network that somebody deleted with all that was on it', async () => {
    await using platform = await ProviderPlatform.start();
    const told = await afterMeddling(platform, labOf([nodeOf(0)]), async ({ port, network }) => {
      const { openstack } = platform.maker();
      await openstack.network.ports.delete(port, ctx);
      await openstack.network.networks.delete(network, ctx);
    });
    expect(told).toEqual([
      'create network provision: 192.168.24.0/24',
      'update machine n-0: its port on provision (20:57:f8:00:00:00) is gone: a new one is plugged in',
    ]);
  });

  test('a server that somebody deleted', async () => {
    await using platform = await ProviderPlatform.start();
    const told = await afterMeddling(platform, labOf([nodeOf(0)]), async () =>
      platform.cloud.deleteBehind('lab-n-0'),
    );
    expect(told).toEqual([expect.stringMatching(/^create machine n-0: .*goes on where it ended$/)]);
  });
});

describe('a network changes', () => {
  const withCidr = (cidr: string): LabSpec =>
    labOf([nodeOf(0)], { networks: [{ name: 'provision', cidr, dhcp: false }] });

  test.each(['192.168.25.0/24', '192.168.24.0/25'])(
    'its cidr to %s: machines keep their disks, and get addresses of it',
    async cidr => {
      await using platform = await ProviderPlatform.start();
      const maker = platform.maker();
      await maker.up(withCidr('192.168.24.0/24'));
      const server = platform.cloud.server('lab-n-0').id;
      expect(await maker.up(withCidr(cidr))).toMatchObject([
        { op: 'update', kind: 'network', disruptive: true },
      ]);
      expect(platform.cloud.server('lab-n-0').id).toBe(server);
      const [port] = await maker.openstack.network.ports.list({ device_id: server }, ctx);
      const [subnet] = await maker.openstack.network.subnets.list({}, ctx);
      expect(port?.fixed_ips.map(({ subnet_id }) => subnet_id)).toEqual([subnet?.id]);
      expect(subnet?.cidr).toBe(cidr);
      expect(await maker.provider.plan(withCidr(cidr))).toEqual([]);
    },
  );

  test('a gateway and a router come and go', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    const routed = labOf([nodeOf(0)], {
      cloud: { routers: [{ name: 'r', networks: [{ network: 'provision' }] }], serverGroups: [], hosts: [] },
    });
    await maker.up(labOf([nodeOf(0)]));
    expect((await maker.up(routed)).map(({ op, kind, summary }) => `${op} ${kind}: ${summary}`)).toEqual([
      'update network: gateway none → 192.168.24.1',
      'create router: joins provision',
    ]);
    expect(await maker.provider.plan(routed)).toEqual([]);
    expect((await maker.up(labOf([nodeOf(0)]))).map(({ op, kind }) => `${op} ${kind}`)).toEqual([
      'delete router',
      'update network',
    ]);
    expect(await maker.provider.plan(labOf([nodeOf(0)]))).toEqual([]);
  });

  test('a router joins one that comes with the same up', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    const routed = (...names: readonly string[]) =>
      labOf([], {
        networks: names.map((name, index) => ({ name, cidr: `192.168.${24 + index}.0/24`, dhcp: false })),
        cloud: {
          routers: [{ name: 'r', networks: names.map(network => ({ network })) }],
          serverGroups: [],
          hosts: [],
        },
      });
    await maker.up(routed('provision'));
    const both = routed('provision', 'storage');
    expect((await maker.up(both)).map(({ op, kind, summary }) => `${op} ${kind}: ${summary}`)).toEqual([
      'create network: 192.168.25.0/24',
      'update router: joins storage',
    ]);
    expect(await maker.provider.plan(both)).toEqual([]);
  });

  test('it goes with the card that was on it', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    const two = labOf(
      [
        nodeOf(0, {
          nics: [
            { mac: macOf(0), network: 'provision' },
            { mac: macOf(0, 1), network: 'storage' },
          ],
        }),
      ],
      {
        networks: [
          { name: 'provision', cidr: '192.168.24.0/24', dhcp: false },
          { name: 'storage', cidr: '172.18.0.0/24', dhcp: false },
        ],
      },
    );
    await maker.up(two);
    const changes = await maker.up(labOf([nodeOf(0)]));
    expect(changes.map(({ op, kind, name }) => `${op} ${kind} ${name}`)).toEqual([
      'update machine n-0',
      'delete network storage',
    ]);
    expect(await maker.provider.plan(labOf([nodeOf(0)]))).toEqual([]);
  });
});
