import { describe, expect, test } from 'vitest';
import type { CloudService } from '../../../../src/node/cloud-spec.ts';
import type { LabSpec } from '../../../../src/node/spec.ts';
import { labOf, nodeOf, ProviderPlatform } from '../provider-platform.ts';

/** A lab whose BMCs are at .10 and following of the network `management`, served by an instance at .254. */
function servedLab(changes: Partial<CloudService> = {}, nodes = 2): LabSpec {
  const all = Array.from({ length: nodes }, (_, index) => nodeOf(index));
  return labOf(all, {
    networks: [
      { name: 'management', cidr: '192.168.25.0/24', dhcp: false, cloud: { gateway: '192.168.25.1' } },
      { name: 'provision', cidr: '192.168.24.0/24', dhcp: true },
    ],
    cloud: {
      routers: [{ name: 'out', external: 'external', networks: [{ network: 'management' }] }],
      serverGroups: [],
      hosts: [],
      service: {
        nics: [
          { network: 'management', mac: '20:57:f8:01:00:00' },
          { network: 'provision', mac: '20:57:f8:01:00:01' },
        ],
        address: '192.168.25.254',
        bmcs: all.map((_, index) => `192.168.25.${10 + index}`),
        ...changes,
      },
    },
  });
}

const portsOf = ({ cloud }: ProviderPlatform) =>
  cloud.neutron.store.all('ports').filter(({ name }) => String(name).startsWith('lab-bmc'));
const addresses = (port: Readonly<Record<string, unknown>> = {}) =>
  (port.fixed_ips as readonly { ip_address: string }[] | undefined)?.map(({ ip_address }) => ip_address);

describe('the service instance of a lab', () => {
  test('has a port with an address for each BMC and one where nodes netboot, neither of them filtered', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker().up(servedLab());
    const made = platform.cloud.requestsTo({ service: 'network', method: 'POST', path: '/v2.0/ports' });
    const bodies = made.map(({ body }) => (body as { port: Record<string, unknown> }).port);
    const own = bodies.filter(({ name }) => String(name).startsWith('lab-bmc'));
    const [first, second] = own;
    expect(own).toHaveLength(2);
    expect(first).toMatchObject({ name: 'lab-bmc-0', mac_address: '20:57:f8:01:00:00' });
    expect(addresses(first)).toEqual(['192.168.25.254', '192.168.25.10', '192.168.25.11']);
    expect(second).toMatchObject({ name: 'lab-bmc-1', mac_address: '20:57:f8:01:00:01' });
    expect(addresses(second)).toEqual(['192.168.24.1']);
    expect(portsOf(platform).map(port => port.port_security_enabled)).toEqual([false, false]);
  });

  test('is filtered nowhere though its network is', async () => {
    await using platform = await ProviderPlatform.start();
    const lab = servedLab();
    const networks = lab.networks.map(one => ({ ...one, cloud: { ...one.cloud, portSecurity: true } }));
    await platform.maker().up({ ...lab, networks });
    expect(portsOf(platform).map(port => port.port_security_enabled)).toEqual([false, false]);
  });

  test('is told by its config drive what is no secret, and nothing else', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    await platform.maker().up(servedLab({ availabilityZone: 'nova' }));
    const requests = cloud.requestsTo({ service: 'compute', method: 'POST', path: '/servers' });
    const bodies = requests.map(({ body }) => (body as { server: Record<string, unknown> }).server);
    const firmware = bodies.find(({ name }) => name === 'lab-n-0')?.imageRef;
    expect(bodies.find(({ name }) => name === 'lab-bmc')).toEqual({
      name: 'lab-bmc',
      flavorRef: cloud.compute.flavors.find(({ name }) => name === 'bm.small')?.id,
      imageRef: cloud.snapshot().images?.find(id => id !== firmware),
      availability_zone: 'nova',
      config_drive: true,
      user_data: '***',
      networks: portsOf(platform).map(({ id }) => ({ port: id })),
      tags: ['quintupleo'],
      metadata: expect.objectContaining({
        'quintupleo:lab': 'lab',
        'quintupleo:owner': 'beef01',
        'quintupleo:service': 'bmc',
      }),
    });
    const told = Buffer.from(cloud.server('lab-bmc').userData ?? '', 'base64').toString();
    expect(told.split('\n')).toEqual([
      '#quintupleo-service 1',
      'lab lab',
      'owner beef01',
      'manager AA:BB',
      'interface mgmt 20:57:f8:01:00:00',
      'mtu mgmt 1500',
      'address mgmt 192.168.25.254/24',
      'interface net1 20:57:f8:01:00:01',
      'mtu net1 1500',
      'route default 192.168.25.1',
      '',
    ]);
  });

  test('boots from an image that is uploaded once, and goes with the last instance of the project', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const images = () =>
      cloud
        .requestsTo({ service: 'image', method: 'POST' })
        .filter(({ body }) => String((body as { name: string }).name).startsWith('quintupleo-service'));
    await platform.maker().up(servedLab());
    expect(images()[0]?.body).toMatchObject({
      name: 'quintupleo-service-5e5e5e5e',
      disk_format: 'raw',
      visibility: 'private',
      tags: ['quintupleo', 'quintupleo:service'],
      hw_disk_bus: 'virtio',
      hw_cdrom_bus: 'scsi',
    });
    const before = cloud.snapshot();
    const other = platform.maker('other');
    await other.up({ ...servedLab(), name: 'other', nodes: [] });
    expect(images()).toHaveLength(1);
    await other.down();
    expect(cloud.snapshot().images).toEqual(before.images);
    await platform.maker().down();
    expect(cloud.snapshot().images).toEqual([]);
  });

  test('gets and gives up addresses as BMCs come and go, and stays', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker().up(servedLab());
    const { id } = platform.cloud.server('lab-bmc');
    const changes = await platform.maker().up(servedLab({}, 3));
    expect(changes.map(({ op, kind, disruptive }) => `${op} ${kind} ${disruptive}`)).toEqual([
      'update service false',
      'create machine false',
    ]);
    expect(addresses(portsOf(platform)[0])).toEqual([
      '192.168.25.254',
      ...['192.168.25.10', '192.168.25.11', '192.168.25.12'],
    ]);
    expect(platform.cloud.server('lab-bmc').id).toBe(id);
    expect(await platform.maker().up(servedLab({}, 3))).toEqual([]);
  });

  test('has a floating IP that leads to its own address, not to a BMC', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    await platform.maker().up(servedLab({ floatingIp: 'external' }));
    const [request] = cloud.requestsTo({ service: 'network', method: 'POST', path: '/v2.0/floatingips' });
    expect(request?.body).toMatchObject({
      floatingip: {
        floating_network_id: cloud.externalNetworkId,
        port_id: portsOf(platform)[0]?.id,
        fixed_ip_address: '192.168.25.254',
      },
    });
    expect(await platform.maker().up(servedLab({ floatingIp: 'external' }))).toEqual([]);
  });

  test('is made anew when it is to netboot other networks, and leaves nothing', async () => {
    await using platform = await ProviderPlatform.start();
    const before = platform.cloud.snapshot();
    await platform.maker().up(servedLab());
    const { id } = platform.cloud.server('lab-bmc');
    const nics = [{ network: 'management', mac: '20:57:f8:01:00:00' }];
    const changes = await platform.maker().up(servedLab({ nics }));
    expect(changes).toMatchObject([{ op: 'update', kind: 'service', disruptive: true }]);
    expect(platform.cloud.server('lab-bmc').id).not.toBe(id);
    expect(portsOf(platform)).toHaveLength(1);
    await platform.maker().down();
    expect(platform.cloud.snapshot()).toEqual(before);
  });

  test('on down it is deleted before its credential is revoked, and both are gone', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const before = cloud.snapshot();
    const maker = platform.maker();
    await maker.up(servedLab());
    const name = 'quintupleo_beef01_lab_12345678';
    await maker.openstack.identity.createApplicationCredential({ name }, { reason: 'test' });
    const { id } = cloud.server('lab-bmc');
    await maker.down();
    const deletions = cloud.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    const order = deletions.filter(path => path === `/servers/${id}` || path.includes('credentials'));
    expect(order).toEqual([`/servers/${id}`, expect.stringContaining('/application_credentials/')]);
    expect(cloud.snapshot()).toEqual(before);
  });

  test('loses its credential even when it cannot be deleted', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const maker = platform.maker();
    await maker.up(servedLab());
    const name = 'quintupleo_beef01_lab_12345678';
    await maker.openstack.identity.createApplicationCredential({ name }, { reason: 'test' });
    const path = `/servers/${cloud.server('lab-bmc').id}`;
    cloud.inject({
      match: { service: 'compute', method: 'DELETE', path },
      respond: { type: 'status', status: 403 },
    });
    await expect(maker.down()).rejects.toThrow();
    expect(cloud.snapshot()['application-credentials']).toEqual([]);
    await maker.down();
    expect(cloud.snapshot().servers).toEqual([]);
  });
});
