import { describe, expect, test } from 'vitest';
import type { CreateServer } from '../../../../src/drivers/openstack/client/compute-types.ts';
import type { OpenStack } from '../../../../src/drivers/openstack/client/openstack.ts';
import { on, type Reply } from './fake-cloud.ts';
import { connected, ctx, server } from './harness.ts';

const root = '/compute/v2.1';
const find = async () => undefined;
const done: Reply = { status: 202 };

/** What a call sends when it is answered with `reply`. */
async function sent(reply: Reply, call: (client: OpenStack) => Promise<unknown>) {
  const { cloud, client } = await connected();
  cloud.behaviours.push(() => reply);
  const result = await call(client);
  const { method, path, headers, body } = cloud.last;
  expect(headers['x-auth-token']).toBe('token-1');
  return { call: `${method} ${path}`, microversion: headers['openstack-api-version'], body, result };
}

describe('listing servers', () => {
  test('asks for what changed, and tells the clock of the cloud', async () => {
    const reply: Reply = {
      status: 200,
      headers: { date: 'Mon, 23 Nov 2026 12:00:00 GMT' },
      body: {
        servers: [server('1', { 'OS-EXT-STS:task_state': null, tags: ['quintupleo'], locked: false })],
      },
    };
    const changesSince = new Date('2026-11-23T11:59:00.500Z');
    expect(
      await sent(reply, client => client.compute.listServers({ changesSince, details: true }, ctx)),
    ).toMatchObject({
      call: `GET ${root}/servers/detail?changes-since=2026-11-23T11%3A59%3A00.500Z`,
      microversion: 'compute 2.47',
      body: '',
      result: { date: Date.parse('2026-11-23T12:00:00Z'), servers: [{ id: '1', tags: ['quintupleo'] }] },
    });
  });

  test('follows the links of pages, by the host that the service is reached by', async () => {
    const { cloud, client } = await connected();
    const pages: Record<string, string> = { '': '1', '1': '2', '2': '3' };
    cloud.behaviours.push(
      on('GET', `${root}/servers/detail`, request => {
        const marker = new URLSearchParams(request.path.split('?')[1]).get('marker') ?? '';
        const id = pages[marker];
        const href = `http://nova.internal:8774/v2.1/servers/detail?marker=${id}`;
        const links = { servers_links: [{ rel: 'next', href }] };
        return {
          status: 200,
          body: id === undefined ? { servers: [] } : { servers: [server(id)], ...links },
        };
      }),
    );
    const { servers } = await client.compute.listServers({ details: true }, ctx);
    expect(servers.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(cloud.calls).toEqual([
      `GET ${root}/servers/detail`,
      `GET ${root}/servers/detail?marker=1`,
      `GET ${root}/servers/detail?marker=2`,
      `GET ${root}/servers/detail?marker=3`,
    ]);
    expect(cloud.last.headers['openstack-api-version']).toBe('compute 2.47');
  });

  test('is not kept for ever by links in a circle', async () => {
    const { cloud, client } = await connected();
    const href = `${cloud.url}${root}/servers/detail?marker=1`;
    const body = { servers: [server('1')], servers_links: [{ rel: 'next', href }] };
    cloud.behaviours.push(on('GET', `${root}/servers/detail`, { status: 200, body }));
    await client.compute.listServers({ details: true }, ctx);
    expect(cloud.calls).toHaveLength(2);
  });

  test('reads a deleted server, of which little is left', async () => {
    const body = { servers: [{ id: '1', name: 'gone', status: 'DELETED' }] };
    const { result } = await sent({ status: 200, body }, client =>
      client.compute.listServers({ details: true }, ctx),
    );
    expect(result).toMatchObject({ servers: [{ status: 'DELETED', metadata: {}, addresses: {} }] });
  });
});

describe('creating a server', () => {
  const plain = { name: 'node', flavorRef: 'f', imageRef: 'i', networks: [{ port: 'p' }] };
  test.each<[string, CreateServer, object, string | undefined]>([
    ['plain', plain, { server: plain }, undefined],
    ['without a network', { ...plain, networks: 'none' }, { server: { ...plain, networks: 'none' } }, '2.37'],
    ['with tags', { ...plain, tags: ['quintupleo'] }, { server: { ...plain, tags: ['quintupleo'] } }, '2.52'],
    [
      'in a group',
      { ...plain, serverGroup: 'g' },
      { server: plain, 'os:scheduler_hints': { group: 'g' } },
      undefined,
    ],
    [
      'with a volume of a type, and tags',
      {
        name: 'node',
        flavorRef: 'f',
        tags: ['a'],
        block_device_mapping_v2: [
          {
            source_type: 'image',
            destination_type: 'volume',
            uuid: 'i',
            volume_size: 5,
            volume_type: 'ssd',
            boot_index: 0,
          },
        ],
      },
      {
        server: {
          name: 'node',
          flavorRef: 'f',
          tags: ['a'],
          block_device_mapping_v2: [
            {
              source_type: 'image',
              destination_type: 'volume',
              uuid: 'i',
              volume_size: 5,
              volume_type: 'ssd',
              boot_index: 0,
            },
          ],
        },
      },
      '2.67',
    ],
    [
      'with a tagged card',
      { ...plain, networks: [{ port: 'p', tag: 'nic0' }] },
      { server: { ...plain, networks: [{ port: 'p', tag: 'nic0' }] } },
      '2.42',
    ],
  ])('%s', async (_name, create, body, microversion) => {
    const reply = { status: 202, body: { server: { id: 'new' } } };
    expect(await sent(reply, client => client.compute.createServer(create, { find }, ctx))).toEqual({
      call: `POST ${root}/servers`,
      microversion: microversion && `compute ${microversion}`,
      body,
      result: { id: 'new' },
    });
  });
});

describe('acting on a server', () => {
  test.each<[Parameters<OpenStack['compute']['act']>[1], object, string | undefined]>([
    ['start', { 'os-start': null }, undefined],
    ['stop', { 'os-stop': null }, undefined],
    ['reboot-hard', { reboot: { type: 'HARD' } }, undefined],
    ['reboot-soft', { reboot: { type: 'SOFT' } }, undefined],
    ['unrescue', { unrescue: null }, undefined],
    ['crash-dump', { trigger_crash_dump: null }, 'compute 2.17'],
  ])('%s', async (action, body, microversion) => {
    expect(await sent(done, client => client.compute.act('1', action, ctx))).toMatchObject({
      call: `POST ${root}/servers/1/action`,
      body,
      microversion,
    });
  });

  test('rescue and rebuild speak the microversion that knows volumes, where the cloud does', async () => {
    const rescue = (client: OpenStack) => client.compute.rescue('1', 'i', ctx);
    expect(await sent({ status: 200, body: {} }, rescue)).toMatchObject({
      call: `POST ${root}/servers/1/action`,
      body: { rescue: { rescue_image_ref: 'i' } },
      microversion: 'compute 2.87',
    });
    expect(await sent(done, client => client.compute.rebuild('1', 'i', ctx))).toMatchObject({
      body: { rebuild: { imageRef: 'i' } },
      microversion: 'compute 2.93',
    });
    const { cloud, client } = await connected();
    const version = { id: 'v2.1', version: '2.60', min_version: '2.1' };
    cloud.behaviours.unshift(on('GET', `${root}/`, { status: 200, body: { version } }));
    cloud.behaviours.push(() => done);
    await rescue(client);
    expect(cloud.last.headers['openstack-api-version']).toBeUndefined();
  });

  test('reads consoles', async () => {
    const log = (client: OpenStack) => client.compute.consoleOutput('1', 20, ctx);
    expect(await sent({ status: 200, body: { output: 'login:' } }, log)).toMatchObject({
      call: `POST ${root}/servers/1/action`,
      body: { 'os-getConsoleOutput': { length: 20 } },
      result: 'login:',
    });
    const console = { protocol: 'serial', type: 'serial', url: 'ws://cloud:6083/?token=t' };
    const open = (client: OpenStack) => client.compute.serialConsole('1', ctx);
    expect(await sent({ status: 200, body: { remote_console: console } }, open)).toEqual({
      call: `POST ${root}/servers/1/remote-consoles`,
      microversion: 'compute 2.6',
      body: { remote_console: { protocol: 'serial', type: 'serial' } },
      result: { url: 'ws://cloud:6083/?token=t' },
    });
  });

  test('finds the page that shows a screen', async () => {
    const kind = { protocol: 'vnc', type: 'novnc' } as const;
    const console = { ...kind, url: 'https://cloud:6080/vnc_auto.html?path=%3Ftoken%3Dt' };
    const open = (client: OpenStack) => client.compute.screenConsole('1', kind, ctx);
    expect(await sent({ status: 200, body: { remote_console: console } }, open)).toEqual({
      call: `POST ${root}/servers/1/remote-consoles`,
      microversion: 'compute 2.6',
      body: { remote_console: kind },
      result: { url: console.url },
    });
  });

  test('plugs a port in', async () => {
    const answer = { interfaceAttachment: { port_id: 'p' } };
    expect(
      await sent({ status: 200, body: answer }, client => client.compute.attachPort('1', 'p', ctx)),
    ).toMatchObject({
      call: `POST ${root}/servers/1/os-interface`,
      body: { interfaceAttachment: { port_id: 'p' } },
    });
  });

  test('writes metadata and tags', async () => {
    const values = { 'quintupleo:lab': 'one' };
    expect(
      await sent({ status: 200, body: { metadata: values } }, client =>
        client.compute.setMetadata('1', values, ctx),
      ),
    ).toMatchObject({ call: `POST ${root}/servers/1/metadata`, body: { metadata: values } });
    expect(
      await sent({ status: 204 }, client => client.compute.deleteMetadata('1', 'quintupleo:lab', ctx)),
    ).toMatchObject({ call: `DELETE ${root}/servers/1/metadata/quintupleo%3Alab` });
    expect(
      await sent({ status: 200, body: { tags: ['a'] } }, client => client.compute.setTags('1', ['a'], ctx)),
    ).toMatchObject({
      call: `PUT ${root}/servers/1/tags`,
      body: { tags: ['a'] },
      microversion: 'compute 2.26',
    });
  });
});

describe('reading', () => {
  const flavor = {
    id: 'f',
    name: 'm1',
    vcpus: 1,
    ram: 512,
    disk: 1,
    'OS-FLV-EXT-DATA:ephemeral': 2,
    swap: '',
  };
  test.each<[string, (client: OpenStack) => Promise<unknown>, string, string | undefined, object, unknown]>([
    [
      'a server',
      client => client.compute.findServer('1', ctx),
      '/servers/1',
      'compute 2.47',
      { server: server('1') },
      server('1'),
    ],
    [
      'flavors',
      client => client.compute.flavors(ctx),
      '/flavors/detail',
      'compute 2.61',
      { flavors: [{ ...flavor, extra_specs: { 'hw:cpu_policy': 'shared' } }] },
      [{ ...flavor, extra_specs: { 'hw:cpu_policy': 'shared' } }],
    ],
    [
      'limits',
      client => client.compute.limits(ctx),
      '/limits',
      undefined,
      { limits: { rate: [], absolute: { maxTotalInstances: 10 } } },
      { maxTotalInstances: 10 },
    ],
    [
      'availability zones',
      client => client.compute.availabilityZones(ctx),
      '/os-availability-zone',
      undefined,
      { availabilityZoneInfo: [{ zoneName: 'nova', zoneState: { available: true }, hosts: null }] },
      [{ zoneName: 'nova', zoneState: { available: true }, hosts: null }],
    ],
    [
      'volumes of a server',
      client => client.compute.attachedVolumes('1', ctx),
      '/servers/1/os-volume_attachments',
      undefined,
      { volumeAttachments: [{ volumeId: 'v', device: '/dev/vdb' }] },
      [{ volumeId: 'v', device: '/dev/vdb' }],
    ],
    [
      'ports of a server',
      client => client.compute.interfaces('1', ctx),
      '/servers/1/os-interface',
      undefined,
      { interfaceAttachments: [{ port_id: 'p', net_id: 'n', mac_addr: '52:54:00:00:00:01', fixed_ips: [] }] },
      [{ port_id: 'p', net_id: 'n', mac_addr: '52:54:00:00:00:01', fixed_ips: [] }],
    ],
    [
      'actions on a server',
      client => client.compute.actions('1', ctx),
      '/servers/1/os-instance-actions',
      undefined,
      {
        instanceActions: [{ action: 'stop', request_id: 'req-1', start_time: '2026-11-23T12:00:00.000000' }],
      },
      [{ action: 'stop', request_id: 'req-1', start_time: '2026-11-23T12:00:00.000000' }],
    ],
    [
      'keypairs',
      client => client.compute.keypairs.list(ctx),
      '/os-keypairs',
      undefined,
      { keypairs: [{ keypair: { name: 'k', public_key: 'ssh-ed25519 A' } }] },
      [{ name: 'k', public_key: 'ssh-ed25519 A' }],
    ],
    [
      'server groups',
      client => client.compute.serverGroups.list(ctx),
      '/os-server-groups',
      'compute 2.15',
      { server_groups: [{ id: 'g', name: 'apart', policies: ['anti-affinity'], members: [], metadata: {} }] },
      [{ id: 'g', name: 'apart', policies: ['anti-affinity'], members: [], metadata: {} }],
    ],
  ])('%s', async (_name, call, path, microversion, body, result) => {
    expect(await sent({ status: 200, body }, call)).toEqual({
      call: `GET ${root}${path}`,
      microversion,
      body: '',
      result,
    });
  });
});

describe('keypairs and server groups', () => {
  test('are created and deleted', async () => {
    const keypair = { name: 'k/1', public_key: 'ssh-ed25519 A' };
    expect(
      await sent({ status: 200, body: { keypair } }, client =>
        client.compute.keypairs.create(keypair, { find }, ctx),
      ),
    ).toMatchObject({ call: `POST ${root}/os-keypairs`, body: { keypair }, result: keypair });
    expect(await sent(done, client => client.compute.keypairs.delete('k/1', ctx))).toMatchObject({
      call: `DELETE ${root}/os-keypairs/k%2F1`,
    });
    const group = { id: 'g', name: 'apart', policies: ['soft-anti-affinity'] };
    expect(
      await sent({ status: 200, body: { server_group: group } }, client =>
        client.compute.serverGroups.create({ name: 'apart', policy: 'soft-anti-affinity' }, { find }, ctx),
      ),
    ).toMatchObject({
      call: `POST ${root}/os-server-groups`,
      microversion: 'compute 2.15',
      body: { server_group: { name: 'apart', policies: ['soft-anti-affinity'] } },
      result: { id: 'g' },
    });
    expect(await sent({ status: 204 }, client => client.compute.serverGroups.delete('g', ctx))).toMatchObject(
      {
        call: `DELETE ${root}/os-server-groups/g`,
      },
    );
  });
});
