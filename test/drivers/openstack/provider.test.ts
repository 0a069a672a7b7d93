import { describe, expect, test } from 'vitest';
import type { LabSpec } from '../../../src/node/spec.ts';
import { labOf, macOf, nodeOf, ProviderPlatform } from './provider-platform.ts';

describe('what is asked of the cloud', () => {
  test('a network: no port security, no DHCP, no gateway; labelled in the same request, tagged in the next', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    await platform.maker().up(labOf([]));
    const made = cloud.requests.filter(({ service, method }) => service === 'network' && method !== 'GET');
    const label = 'quintupleo lab=lab owner=beef01 kind=network name=provision';
    const tags = (part: string[]) => [
      'quintupleo',
      'quintupleo:lab=lab',
      'quintupleo:owner=beef01',
      'quintupleo:kind=network',
      'quintupleo:name=provision',
      ...part,
    ];
    expect(
      made.map(({ method, path, body }) => ({ method, path: path.replace(/[0-9a-f-]{36}/, 'ID'), body })),
    ).toEqual([
      {
        method: 'POST',
        path: '/v2.0/networks',
        body: { network: { name: 'lab-provision', description: label, port_security_enabled: false } },
      },
      { method: 'PUT', path: '/v2.0/networks/ID/tags', body: { tags: tags([]) } },
      {
        method: 'POST',
        path: '/v2.0/subnets',
        body: {
          subnet: {
            name: 'lab-provision-4',
            network_id: cloud.snapshot().networks?.[0],
            description: `${label} part=subnet-4`,
            ip_version: 4,
            cidr: '192.168.24.0/24',
            gateway_ip: null,
            enable_dhcp: false,
            dns_nameservers: [],
            allocation_pools: [{ start: '192.168.24.2', end: '192.168.24.254' }],
          },
        },
      },
      { method: 'PUT', path: '/v2.0/subnets/ID/tags', body: { tags: tags(['quintupleo:part=subnet-4']) } },
    ]);
  });

  test('a node: firmware as a CD-ROM that boots first, its local disk on SATA, its port by its own MAC address', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    await platform.maker().up(labOf([nodeOf(0)]));
    const [port] = cloud.requestsTo({ service: 'network', method: 'POST', path: '/v2.0/ports' });
    expect(port?.body).toEqual({
      port: {
        name: 'lab-n-0-0',
        network_id: cloud.snapshot().networks?.[0],
        mac_address: '20:57:f8:00:00:00',
        description: 'quintupleo lab=lab owner=beef01 kind=machine name=n-0 part=port-0',
      },
    });
    const [image] = cloud.requestsTo({ service: 'image', method: 'POST' });
    expect(image?.body).toMatchObject({
      disk_format: 'iso',
      visibility: 'private',
      tags: ['quintupleo', 'quintupleo:firmware'],
      os_shutdown_timeout: '0',
      quintupleo_sha256: platform.sha256,
    });
    const firmware = cloud.snapshot().images?.[0];
    const [server] = cloud.requestsTo({ service: 'compute', method: 'POST', path: '/servers' });
    expect(server?.body).toEqual({
      server: {
        name: 'lab-n-0',
        flavorRef: cloud.compute.flavors.find(({ name }) => name === 'bm.medium')?.id,
        imageRef: firmware,
        config_drive: false,
        networks: [{ port: cloud.snapshot().ports?.[0] }],
        tags: ['quintupleo'],
        metadata: {
          'quintupleo:lab': 'lab',
          'quintupleo:node': 'n-0',
          'quintupleo:owner': 'beef01',
          'quintupleo:making': 'yes',
          'quintupleo:spec': expect.stringMatching(/^flavor=\w+ disks=\w+ nics=\w+ boot=\w+ place=\w+$/),
        },
        block_device_mapping_v2: [
          {
            source_type: 'image',
            destination_type: 'local',
            uuid: firmware,
            boot_index: 0,
            device_type: 'cdrom',
            disk_bus: 'sata',
            delete_on_termination: true,
          },
          {
            source_type: 'blank',
            destination_type: 'local',
            volume_size: 5,
            boot_index: -1,
            disk_bus: 'sata',
            delete_on_termination: true,
          },
        ],
      },
    });
  });

  test('a UEFI node with volumes: they are named in the boot order, and the machine type is the firmware image’s', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const disks = [
      { name: 'root', size: 10 * 2 ** 30, cloud: { source: 'volume' as const } },
      { name: 'data', size: 2 ** 30 + 1, cloud: { source: 'volume' as const } },
    ];
    await platform.maker().up(labOf([nodeOf(0, { firmware: 'uefi', disks })]));
    const [image] = cloud.requestsTo({ service: 'image', method: 'POST' });
    expect(image?.body).toMatchObject({ hw_firmware_type: 'uefi', hw_machine_type: 'q35' });
    const [server] = cloud.requestsTo({ service: 'compute', method: 'POST', path: '/servers' });
    expect(server?.body).toMatchObject({
      server: {
        block_device_mapping_v2: [
          { device_type: 'cdrom', boot_index: 0 },
          { source_type: 'volume', destination_type: 'volume', boot_index: 1, delete_on_termination: false },
          { source_type: 'volume', destination_type: 'volume', boot_index: 2, delete_on_termination: false },
          // Every flavor here has ephemeral space, of which Nova would make a disk before the volumes.
          { source_type: 'blank', volume_size: 1, boot_index: -1, device_type: 'cdrom' },
        ],
      },
    });
    const sizes = cloud.requestsTo({ service: 'volumev3', method: 'POST' }).map(({ body }) => body);
    expect(sizes).toMatchObject([{ volume: { size: 10 } }, { volume: { size: 2 } }]);
  });

  test('a node is powered off when it has been made, and only then no longer marked as being made', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    await platform.maker().up(labOf([nodeOf(0)]));
    const server = cloud.server('lab-n-0');
    expect(server.vmState).toBe('stopped');
    expect(server.metadata).not.toHaveProperty('quintupleo:making');
  });

  test('many nodes share one upload of their firmware, and one listing while they are waited for', async () => {
    await using platform = await ProviderPlatform.start({ networkQuota: { port: 500 } });
    const { cloud } = platform;
    const nodes = Array.from({ length: 12 }, (_, index) => nodeOf(index));
    await platform.maker().up(labOf(nodes));
    expect(cloud.snapshot().images).toHaveLength(1);
    expect(cloud.snapshot().servers).toHaveLength(12);
  });
});

describe('a lab that is there', () => {
  test('needs nothing, from another process too', async () => {
    await using platform = await ProviderPlatform.start();
    const lab = rich();
    await platform.maker().up(lab);
    expect(await platform.maker().provider.plan(lab)).toEqual([]);
  });

  test('is taken away without a trace', async () => {
    await using platform = await ProviderPlatform.start();
    const before = platform.cloud.snapshot();
    await platform.maker().up(rich());
    expect(platform.cloud.snapshot()).not.toEqual(before);
    const changes = await platform.maker().down();
    expect(platform.cloud.snapshot()).toEqual(before);
    expect(changes.map(({ op, kind }) => `${op} ${kind}`)).toEqual([
      'delete machine',
      'delete machine',
      'delete host',
      'delete router',
      'delete keypair',
      'delete server-group',
      'delete network',
      'delete network',
      'delete network',
    ]);
  });

  test('loses a machine’s data only after it was said', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    await maker.up(labOf([nodeOf(0)]));
    const first = platform.cloud.server('lab-n-0').id;
    const changed = labOf([nodeOf(0, { disks: [{ name: 'disk-0', size: 8 * 2 ** 30 }] })]);
    expect(await maker.up(changed)).toMatchObject([
      {
        op: 'update',
        kind: 'machine',
        name: 'n-0',
        disruptive: true,
        summary: 'other disks: made anew, the data on its disks is lost',
      },
    ]);
    expect(platform.cloud.server('lab-n-0').id).not.toBe(first);
    expect(await maker.provider.plan(changed)).toEqual([]);
  });

  test('takes new metadata in place', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    await maker.up(labOf([nodeOf(0)]));
    const first = platform.cloud.server('lab-n-0').id;
    const changed = labOf([nodeOf(0, { cloud: { metadata: { rack: 'r1' } } })]);
    expect(await maker.up(changed)).toMatchObject([
      { op: 'update', disruptive: false, summary: 'metadata rack' },
    ]);
    expect(platform.cloud.server(first).metadata).toMatchObject({ rack: 'r1', 'quintupleo:lab': 'lab' });
  });
});

/** A lab of everything that there is. */
function rich(): LabSpec {
  return {
    name: 'lab',
    networks: [
      { name: 'provision', cidr: '192.168.24.0/24', dhcp: false, cloud: { mtu: 1400 } },
      {
        name: 'external',
        cidr: '10.0.0.0/24',
        dhcp: false,
        cloud: { cidr6: 'fd00:12::/64', dnsNameservers: ['9.9.9.9'], portSecurity: true },
      },
      { name: 'vlan', cidr: '172.17.0.0/24', dhcp: false, cloud: { subnet: false } },
    ],
    nodes: [
      nodeOf(0, {
        nics: [
          {
            mac: macOf(0),
            network: 'provision',
            cloud: {
              addresses: ['192.168.24.50'],
              vlans: [{ network: 'vlan', vlan: 100, mac: macOf(0, 9) }],
            },
          },
          { mac: macOf(0, 1), network: 'provision' },
        ],
        disks: [
          { name: 'root', size: 2 ** 30, cloud: { source: 'volume', volumeType: undefined } },
          { name: 'data', size: 2 ** 30 },
        ],
        cloud: { serverGroup: 'apart', serverName: 'metal-0' },
      }),
      nodeOf(1, { firmware: 'uefi', cloud: { serverGroup: 'apart', metadata: { rack: 'r1' } } }),
    ],
    cloud: {
      routers: [{ name: 'gateway', external: 'external', networks: [{ network: 'external' }] }],
      serverGroups: [{ name: 'apart', policy: 'soft-anti-affinity' }],
      hosts: [
        {
          name: 'seed',
          image: 'empty',
          volume: 4 * 2 ** 30,
          nics: [
            { network: 'external', mac: macOf(200) },
            { network: 'provision', mac: macOf(200, 1), addresses: ['192.168.24.1'] },
          ],
          publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEeyVLGZsNnLVv1 somebody',
          userData: '#cloud-config\n',
          floatingIp: 'external',
        },
      ],
      lease: undefined,
    },
  };
}
