import { describe, expect, test } from 'vitest';
import { on, type Reply, times } from './fake-cloud.ts';
import { connect, connected, ctx, server } from './harness.ts';

const path = '/compute/v2.1/servers/detail';
const listing = { details: true } as const;
const servers = on('GET', path, { status: 200, body: { servers: [server('1')] } });
const nothing = async () => undefined;

describe('passing faults', () => {
  test.each<[string, Reply]>([
    ['429', { status: 429 }],
    ['500', { status: 500, body: { computeFault: { code: 500, message: 'Unexpected API Error.' } } }],
    [
      '502 of a proxy',
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' },
    ],
    ['503', { status: 503 }],
    ['a connection cut', 'reset'],
  ])('%s is tried again, with waits that grow', async (_name, reply) => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.unshift(times(3, on('GET', path, reply)), servers);
    expect((await client.compute.listServers(listing, ctx)).servers).toHaveLength(1);
    expect(clock.waits).toEqual([500, 1000, 2000]);
  });

  test('end within about half a minute', async () => {
    const { cloud, clock, client } = await connected();
    const message = 'The server is currently unavailable.';
    cloud.behaviours.unshift(on('GET', path, { status: 503, body: { message } }));
    await expect(client.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'server-fault',
      status: 503,
      message,
    });
    expect(clock.waits).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });

  test('Retry-After in seconds is waited for', async () => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.unshift(
      times(1, on('GET', path, { status: 429, headers: { 'retry-after': '7' } })),
      servers,
    );
    await client.compute.listServers(listing, ctx);
    expect(clock.waits).toEqual([7000]);
  });

  test('Retry-After as a date is by the clock of the cloud', async () => {
    const { cloud, clock, client } = await connected();
    const headers = { date: 'Mon, 02 Mar 2015 10:00:00 GMT', 'retry-after': 'Mon, 02 Mar 2015 10:00:11 GMT' };
    cloud.behaviours.unshift(times(1, on('GET', path, { status: 503, headers })), servers);
    await client.compute.listServers(listing, ctx);
    expect(clock.waits).toEqual([11_000]);
  });

  test('a Retry-After beyond our patience is an error at once', async () => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.unshift(on('GET', path, { status: 429, headers: { 'retry-after': '3600' } }));
    await expect(client.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'over-limit',
      retryAfter: 3_600_000,
    });
    expect(clock.waits).toEqual([]);
  });

  test('a server that cannot be reached', async () => {
    const { cloud, client } = await connected();
    const lost = connect(cloud.config({ endpointOverrides: { compute: 'http://127.0.0.1:1/v2.1' } }));
    await expect(lost.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'unreachable',
      service: 'compute',
      status: undefined,
      message: expect.stringContaining('cannot reach the compute service at http://127.0.0.1:1: '),
    });
    expect(lost.counts.entries().find(entry => entry.service === 'compute')?.status).toBe('unreachable');
    expect(client.counts.total()).toBe(0);
  });

  test('an answer that never comes', async () => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.unshift(
      on('GET', path, () => {
        setImmediate(() => clock.runOut());
        return 'silence';
      }),
    );
    await expect(client.compute.listServers(listing, ctx)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no answer within 60 seconds'),
    });
  });

  test('who gives up ends the request', async () => {
    const { cloud, client } = await connected();
    const abort = new AbortController();
    cloud.behaviours.unshift(
      on('GET', path, () => {
        abort.abort(new Error('enough'));
        return 'silence';
      }),
    );
    await expect(client.compute.listServers(listing, { ...ctx, signal: abort.signal })).rejects.toThrow(
      'enough',
    );
    expect(client.counts.entries().at(-1)).toMatchObject({ status: 'aborted', count: 1 });
  });

  test('who gives up ends the wait between two tries', async () => {
    const { cloud, client } = await connected();
    const abort = new AbortController();
    cloud.behaviours.unshift(
      on('GET', path, () => {
        setImmediate(() => abort.abort(new Error('enough')));
        return { status: 503 };
      }),
    );
    await expect(client.compute.listServers(listing, { ...ctx, signal: abort.signal })).rejects.toThrow(
      'enough',
    );
  });
});

describe('what changes something', () => {
  const create = { name: 'node', flavorRef: 'f' };
  const accepted: Reply = { status: 202, body: { server: { id: 'made' } } };
  const creates = '/compute/v2.1/servers';

  test('a create whose connection was cut before it was taken is sent again when nothing is found', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(times(1, on('POST', creates, 'reset')), on('POST', creates, accepted));
    let looks = 0;
    const find = async () => {
      looks++;
      return undefined;
    };
    expect(await client.compute.createServer(create, { find }, ctx)).toEqual({ id: 'made' });
    expect(looks).toBe(1);
    expect(cloud.calls).toEqual(['POST /compute/v2.1/servers', 'POST /compute/v2.1/servers']);
  });

  test('a create whose connection was cut after it was taken is found, and not sent again', async () => {
    const { cloud, client } = await connected();
    const made: string[] = [];
    cloud.behaviours.unshift(
      on('POST', creates, () => {
        made.push('server-1');
        return 'reset';
      }),
      on('GET', path, () => ({ status: 200, body: { servers: made.map(id => server(id)) } })),
    );
    const find = async () => (await client.compute.listServers(listing, ctx)).servers[0];
    expect(await client.compute.createServer(create, { find }, ctx)).toMatchObject({ id: 'server-1' });
    expect(made).toEqual(['server-1']);
  });

  test('a create that is never answered is looked for', async () => {
    const { cloud, clock, client } = await connected();
    cloud.behaviours.unshift(
      on('POST', creates, () => {
        setImmediate(() => {
          clock.skip(60_000);
          clock.runOut();
        });
        return 'silence';
      }),
    );
    const found = { ...server('left'), metadata: {}, addresses: {} };
    expect(await client.compute.createServer(create, { find: async () => found }, ctx)).toMatchObject({
      id: 'left',
    });
    expect(cloud.calls).toHaveLength(1);
  });

  test('a create whose answer makes no sense is looked for', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(on('POST', creates, { status: 202, body: '{"server": {"id": "ma' }));
    const found = { ...server('left'), metadata: {}, addresses: {} };
    expect(await client.compute.createServer(create, { find: async () => found }, ctx)).toMatchObject({
      id: 'left',
    });
    await expect(client.compute.createServer(create, { find: nothing }, ctx)).rejects.toMatchObject({
      code: 'server-fault',
    });
    expect(cloud.calls).toHaveLength(2);
  });

  test('a create that is refused is an error at once', async () => {
    const { cloud, clock, client } = await connected();
    const message = 'Quota exceeded for instances: Requested 1, but already used 10 of 10 instances';
    cloud.behaviours.unshift(
      on('POST', creates, { status: 403, body: { forbidden: { code: 403, message } } }),
    );
    const find = () => Promise.reject(new Error('looked for nothing'));
    await expect(client.compute.createServer(create, { find }, ctx)).rejects.toMatchObject({
      code: 'over-limit',
      message,
    });
    expect(clock.waits).toEqual([]);
  });

  test('an action that the cloud may have begun is not sent again', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(on('POST', '/compute/v2.1/servers/1/action', 'reset'));
    await expect(client.compute.act('1', 'reboot-hard', ctx)).rejects.toMatchObject({
      code: 'unreachable',
      effect: 'unknown',
      passing: true,
    });
    expect(cloud.calls).toHaveLength(1);
  });

  test('an action that the cloud has not taken is sent again', async () => {
    const { cloud, client } = await connected();
    const action = '/compute/v2.1/servers/1/action';
    cloud.behaviours.unshift(
      times(2, on('POST', action, { status: 503 })),
      on('POST', action, { status: 202 }),
    );
    await client.compute.act('1', 'start', ctx);
    expect(cloud.calls).toHaveLength(3);
  });

  test('what is gone is deleted', async () => {
    const { cloud, client } = await connected();
    const target = '/compute/v2.1/servers/1';
    // The first try was taken, but its answer lost.
    cloud.behaviours.unshift(times(1, on('DELETE', target, 'reset')));
    await client.compute.deleteServer('1', ctx);
    expect(cloud.calls).toEqual([`DELETE ${target}`, `DELETE ${target}`]);
  });
});

describe('what the cloud says', () => {
  const html = (title: string, text: string) =>
    `<html><head><title>${title}</title></head><body><h1>${title}</h1>${text}<br /></body></html>`;
  const markup = { 'content-type': 'text/html; charset=UTF-8' };

  test.each<[string, number, unknown, string, string, Record<string, string>?]>([
    [
      'nova',
      409,
      { conflictingRequest: { code: 409, message: 'Instance is locked' } },
      'conflict',
      'Instance is locked',
    ],
    [
      'neutron',
      409,
      { NeutronError: { type: 'NetworkInUse', message: 'In use.', detail: '' } },
      'conflict',
      'In use.',
    ],
    [
      'neutron',
      409,
      { NeutronError: { type: 'OverQuota', message: 'Quota exceeded' } },
      'over-limit',
      'Quota exceeded',
    ],
    [
      'cinder',
      413,
      { overLimit: { code: 413, message: 'VolumeLimitExceeded' } },
      'over-limit',
      'VolumeLimitExceeded',
    ],
    [
      'keystone',
      403,
      { error: { code: 403, message: 'You are not.', title: 'Forbidden' } },
      'forbidden',
      'You are not.',
    ],
    [
      'microversions',
      406,
      { errors: [{ status: 406, title: 'No', detail: 'Not that one.' }] },
      'not-supported',
      'Not that one.',
    ],
    [
      'glance',
      400,
      html('400 Bad Request', 'Disk format &quot;x&quot; is bad.'),
      'bad-request',
      'Disk format "x" is bad.',
      markup,
    ],
    [
      'glance in JSON',
      400,
      { message: 'No such format.<br /><br />\n\n\n', code: '400 Bad Request' },
      'bad-request',
      'No such format.',
    ],
    ['glance', 404, html('404 Not Found', ''), 'not-found', 'compute answered with HTTP status 404', markup],
    [
      'a proxy',
      413,
      'Request Entity Too Large\n',
      'too-large',
      'Request Entity Too Large',
      { 'content-type': 'text/plain' },
    ],
    ['nobody', 400, '', 'bad-request', 'compute answered with HTTP status 400'],
    ['a redirection', 302, '', 'server-fault', 'compute answered with HTTP status 302'],
  ])('%s with %i', async (_who, status, body, code, message, headers = {}) => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(
      on('GET', path, { status, body, headers: { ...headers, 'x-openstack-request-id': 'req-1' } }),
    );
    const error = await client.compute.listServers(listing, ctx).catch(error => error);
    expect(error).toMatchObject({
      code,
      status,
      message,
      service: 'compute',
      requestId: 'req-1',
      effect: 'none',
    });
    expect(error.describe()).toBe(`compute GET ${cloud.url}${path}: ${status} ${code}: ${message} (req-1)`);
  });

  test('a page of prose is cut', async () => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(on('GET', path, { status: 400, body: 'word '.repeat(10_000) }));
    const error = await client.compute.listServers(listing, ctx).catch(error => error);
    expect(error.message.length).toBeLessThan(600);
  });
});

describe('answers that make no sense', () => {
  test.each<[string, Reply, string]>([
    [
      'JSON cut short',
      { status: 200, body: '{"servers": [' },
      'an answer that is no JSON (application/json, 13 characters)',
    ],
    [
      'a login page',
      { status: 200, body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } },
      'an answer that is no JSON (text/html, 20 characters)',
    ],
    ['something else', { status: 200, body: { servers: [{ name: 'x' }] } }, 'servers.0.id'],
    ['null', { status: 200, body: 'null' }, 'the body'],
    ['nothing', { status: 200, body: '' }, 'no JSON'],
  ])('%s', async (_name, reply, what) => {
    const { cloud, client } = await connected();
    cloud.behaviours.unshift(on('GET', path, reply));
    const error = await client.compute.listServers(listing, ctx).catch(error => error);
    expect(error).toMatchObject({ code: 'server-fault', status: 200, url: `${cloud.url}${path}` });
    expect(error.message).toContain(`GET ${cloud.url}${path} gave`);
    expect(error.message).toContain(what);
  });

  test('a body that is shorter than announced is asked for again', async () => {
    const { cloud, client } = await connected();
    const short: Reply = {
      status: 200,
      body: '{"servers": [',
      headers: { 'content-length': '100', connection: 'close' },
    };
    cloud.behaviours.unshift(times(1, on('GET', path, short)), servers);
    expect((await client.compute.listServers(listing, ctx)).servers).toHaveLength(1);
  });
});
