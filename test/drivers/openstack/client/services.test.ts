import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { on, project, user } from './fake-cloud.ts';
import { connected, ctx } from './harness.ts';

const find = async () => undefined;

describe('network', () => {
  const root = '/network/v2.0';
  const port = { id: 'p', name: 'nic0', network_id: 'n', mac_address: '52:54:00:00:00:01', tags: [] };

  test('lists, follows pages and filters', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(request => {
      if (request.path.includes('marker')) return { status: 200, body: { ports: [{ ...port, id: 'q' }] } };
      const href = `${cloud.url}${root}/ports?limit=1&marker=p`;
      return { status: 200, body: { ports: [port], ports_links: [{ rel: 'next', href }] } };
    });
    const query = { tags: 'quintupleo,quintupleo:lab=one', status: ['ACTIVE', 'DOWN'], name: undefined };
    expect((await client.network.ports.list(query, ctx)).map(({ id }) => id)).toEqual(['p', 'q']);
    expect(cloud.calls).toEqual([
      `GET ${root}/ports?tags=quintupleo%2Cquintupleo%3Alab%3Done&status=ACTIVE&status=DOWN`,
      `GET ${root}/ports?limit=1&marker=p`,
    ]);
  });

  test('gets, creates, updates, tags and deletes', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(request =>
      request.method === 'DELETE'
        ? { status: 204 }
        : { status: request.method === 'POST' ? 201 : 200, body: { port } },
    );
    expect(await client.network.ports.get('p', ctx)).toMatchObject(port);
    const create = { network_id: 'n', mac_address: port.mac_address, port_security_enabled: false };
    expect(await client.network.ports.create(create, { find }, ctx)).toMatchObject({ id: 'p' });
    expect(cloud.last.body).toEqual({ port: create });
    await client.network.ports.update('p', { name: 'nic0' }, ctx);
    expect(cloud.last.body).toEqual({ port: { name: 'nic0' } });
    await client.network.setTags('ports', 'p', ['quintupleo'], ctx);
    expect(cloud.last.body).toEqual({ tags: ['quintupleo'] });
    await client.network.ports.delete('p', ctx);
    expect(cloud.calls).toEqual([
      `GET ${root}/ports/p`,
      `POST ${root}/ports`,
      `PUT ${root}/ports/p`,
      `PUT ${root}/ports/p/tags`,
      `DELETE ${root}/ports/p`,
    ]);
    expect(cloud.requests.every(request => !('openstack-api-version' in request.headers))).toBe(true);
  });

  test('spells the names of every kind', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(
      on('GET', `${root}/security-groups`, { status: 200, body: { security_groups: [] } }),
    );
    cloud.behaviours.push(on('GET', `${root}/floatingips`, { status: 200, body: { floatingips: [] } }));
    cloud.behaviours.push(on('GET', `${root}/trunks`, { status: 200, body: { trunks: [] } }));
    cloud.behaviours.push(on('GET', `${root}/routers`, { status: 200, body: { routers: [] } }));
    cloud.behaviours.push(on('GET', `${root}/subnets`, { status: 200, body: { subnets: [] } }));
    cloud.behaviours.push(on('GET', `${root}/networks`, { status: 200, body: { networks: [] } }));
    const { securityGroups, floatingIps, trunks, routers, subnets, networks } = client.network;
    for (const kind of [securityGroups, floatingIps, trunks, routers, subnets, networks]) {
      expect(await kind.list({}, ctx)).toEqual([]);
    }
    const answer = { status: 201, body: { security_group: { id: 's', name: 'web' } } };
    cloud.behaviours.push(on('POST', `${root}/security-groups`, answer));
    await client.network.securityGroups.create({ name: 'web' }, { find }, ctx);
    expect(cloud.last.body).toEqual({ security_group: { name: 'web' } });
  });

  test('joins routers and subnets', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(
      on('PUT', `${root}/routers/r/add_router_interface`, { status: 200, body: { port_id: 'p' } }),
    );
    expect(await client.network.addRouterInterface('r', { subnet_id: 's' }, ctx)).toEqual({ port_id: 'p' });
    expect(cloud.last.body).toEqual({ subnet_id: 's' });
    // The cloud has none: 404 is success.
    await client.network.removeRouterInterface('r', { subnet_id: 's' }, ctx);
    expect(cloud.calls.at(-1)).toBe(`PUT ${root}/routers/r/remove_router_interface`);
  });

  test('tells extensions and quotas', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(
      on('GET', `${root}/extensions`, { status: 200, body: { extensions: [{ alias: 'port-security' }] } }),
      on('GET', `${root}/quotas/${project}/details`, {
        status: 200,
        body: { quota: { port: { limit: 500, used: 3, reserved: 0 } } },
      }),
    );
    expect(await client.network.extensions(ctx)).toEqual(['port-security']);
    expect(await client.network.quotas(ctx)).toEqual({ port: { limit: 500, used: 3, reserved: 0 } });
  });
});

describe('image', () => {
  const root = '/image/v2';
  const image = { id: 'i', name: 'ipxe', status: 'queued', tags: [] };

  test('lists, follows pages and filters', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(request =>
      request.path.includes('marker')
        ? { status: 200, body: { images: [{ ...image, id: 'j' }] } }
        : { status: 200, body: { images: [image], next: '/v2/images?tag=a&tag=b&marker=i' } },
    );
    const images = await client.image.list({ tag: ['a', 'b'] }, ctx);
    expect(images.map(({ id }) => id)).toEqual(['i', 'j']);
    expect(cloud.calls).toEqual([
      `GET ${root}/images?tag=a&tag=b`,
      `GET ${root}/images?tag=a&tag=b&marker=i`,
    ]);
  });

  test('creates, uploads, changes and deletes', async () => {
    const { cloud, client } = await connected();
    const folder = mkdtempSync(join(tmpdir(), 'quintupleo-image-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'ipxe.iso'), 'an image');
    cloud.behaviours.push(request =>
      ['PUT', 'DELETE'].includes(request.method) ? { status: 204 } : { status: 200, body: image },
    );
    const create = {
      name: 'ipxe',
      disk_format: 'iso',
      container_format: 'bare',
      tags: ['quintupleo', 'quintupleo:firmware'],
    } as const;
    await client.image.create({ ...create, properties: { quintupleo_sha256: 'ab' } }, { find }, ctx);
    expect(cloud.last.body).toEqual({ ...create, quintupleo_sha256: 'ab' });
    await client.image.upload('i', join(folder, 'ipxe.iso'), ctx);
    expect(cloud.last).toMatchObject({
      body: 'an image',
      headers: { 'content-type': 'application/octet-stream', 'content-length': '8' },
    });
    await client.image.update('i', { os_shutdown_timeout: '0', 'a/b': null }, ctx);
    expect(cloud.last).toMatchObject({
      headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      body: [
        { op: 'add', path: '/os_shutdown_timeout', value: '0' },
        { op: 'remove', path: '/a~1b' },
      ],
    });
    await client.image.delete('i', ctx);
    expect(cloud.calls).toEqual([
      `POST ${root}/images`,
      `PUT ${root}/images/i/file`,
      `PATCH ${root}/images/i`,
      `DELETE ${root}/images/i`,
    ]);
  });

  test('an upload is not tried twice', async () => {
    const { cloud, client } = await connected();
    const folder = mkdtempSync(join(tmpdir(), 'quintupleo-image-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'ipxe.iso'), 'an image');
    cloud.behaviours.push(() => ({ status: 503 }));
    await expect(client.image.upload('i', join(folder, 'ipxe.iso'), ctx)).rejects.toMatchObject({
      status: 503,
    });
    expect(cloud.calls).toHaveLength(1);
  });
});

describe('block storage', () => {
  const root = `/volume/v3/${project}`;
  const volume = { id: 'v', name: 'disk', status: 'creating', size: 5 };

  test('lists, creates and deletes volumes; tells types and limits', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(
      on('GET', `${root}/volumes/detail`, { status: 200, body: { volumes: [volume] } }),
      on('POST', `${root}/volumes`, { status: 202, body: { volume } }),
      on('DELETE', `${root}/volumes/v`, { status: 202 }),
      on('GET', `${root}/types`, { status: 200, body: { volume_types: [{ id: 't', name: 'ssd' }] } }),
      on('GET', `${root}/limits`, { status: 200, body: { limits: { absolute: { maxTotalVolumes: 10 } } } }),
    );
    expect(await client.volume.volumes.list({}, ctx)).toMatchObject([{ id: 'v', metadata: {} }]);
    const create = { name: 'disk', size: 5, metadata: { 'quintupleo:lab': 'one' } };
    expect(await client.volume.volumes.create(create, { find }, ctx)).toMatchObject({ id: 'v' });
    expect(cloud.last.body).toEqual({ volume: create });
    await client.volume.volumes.delete('v', ctx);
    expect(await client.volume.types(ctx)).toEqual([{ id: 't', name: 'ssd' }]);
    expect(await client.volume.limits(ctx)).toEqual({ maxTotalVolumes: 10 });
  });

  test('lists and deletes attachments, with the microversion that has them', async () => {
    const { cloud, client } = await connected();
    const attachment = { id: 'a', status: 'attached', instance: 's', volume_id: 'v' };
    cloud.behaviours.push(
      on('GET', '/volume/v3/', {
        status: 200,
        body: { versions: [{ id: 'v3.0', version: '3.70', min_version: '3.0', status: 'CURRENT' }] },
      }),
      on('GET', `${root}/attachments`, { status: 200, body: { attachments: [attachment] } }),
      on('DELETE', `${root}/attachments/a`, { status: 200, body: { attachments: [] } }),
    );
    expect(await client.volume.attachmentsOf('v', ctx)).toEqual([attachment]);
    expect(cloud.calls.at(-1)).toBe(`GET ${root}/attachments?volume_id=v`);
    await client.volume.deleteAttachment('a', ctx);
    expect(cloud.last.headers['openstack-api-version']).toBe('volume 3.27');
    // One that is gone is no error.
    await client.volume.deleteAttachment('b', ctx);
    expect(cloud.calls.slice(-2)).toEqual([`DELETE ${root}/attachments/a`, `DELETE ${root}/attachments/b`]);
  });
});

describe('identity', () => {
  const root = `/identity/v3/users/${user}/application_credentials`;
  const expiresAt = new Date('2026-12-01T00:00:00Z');

  test('makes and revokes restricted application credentials', async () => {
    const { cloud, client } = await connected();
    const made = { id: 'ac', name: 'bmc', secret: 'open' };
    cloud.behaviours.push(
      on('POST', root, { status: 201, body: { application_credential: made } }),
      on('GET', root, { status: 200, body: { application_credentials: [{ id: 'ac', name: 'bmc' }] } }),
      on('DELETE', `${root}/ac`, { status: 204 }),
    );
    const accessRules = [{ service: 'compute', method: 'GET', path: '/v2.1/servers/detail' }] as const;
    const credential = { name: 'bmc', roles: ['member'], accessRules, expiresAt };
    expect(await client.identity.createApplicationCredential(credential, ctx)).toEqual({
      id: 'ac',
      secret: 'open',
    });
    expect(cloud.last.body).toEqual({
      application_credential: {
        name: 'bmc',
        roles: [{ name: 'member' }],
        access_rules: accessRules,
        expires_at: '2026-12-01T00:00:00.000Z',
        unrestricted: false,
      },
    });
    expect(await client.identity.listApplicationCredentials(ctx)).toEqual([{ id: 'ac', name: 'bmc' }]);
    await client.identity.deleteApplicationCredential('ac', ctx);
    expect(cloud.calls.at(-1)).toBe(`DELETE ${root}/ac`);
  });

  test('tells the projects of the user', async () => {
    const { cloud, client } = await connected();
    const projects = [{ id: project, name: 'lab' }];
    cloud.behaviours.push(on('GET', '/identity/v3/auth/projects', { status: 200, body: { projects } }));
    expect(await client.identity.projects(ctx)).toEqual(projects);
  });
});
