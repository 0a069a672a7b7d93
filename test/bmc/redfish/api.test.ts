import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { RedfishApi } from '../../../src/bmc/redfish/api.ts';
import type { JsonObject } from '../../../src/bmc/redfish/json.ts';
import { Router } from '../../../src/bmc/redfish/protocol/router.ts';
import { action, done, serviceResource, writing } from '../../../src/bmc/redfish/resource.ts';
import { basic, createFixture, type Fixture } from './fixture.ts';

const system = '/redfish/v1/Systems/n1';
const sessionService = '/redfish/v1/SessionService';

describe('paths', () => {
  test.each([
    '/',
    '/nothing',
    '/redfish/v2',
    '/redfish/v1/Nothing',
    '/redfish/v1/Systems/n9',
    '/redfish/v1//Systems',
    '/redfish/v1/Systems/n1/../n2',
    '/redfish/v1/Systems/%2e%2e/Systems',
    '/redfish/v1/Systems%2fn1',
    '/redfish/v1/Systems/n1%00',
    '/redfish/v1/Systems/%ff',
    '/redfish/v1/Systems/%',
    '/redfish/v1/Systems/__proto__',
    '/redfish/v1/AccountService/Roles/constructor',
    '/redfish/v1/JsonSchemas/..%2f..%2fpackage.json',
    '/redfish/v1/Registries/Base.1.22.1/..%2fBase.1.22.1.json',
    `/redfish/v1/${'a/'.repeat(5000)}`,
  ])('nothing is at %s', async path => {
    const { ask } = await createFixture();
    const answer = await ask('GET', path);
    expect(answer.status).toBe(404);
    expect(answer.at('/error/code')).toBe('Base.1.22.ResourceMissingAtURI');
  });

  test('a slash at the end says nothing', async () => {
    const { ask } = await createFixture();
    for (const path of ['/redfish', '/redfish/v1', '/redfish/v1/Systems', '/redfish/v1/$metadata']) {
      expect((await ask('GET', `${path}/`)).text).toBe((await ask('GET', path)).text);
    }
  });

  test('a node goes by its UUID too, and is called by its name', async () => {
    const { ask, bmc } = await createFixture();
    const { uuid } = bmc('n2').node.spec;
    expect((await ask('GET', `/redfish/v1/Systems/${uuid.toUpperCase()}`)).body['@odata.id']).toBe(
      '/redfish/v1/Systems/n2',
    );
  });
});

describe('methods', () => {
  test('HEAD is GET without its body', async () => {
    const { ask } = await createFixture();
    for (const path of [system, '/redfish/v1/$metadata', '/redfish/v1/Nothing']) {
      const [head, get] = [await ask('HEAD', path), await ask('GET', path)];
      expect(head).toMatchObject({ status: get.status, headers: get.headers, text: '' });
    }
  });

  test('every answer to GET says what else may be asked', async () => {
    const { ask } = await createFixture();
    expect((await ask('GET', system)).headers.Allow).toBe('GET, HEAD, PATCH');
    expect((await ask('GET', '/redfish/v1/$metadata')).headers.Allow).toBe('GET, HEAD');
    expect(await ask('OPTIONS', system)).toMatchObject({
      status: 204,
      headers: { Allow: 'GET, HEAD, PATCH' },
    });
  });

  test.each([
    ['DELETE', system, 'GET, HEAD, PATCH'],
    ['PUT', system, 'GET, HEAD, PATCH'],
    ['TRACE', '/redfish/v1/', 'GET, HEAD'],
    ['GET', `${system}/Actions/ComputerSystem.Reset`, 'POST'],
    ['POST', '/redfish/v1/odata', 'GET, HEAD'],
  ])('%s of %s is not allowed', async (method, path, allow) => {
    const { ask } = await createFixture();
    const answer = await ask(method, path, method === 'POST' ? {} : undefined);
    expect(answer).toMatchObject({ status: 405, headers: { Allow: allow } });
    expect(answer.at('/error/code')).toBe('Base.1.22.OperationNotAllowed');
  });
});

describe('headers', () => {
  test('answers say what they are and where their schema is', async () => {
    const { ask } = await createFixture();
    const { headers } = await ask('GET', system);
    expect(headers).toMatchObject({
      'OData-Version': '4.0',
      'Cache-Control': 'no-cache',
      'Content-Type': 'application/json;charset=utf-8',
    });
    const [, schema = ''] = /^<(.*)>; rel=describedby$/.exec(headers.Link ?? '') ?? [];
    expect((await ask('GET', schema)).body.title).toBe('#ComputerSystem.v1_27_0.ComputerSystem');
  });

  test('another version of OData is refused', async () => {
    const { ask } = await createFixture();
    expect((await ask('GET', '/redfish/v1/', undefined, { 'odata-version': '4.0' })).status).toBe(200);
    expect((await ask('GET', '/redfish/v1/', undefined, { 'odata-version': '4.1' })).status).toBe(412);
  });

  test('resources are JSON', async () => {
    const { ask } = await createFixture();
    for (const accept of ['*/*', 'application/*;charset=utf-8', 'text/html, application/json;q=0.5']) {
      expect((await ask('GET', system, undefined, { accept })).status).toBe(200);
    }
    expect((await ask('GET', system, undefined, { accept: 'text/html' })).status).toBe(406);
  });

  test('a page of another site changes nothing', async () => {
    const { ask } = await createFixture();
    const patch = (origin: string) =>
      ask('PATCH', sessionService, { SessionTimeout: 60 }, { origin, host: 'bmc.example.org' });
    expect((await patch('https://elsewhere.example.org')).status).toBe(403);
    expect((await patch('https://bmc.example.org')).status).toBe(200);
  });
});

describe('ETags', () => {
  test('an ETag stays until the resource changes', async () => {
    const { ask, power } = await createFixture();
    const etag = (await ask('GET', system)).headers.ETag ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    const same = await ask('GET', system, undefined, { 'if-none-match': etag });
    expect(same).toMatchObject({ status: 304, text: '', headers: { ETag: etag } });
    await power('n1', 'on');
    const other = await ask('GET', system, undefined, { 'if-none-match': etag });
    expect(other.status).toBe(200);
    expect(other.body['@odata.etag']).toBe(other.headers.ETag);
    expect(other.headers.ETag).not.toBe(etag);
  });

  test('a change of what is no longer as the client knows it is refused', async () => {
    const { ask } = await createFixture();
    const etag = (await ask('GET', sessionService)).headers.ETag;
    const patch = (value: number) =>
      ask('PATCH', sessionService, { SessionTimeout: value }, { 'if-match': etag });
    expect((await patch(60)).status).toBe(200);
    const refused = await patch(61);
    expect(refused.status).toBe(412);
    expect(refused.at('/error/code')).toBe('Base.1.22.PreconditionFailed');
    expect((await ask('GET', sessionService)).body.SessionTimeout).toBe(60);
  });
});

describe('PATCH', () => {
  test('answers with the resource as it is now', async () => {
    const { ask } = await createFixture();
    const { status, body } = await ask('PATCH', sessionService, { SessionTimeout: 90 });
    expect({ status, timeout: body.SessionTimeout }).toEqual({ status: 200, timeout: 90 });
  });

  test('what is right is applied, and what is not is told beside it', async () => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', sessionService, { SessionTimeout: 90, Id: 'x', Colour: 'red' });
    expect(answer.status).toBe(200);
    expect(answer.body.SessionTimeout).toBe(90);
    expect(answer.at('/Id@Message.ExtendedInfo/0/MessageId')).toBe('Base.1.22.PropertyNotWritable');
    expect(answer.at('/Colour@Message.ExtendedInfo/0/MessageId')).toBe('Base.1.22.PropertyUnknown');
  });

  test.each<[JsonObject, string, string | undefined]>([
    [{}, 'EmptyJSON', undefined],
    [{ '@odata.id': sessionService }, 'NoOperation', undefined],
    [{ Id: 'x' }, 'PropertyNotWritable', '/Id'],
    [{ Colour: 'red' }, 'PropertyUnknown', '/Colour'],
    [{ constructor: 'red' }, 'PropertyUnknown', '/constructor'],
    [{ SessionTimeout: 'long' }, 'PropertyValueTypeError', '/SessionTimeout'],
    [{ SessionTimeout: 5 }, 'PropertyValueOutOfRange', '/SessionTimeout'],
    [{ SessionTimeout: null }, 'PropertyValueTypeError', '/SessionTimeout'],
  ])('of nothing that is right is refused: %j', async (body, code, property) => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', sessionService, body);
    expect(answer.status).toBe(400);
    expect(answer.at('/error/@Message.ExtendedInfo/0/MessageId')).toBe(`Base.1.22.${code}`);
    expect(answer.at('/error/@Message.ExtendedInfo/0/RelatedProperties/0')).toBe(property);
  });

  test('a value that is deep inside is named by its path', async () => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', system, { Boot: { BootSourceOverrideTarget: 'Moon' } });
    expect(answer.at('/error/code')).toBe('Base.1.22.PropertyValueNotInList');
    expect(answer.at('/error/@Message.ExtendedInfo/0/RelatedProperties')).toEqual([
      '/Boot/BootSourceOverrideTarget',
    ]);
  });

  test('a password is not shown back', async () => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', '/redfish/v1/AccountService/Accounts/2', {
      Password: 'much too long to be one',
    });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('much too long');
  });
});

describe('bodies', () => {
  const broken: readonly [string, string, string | undefined, number][] = [
    ['broken JSON', '{"SessionTimeout": ', 'application/json', 400],
    ['an array', '[]', 'application/json', 400],
    ['a number', '5', 'application/json', 400],
    ['nothing at all', '', 'application/json', 400],
    ['another type', 'SessionTimeout=60', 'application/x-www-form-urlencoded', 415],
    ['too much', `{"SessionTimeout": ${' '.repeat(300_000)}60}`, 'application/json', 413],
    ['a deep one', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, 'application/json', 400],
  ];

  test.each(broken)('%s is refused', async (_, text, type, status) => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', sessionService, text, { 'content-type': type });
    expect(answer.status).toBe(status);
    expect(answer.at('/error/@Message.ExtendedInfo/0/Resolution')).toBeTypeOf('string');
  });

  test('what is no UTF-8 is refused', async () => {
    const { ask } = await createFixture();
    expect((await ask('PATCH', sessionService, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).status).toBe(
      400,
    );
  });

  test('JSON may come without its type', async () => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', sessionService, { SessionTimeout: 60 }, { 'content-type': undefined });
    expect(answer.status).toBe(200);
  });
});

describe('actions', () => {
  const reset = `${system}/Actions/ComputerSystem.Reset`;

  test.each<[JsonObject, string]>([
    [{ ResetType: 'Explode' }, 'ActionParameterValueNotInList'],
    [{ ResetType: 7 }, 'ActionParameterValueTypeError'],
    [{ ResetType: 'On', Loudly: true }, 'ActionParameterUnknown'],
  ])('parameters that are wrong are named: %j', async (body, code) => {
    const { ask } = await createFixture();
    const answer = await ask('POST', reset, body);
    expect(answer.status).toBe(400);
    expect(answer.at('/error/code')).toBe(`Base.1.22.${code}`);
  });

  test('an action without parameters needs no body', async () => {
    const { ask } = await createFixture();
    const answer = await ask('POST', `${system}/Bios/Actions/Bios.ResetBios`);
    expect(answer.status).toBeLessThan(300);
  });
});

describe('what goes wrong inside', () => {
  const broken = serviceResource({
    path: '/redfish/v1/Broken',
    schema: 'Chassis',
    read: () => {
      throw new Error('the secret is 42');
    },
  });

  test('is an error without details', async () => {
    const { service } = await createFixture();
    const answer = await request(new RedfishApi(service, new Router([broken])), 'GET', '/redfish/v1/Broken');
    expect(answer.status).toBe(500);
    expect(String(answer.body)).toContain('Base.1.22.InternalError');
    expect(String(answer.body)).not.toContain('42');
  });

  test('two routes of one path are found when the service is made', () => {
    expect(() => new Router([broken, broken])).toThrow(RangeError);
  });
});

test('a body is made once for what it shows', async () => {
  let reads = 0;
  const counted = serviceResource({
    path: '/redfish/v1/Counted',
    schema: 'Chassis',
    read: ({ service }) => ({
      Id: 'x',
      Name: 'x',
      reads: ++reads,
      timeout: service.settings.value.sessionTimeout,
    }),
    patch: writing(z.strictObject({ SessionTimeout: z.int() }), async ({ service }, { SessionTimeout }) => {
      await service.settings.change({ sessionTimeout: SessionTimeout });
      return done;
    }),
    actions: { 'Chassis.Reset': action(z.strictObject({}), async () => done) },
  });
  const { service } = await createFixture();
  const api = new RedfishApi(service, new Router([counted]));
  await request(api, 'GET', '/redfish/v1/Counted');
  // Who logs in changes nothing of it.
  service.sessions.open('bob', 'reader', '192.0.2.1');
  const before = await request(api, 'GET', '/redfish/v1/Counted');
  expect(reads).toBe(1);
  await service.settings.change({ sessionTimeout: 77 });
  const after = await request(api, 'GET', '/redfish/v1/Counted');
  expect(reads).toBe(2);
  expect(after.headers.ETag).not.toBe(before.headers.ETag);
});

test('only those who may are told how a service is made', async () => {
  const { ask }: Fixture = await createFixture();
  const nobody = { authorization: undefined };
  for (const path of ['/redfish', '/redfish/v1', '/redfish/v1/odata', '/redfish/v1/$metadata']) {
    expect((await ask('GET', path, undefined, nobody)).status).toBe(200);
  }
  for (const path of ['/redfish/v1/Systems', '/redfish/v1/Registries', '/redfish/v1/Nothing', system]) {
    const answer = await ask('GET', path, undefined, nobody);
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': expect.stringContaining('Basic') },
    });
  }
});

function request(api: RedfishApi, method: string, url: string) {
  return api.handle({
    method,
    url,
    headers: { authorization: basic('admin', 'secret') },
    body: (async function* () {})(),
    remote: '192.0.2.7',
    signal: new AbortController().signal,
  });
}
