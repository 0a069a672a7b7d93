import { describe, expect, test } from 'vitest';
import { on, project, times, user } from './fake-cloud.ts';
import { connect, connected, ctx, server } from './harness.ts';

const servers = on('GET', '/compute/v2.1/servers/detail', { status: 200, body: { servers: [server('1')] } });
const listing = { details: true } as const;

describe('authentication', () => {
  test('a password is sent once, with the scope of the project', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(servers);
    expect(await client.project(ctx)).toEqual({
      projectId: project,
      projectName: 'lab',
      userId: user,
      userName: 'quint',
      roles: ['member'],
    });
    await client.compute.listServers(listing, ctx);
    await client.compute.listServers(listing, ctx);
    const authentications = cloud.requests.filter(request => request.path === '/identity/v3/auth/tokens');
    expect(authentications.map(request => request.body)).toEqual([
      {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: 'quint', domain: { id: 'default' }, password: 'sesame' } },
          },
          scope: { project: { name: 'lab', domain: { id: 'default' } } },
        },
      },
    ]);
    expect(cloud.last.headers['x-auth-token']).toBe('token-1');
  });

  test('an application credential is sent without a scope', async () => {
    const { cloud, client } = await connected(() => ({
      auth: { type: 'application-credential', credential: { id: 'ac' }, secret: 'open' },
      project: undefined,
    }));
    await client.project(ctx);
    expect(cloud.last.body).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'ac', secret: 'open' },
        },
      },
    });
  });

  test('an application credential may be named by its user', async () => {
    const { cloud, client } = await connected(() => ({
      auth: {
        type: 'application-credential',
        credential: { name: 'bmc', user: { name: 'quint', domain: { name: 'Default' } } },
        secret: 'open',
      },
      project: undefined,
    }));
    await client.project(ctx);
    expect(cloud.last.body).toMatchObject({
      auth: {
        identity: {
          application_credential: {
            name: 'bmc',
            user: { name: 'quint', domain: { name: 'Default' } },
            secret: 'open',
          },
        },
      },
    });
  });

  test('a token without a project beside it is used as it is', async () => {
    const { cloud, client } = await connected(() => ({
      auth: { type: 'token', token: 'mine' },
      project: undefined,
    }));
    cloud.behaviours.push(
      servers,
      on('GET', '/identity/v3/auth/tokens', () => cloud.token()),
    );
    await client.compute.listServers(listing, ctx);
    expect(cloud.requests[0]?.headers['x-subject-token']).toBe('mine');
    expect(cloud.last.headers['x-auth-token']).toBe('mine');
  });

  test('a token with a project beside it is exchanged for one with that scope', async () => {
    const { cloud, client } = await connected(() => ({ auth: { type: 'token', token: 'mine' } }));
    await client.project(ctx);
    expect(cloud.last.body).toMatchObject({
      auth: { identity: { methods: ['token'], token: { id: 'mine' } }, scope: { project: { name: 'lab' } } },
    });
  });

  test('a token that has expired ends in an error that says what to do', async () => {
    const { cloud, client } = await connected(() => ({ auth: { type: 'token', token: 'mine' } }));
    cloud.behaviours.unshift(
      on('POST', '/identity/v3/auth/tokens', { status: 401, body: { error: { code: 401, message: 'No.' } } }),
    );
    await expect(client.project(ctx)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('a token cannot be renewed: get a new one'),
    });
  });

  test('a wrong password is said in words of Keystone, and the password is not repeated', async () => {
    const { cloud, client } = await connected();
    const message = 'The request you have made requires authentication.';
    cloud.behaviours.unshift(
      on('POST', '/identity/v3/auth/tokens', { status: 401, body: { error: { code: 401, message } } }),
    );
    const error = await client.project(ctx).catch(error => error);
    expect(error).toMatchObject({ code: 'unauthorized', service: 'identity', status: 401, message });
    expect(JSON.stringify(error) + error.describe() + error.stack).not.toContain('sesame');
  });

  test('a token of no project is refused', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(
      on('POST', '/identity/v3/auth/tokens', () => cloud.token({ project: undefined })),
    );
    await expect(client.project(ctx)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('not scoped to a project'),
    });
  });

  test('a token is renewed some time before its end', async () => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.push(servers);
    await client.compute.listServers(listing, ctx);
    clock.skip(50 * 60_000);
    await client.compute.listServers(listing, ctx);
    expect(cloud.last.headers['x-auth-token']).toBe('token-1');
    clock.skip(6 * 60_000);
    await client.compute.listServers(listing, ctx);
    expect(cloud.last.headers['x-auth-token']).toBe('token-2');
  });

  test('the old token goes on while Keystone is away', async () => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.push(servers);
    await client.compute.listServers(listing, ctx);
    clock.skip(56 * 60_000);
    cloud.behaviours.unshift(on('POST', '/identity/v3/auth/tokens', { status: 503 }));
    await client.compute.listServers(listing, ctx);
    expect(cloud.last.headers['x-auth-token']).toBe('token-1');
  });

  test('calls that find their token revoked share one authentication and are made again', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(servers);
    await client.compute.listServers(listing, ctx);
    cloud.behaviours.unshift(request =>
      request.headers['x-auth-token'] === 'token-1' ? { status: 401, body: {} } : undefined,
    );
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.compute.listServers(listing, ctx)),
    );
    expect(answers.every(answer => answer.servers.length === 1)).toBe(true);
    expect(cloud.requests.filter(request => request.path.endsWith('/auth/tokens'))).toHaveLength(2);
  });

  test('a service that takes no token ends in an error', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(on('GET', '/compute/v2.1/servers/detail', { status: 401, body: {} }));
    await expect(client.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'unauthorized',
      service: 'compute',
    });
    expect(cloud.calls).toHaveLength(3);
  });

  test('a token of the second in which others were revoked is replaced, too', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(servers);
    await client.compute.listServers(listing, ctx);
    cloud.behaviours.unshift(request =>
      ['token-1', 'token-2'].includes(String(request.headers['x-auth-token']))
        ? { status: 401, body: {} }
        : undefined,
    );
    expect((await client.compute.listServers(listing, ctx)).servers).toHaveLength(1);
  });

  test('who gives up while others wait for a token does not take it from them', async () => {
    const { cloud, client } = await connected();
    const abort = new AbortController();
    const one = client.project({ ...ctx, signal: abort.signal });
    const other = client.project(ctx);
    abort.abort(new Error('enough'));
    await expect(one).rejects.toThrow('enough');
    expect(await other).toMatchObject({ projectId: project });
    expect(cloud.requests).toHaveLength(1);
  });
});

describe('finding services', () => {
  test('says what the catalog has of a service that is not where it should be', async () => {
    const { cloud } = await connected();
    const client = connect(cloud.config({ region: 'RegionThree' }));
    expect(await client.has('compute', ctx)).toBe(false);
    await expect(client.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'not-supported',
      message:
        'the catalog of cloud fake has no compute service with a public endpoint in region RegionThree; ' +
        'it has: internal in RegionOne, public in RegionTwo, public in RegionOne',
    });
  });

  test('says that a service is missing', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(
      on('POST', '/identity/v3/auth/tokens', () =>
        cloud.token({}, [cloud.service('compute', '/compute/v2.1')]),
      ),
    );
    expect(await client.has('compute', ctx)).toBe(true);
    expect(await client.has('identity', ctx)).toBe(true);
    expect(await client.has('block-storage', ctx)).toBe(false);
    await expect(client.volume.types(ctx)).rejects.toMatchObject({
      code: 'not-supported',
      service: 'block-storage',
      message: 'the catalog of cloud fake has no block-storage service',
    });
  });

  test.each(['volumev3', 'block-storage', 'block-store', 'volume'])(
    'takes %s for block storage',
    async type => {
      const { cloud, client } = await connected();
      cloud.behaviours.unshift(
        on('POST', '/identity/v3/auth/tokens', () =>
          cloud.token({}, [cloud.service(type, `/volume/v3/${project}`)]),
        ),
        on('GET', `/volume/v3/${project}/types`, { status: 200, body: { volume_types: [] } }),
      );
      expect(await client.volume.types(ctx)).toEqual([]);
    },
  );

  test('looks versions up where the catalog names none, and does not follow their links', async () => {
    const { cloud, client } = await connected();
    const version = (id: string, more: object = {}) => ({
      id,
      links: [{ rel: 'self', href: 'http://10.0.0.1/' }],
      ...more,
    });
    cloud.behaviours.unshift(
      on('POST', '/identity/v3/auth/tokens', () =>
        cloud.token({}, [
          cloud.service('compute', '/compute'),
          cloud.service('network', '/network/'),
          cloud.service('image', '/image'),
          cloud.service('block-storage', '/volume'),
        ]),
      ),
      on('GET', '/compute/', { status: 200, body: { versions: [version('v2.0'), version('v2.1')] } }),
      on('GET', '/network/', { status: 200, body: { versions: [version('v2.0')] } }),
      on('GET', '/image/', { status: 300, body: { versions: [version('v2.16'), version('v2.15')] } }),
      on('GET', '/volume/', { status: 300, body: { versions: [version('v3.0', { version: '3.70' })] } }),
      on('GET', '/network/v2.0/extensions', { status: 200, body: { extensions: [] } }),
      on('GET', '/image/v2/images', { status: 200, body: { images: [] } }),
      on('GET', `/volume/v3/${project}/types`, { status: 200, body: { volume_types: [] } }),
      servers,
    );
    await client.compute.listServers(listing, ctx);
    await client.network.extensions(ctx);
    await client.network.extensions(ctx);
    await client.image.list({}, ctx);
    await client.volume.types(ctx);
    expect(cloud.calls.filter(call => call === 'GET /network/')).toHaveLength(1);
  });

  test('passes an old version in the catalog by', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(
      on('POST', '/identity/v3/auth/tokens', () =>
        cloud.token({}, [cloud.service('compute', `/compute/v2/${project}`)]),
      ),
      on('GET', '/compute/', { status: 200, body: { versions: [{ id: 'v2.0' }, { id: 'v2.1' }] } }),
      servers,
    );
    await client.compute.listServers(listing, ctx);
    expect(cloud.calls.at(-1)).toBe('GET /compute/v2.1/servers/detail');
  });

  test('an endpoint of the configuration goes before that of the catalog', async () => {
    const { cloud, client } = await connected(cloud => ({
      endpointOverrides: { network: `${cloud.url}/other/v2.0` },
    }));
    cloud.behaviours.push(
      on('GET', '/other/v2.0/extensions', { status: 200, body: { extensions: [{ alias: 'trunk' }] } }),
    );
    expect(await client.network.extensions(ctx)).toEqual(['trunk']);
  });
});

describe('microversions', () => {
  test('are looked up once and sent in both headers', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(servers);
    await client.compute.listServers(listing, ctx);
    await client.compute.listServers(listing, ctx);
    expect(cloud.requests.filter(request => request.path === '/compute/v2.1/')).toHaveLength(1);
    expect(cloud.last.headers).toMatchObject({
      'openstack-api-version': 'compute 2.47',
      'x-openstack-nova-api-version': '2.47',
    });
  });

  test('that the cloud lacks end in an error that names what is needed and what there is', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(
      on('GET', '/compute/v2.1/', {
        status: 200,
        body: { version: { id: 'v2.1', version: '2.38', min_version: '2.1' } },
      }),
    );
    expect(await client.compute.versions(ctx)).toEqual({ version: '2.38', minVersion: '2.1' });
    await expect(client.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'not-supported',
      message: 'GET /servers/detail needs compute microversion 2.47; cloud fake speaks 2.1 to 2.38',
    });
    expect(cloud.calls).toEqual([]);
  });
});

describe('counts', () => {
  test('every request by service, verb, reason and status', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.push(servers);
    cloud.behaviours.unshift(times(1, on('GET', '/compute/v2.1/servers/detail', 'reset')));
    await client.compute.listServers(listing, { reason: 'poll' });
    expect(client.counts.entries()).toEqual([
      { service: 'identity', method: 'POST', reason: 'token', status: '201', count: 1 },
      { service: 'compute', method: 'GET', reason: 'discovery', status: '200', count: 1 },
      { service: 'compute', method: 'GET', reason: 'poll', status: 'unreachable', count: 1 },
      { service: 'compute', method: 'GET', reason: 'poll', status: '200', count: 1 },
    ]);
    expect(client.counts.total()).toBe(4);
    expect(client.counts.total('compute')).toBe(3);
  });
});
