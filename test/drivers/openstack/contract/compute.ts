import { describe, expect, test } from 'vitest';
import { type Json, list, object } from '../cloud-api.ts';
import { expectFault, nowhere, type Workspace } from './workspace.ts';

/** Fields of every server, by the microversion with which they came. */
const fieldsSince: Readonly<Record<number, readonly string[]>> = {
  1: [
    'OS-DCF:diskConfig',
    'OS-EXT-AZ:availability_zone',
    'OS-EXT-STS:power_state',
    'OS-EXT-STS:task_state',
    'OS-EXT-STS:vm_state',
    'OS-SRV-USG:launched_at',
    'OS-SRV-USG:terminated_at',
    'accessIPv4',
    'accessIPv6',
    'addresses',
    'config_drive',
    'created',
    'flavor',
    'hostId',
    'id',
    'image',
    'key_name',
    'links',
    'metadata',
    'name',
    'os-extended-volumes:volumes_attached',
    'status',
    'tenant_id',
    'updated',
    'user_id',
  ],
  9: ['locked'],
  19: ['description'],
  26: ['tags'],
  63: ['trusted_image_certificates'],
  71: ['server_groups'],
  73: ['locked_reason'],
  90: ['OS-EXT-SRV-ATTR:hostname'],
};

/** Fields that a server at rest has in a microversion, in alphabetical order. */
const fieldsOf = (minor: number): string[] =>
  Object.entries(fieldsSince)
    .flatMap(([since, fields]) => (Number(since) <= minor ? fields : []))
    .sort();

/** Nova, but for power: versions, creation, listings, what belongs to servers. */
export function computeContract(around: () => Workspace): void {
  const names = (body: Json) => list(body.servers).map(({ name }) => name);

  describe('microversions', () => {
    test('are told, and echoed', async () => {
      const { api } = around();
      const { status, body } = await api.get('compute', '/');
      expect(status).toBe(200);
      const version = object(body.version);
      expect(version).toMatchObject({
        status: 'CURRENT',
        min_version: '2.1',
        version: expect.stringMatching(/^2\.\d+$/),
      });
      const latest = await api.get('compute', '/servers', 'latest');
      expect(latest.headers.get('openstack-api-version')).toBe(`compute ${version.version}`);
    });

    test('that are not supported are refused', async () => {
      const { api } = around();
      for (const version of ['3.0', '2.9999']) {
        expectFault(
          await api.get('compute', '/servers', version),
          406,
          new RegExp(
            `^Version ${version} is not supported by the API. Minimum is 2.1 and maximum is 2.\\d+.$`,
          ),
        );
      }
      expectFault(
        await api.get('compute', '/servers', 'foo'),
        400,
        /API Version String foo is of invalid format/,
      );
    });
  });

  describe('creating a server is refused', () => {
    test.each<[string, Json, number, string | RegExp]>([
      [
        'on a network that is not there',
        { networks: [{ uuid: nowhere }] },
        400,
        `Network ${nowhere} could not be found.`,
      ],
      [
        'with a port that is not there',
        { networks: [{ port: nowhere }] },
        400,
        `Port id ${nowhere} could not be found.`,
      ],
      ['from an image that is not there', { imageRef: nowhere }, 400, 'Can not find requested image'],
      ['with a flavor that is not there', { flavorRef: 'nope' }, 400, 'Flavor nope could not be found.'],
      [
        'in a zone that is not there',
        { availability_zone: 'nope' },
        400,
        'The requested availability zone is not available',
      ],
      ['with a keypair that is not there', { key_name: 'nope' }, 400, 'Invalid key_name provided.'],
      [
        'with metadata that is no text',
        { metadata: { a: 5 } },
        400,
        "Invalid input for field/attribute a. Value: 5. 5 is not of type 'string'",
      ],
      [
        'with what is unknown',
        { nosuch: 1 },
        400,
        /Additional properties are not allowed \('nosuch' was unexpected\)$/,
      ],
    ])('%s', async (_case, extra, status, message) => {
      const { api } = around();
      const server = await around().serverBody('refused', extra);
      expectFault(await api.post('compute', '/servers', { server }), status, message);
    });

    test('with tags before 2.52, and without networks since 2.37', async () => {
      const { api } = around();
      const { networks: _networks, ...without } = await around().serverBody('refused');
      expectFault(
        await api.post('compute', '/servers', { server: without }),
        400,
        /'networks' is a required property$/,
      );
      const tagged = await around().serverBody('refused', { tags: ['x'] });
      expectFault(
        await api.post('compute', '/servers', { server: tagged }, '2.51'),
        400,
        /'tags' was unexpected/,
      );
    });
  });

  describe('a server', () => {
    let id = '';
    let portId = '';
    let networkId = '';
    let mac = '';
    let networkName = '';
    const show = (microversion?: string) => around().server(id, microversion);

    test('is built on a port of its owner’s', async () => {
      const segment = await around().segment('servers', '10.81.0.0/24');
      networkId = segment.networkId;
      mac = around().mac();
      const network = await around().api.get('network', `/v2.0/networks/${networkId}`);
      networkName = String(object(network.body.network).name);
      const port = await around().network('ports', 'port', {
        network_id: networkId,
        mac_address: mac,
        fixed_ips: [{ ip_address: '10.81.0.20' }],
      });
      portId = String(port.id);
      id = await around().createServer('server', {
        networks: [{ port: portId }],
        metadata: { 'quintupleo:lab': 'contract' },
        tags: ['quintupleo', around().prefix],
      });
      const seen = await around().settled(id, 'ACTIVE');
      expect(seen.slice(0, -1).every(state => state.startsWith('BUILD'))).toBe(true);
      expect(await show()).toMatchObject({
        name: around().name('server'),
        status: 'ACTIVE',
        'OS-EXT-STS:vm_state': 'active',
        'OS-EXT-STS:power_state': 1,
        tenant_id: around().api.projectId,
        metadata: { 'quintupleo:lab': 'contract' },
        tags: [around().prefix, 'quintupleo'],
        locked: false,
        config_drive: '',
        flavor: { original_name: expect.any(String), vcpus: expect.any(Number), ram: expect.any(Number) },
        addresses: {
          [networkName]: [
            { version: 4, addr: '10.81.0.20', 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS-MAC:mac_addr': mac },
          ],
        },
      });
    });

    test.each([1, 26, 79, 90])('shows the fields of microversion 2.%i', async minor => {
      // `progress` and `security_groups` come and go with its state and its ports.
      const { progress: _progress, security_groups: _groups, ...server } = await show(`2.${minor}`);
      expect(Object.keys(server).sort()).toEqual(fieldsOf(minor));
      expect(Object.keys(object(server.flavor)).sort()).toEqual(
        minor < 47
          ? ['id', 'links']
          : ['disk', 'ephemeral', 'extra_specs', 'original_name', 'ram', 'swap', 'vcpus'],
      );
    });

    test('has its port, which nobody else may have', async () => {
      const { api } = around();
      const port = object((await api.get('network', `/v2.0/ports/${portId}`)).body.port);
      expect(port).toMatchObject({ device_id: id, device_owner: expect.stringMatching(/^compute:/) });
      const server = await around().serverBody('second', { networks: [{ port: portId }] });
      expectFault(await api.post('compute', '/servers', { server }), 409, `Port ${portId} is still in use.`);
      const { body } = await api.get('compute', `/servers/${id}/os-interface`);
      expect(list(body.interfaceAttachments)).toMatchObject([
        { port_id: portId, net_id: networkId, mac_addr: mac },
      ]);
    });

    test('is listed, filtered and paged', async () => {
      const { api } = around();
      const mine = `tags=${around().prefix}`;
      expect(names((await api.get('compute', `/servers?${mine}`)).body)).toEqual([around().name('server')]);
      expect(names((await api.get('compute', `/servers?${mine},nosuch`)).body)).toEqual([]);
      const detail = await api.get('compute', `/servers/detail?${mine}`);
      expect(list(detail.body.servers)[0]).toMatchObject({ id, 'OS-EXT-STS:vm_state': 'active' });
      const page = await api.get('compute', `/servers?${mine}&limit=1`);
      const [link] = list(page.body.servers_links);
      expect(link).toMatchObject({ rel: 'next', href: expect.stringContaining(`marker=${id}`) });
      expect(names((await api.get('compute', String(link?.href))).body)).toEqual([]);

      const refused = async (query: string, status: number, message: string | RegExp) =>
        expectFault(await api.get('compute', `/servers/detail?${query}`), status, message);
      await refused('nosuch=1', 400, /'nosuch' does not match any of the regexes/);
      await refused('changes-since=garbage', 400, /'garbage' is not a 'date-time'/);
      await refused('limit=-1', 400, /'-1' does not match/);
      await refused(`marker=${nowhere}`, 400, `marker [${nowhere}] not found`);
      await refused('status=DELETED', 403, 'Only administrators may list deleted instances');
      await refused('status=NOPE', 400, 'Invalid status value');
      await refused('all_tenants=1', 403, /get_all_tenants/);
    });

    test('has metadata that can be added to, replaced and taken away', async () => {
      const { api } = around();
      const path = `/servers/${id}/metadata`;
      const added = await api.post('compute', path, { metadata: { x: '1' } });
      expect(added.body).toEqual({ metadata: { 'quintupleo:lab': 'contract', x: '1' } });
      const replaced = await api.put('compute', path, { metadata: { 'quintupleo:lab': 'contract', k: '2' } });
      expect(replaced.body).toEqual({ metadata: { 'quintupleo:lab': 'contract', k: '2' } });
      expect((await api.delete('compute', `${path}/k`)).status).toBe(204);
      expectFault(await api.delete('compute', `${path}/k`), 404, 'Metadata item was not found');
      expectFault(
        await api.post('compute', path, { metadata: { x: 1 } }),
        400,
        "Invalid input for field/attribute x. Value: 1. 1 is not of type 'string'",
      );
      expect((await show()).metadata).toEqual({ 'quintupleo:lab': 'contract' });
    });

    test('has tags since 2.26', async () => {
      const { api } = around();
      const path = `/servers/${id}/tags`;
      const tags = [around().prefix, 'quintupleo'];
      expect((await api.put('compute', path, { tags })).body).toEqual({ tags });
      expect((await api.put('compute', `${path}/zz`)).status).toBe(201);
      expect((await api.delete('compute', `${path}/zz`)).status).toBe(204);
      expectFault(await api.delete('compute', `${path}/zz`), 404, `Instance ${id} has no tag 'zz'`);
      expectFault(await api.get('compute', path, '2.1'), 404, 'The resource could not be found.');
      expectFault(await api.put('compute', path, { tags: ['a,b'] }), 400, /'a,b' does not match/);
    });

    test('has a console log, and a history of what was done', async () => {
      const { api } = around();
      const output = await around().act(id, { 'os-getConsoleOutput': { length: 1 } });
      expect(output).toMatchObject({ status: 200, body: { output: expect.any(String) } });
      expectFault(
        await around().act(id, { 'os-getConsoleOutput': { length: 'x' } }),
        400,
        /'x' does not match/,
      );
      const { body } = await api.get('compute', `/servers/${id}/os-instance-actions`);
      expect(list(body.instanceActions).at(-1)).toMatchObject({
        action: 'create',
        instance_uuid: id,
        request_id: expect.stringMatching(/^req-/),
      });
    });

    test('may be renamed', async () => {
      const reply = await around().api.put('compute', `/servers/${id}`, {
        server: { name: around().name('new') },
      });
      expect(reply).toMatchObject({ status: 200, body: { server: { name: around().name('new') } } });
    });

    test('is seen once more when it is deleted, without its metadata, and leaves its port', async () => {
      const { api } = around();
      const { date } = Object.fromEntries((await api.get('compute', '/servers')).headers);
      const since = new Date(Date.parse(date ?? '') - 1_000).toISOString();
      expect((await api.delete('compute', `/servers/${id}`)).status).toBe(204);
      await around().untilGone(id);
      expectFault(await api.delete('compute', `/servers/${id}`), 404, `Instance ${id} could not be found.`);
      const { body } = await api.get('compute', `/servers/detail?changes-since=${encodeURIComponent(since)}`);
      expect(list(body.servers).find(server => server.id === id)).toMatchObject({
        status: 'DELETED',
        'OS-EXT-STS:vm_state': 'deleted',
        'OS-EXT-STS:task_state': null,
        'OS-EXT-STS:power_state': 0,
        metadata: {},
        addresses: {},
      });
      const future = new Date(Date.parse(date ?? '') + 3_600_000).toISOString();
      expect((await api.get('compute', `/servers/detail?changes-since=${future}`)).body.servers).toEqual([]);
      const port = object((await api.get('network', `/v2.0/ports/${portId}`)).body.port);
      expect(port).toMatchObject({ device_id: '', device_owner: '', mac_address: mac });
    });

    test('takes along the port that Nova made for it', async () => {
      const { api } = around();
      const own = await around().createServer('own-port', { networks: [{ uuid: networkId }] });
      await around().settled(own, 'ACTIVE');
      const ports = () => api.get('network', `/v2.0/ports?device_id=${own}`);
      expect(list((await ports()).body.ports)).toMatchObject([
        { mac_address: expect.stringMatching(/^fa:16:3e/) },
      ]);
      await api.delete('compute', `/servers/${own}`);
      await around().untilGone(own);
      expect((await ports()).body.ports).toEqual([]);
    });

    test('that is not there is not found', async () => {
      const { api } = around();
      expectFault(await api.get('compute', '/servers/nope'), 404, 'Instance nope could not be found.');
    });
  });
}
