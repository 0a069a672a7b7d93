import { describe, expect, test } from 'vitest';
import { mostSessions, mostSessionsOfAccount } from '../../../../src/bmc/redfish/access/session-table.ts';
import { basic, createFixture, type Fixture } from '../fixture.ts';

const sessions = '/redfish/v1/SessionService/Sessions';
const accounts = '/redfish/v1/AccountService/Accounts';
const nobody = { authorization: undefined };

async function login({ ask }: Fixture, UserName: string, Password: string) {
  const answer = await ask('POST', sessions, { UserName, Password }, nobody);
  return { ...answer, token: { ...nobody, 'x-auth-token': answer.headers['X-Auth-Token'] } };
}

describe('a session', () => {
  test('is opened by name and password, and found by its token', async () => {
    const fixture = await createFixture();
    const { status, headers, body, token } = await login(fixture, 'bob', 'reader');
    expect(status).toBe(201);
    expect(body).toMatchObject({ UserName: 'bob', Password: null, ClientOriginIPAddress: '192.0.2.7' });
    expect(headers.Location).toBe(body['@odata.id']);
    expect(headers['X-Auth-Token']).toMatch(/^[0-9a-f]{64}$/);
    expect((await fixture.ask('GET', '/redfish/v1/Systems', undefined, token)).status).toBe(200);
    expect((await fixture.ask('GET', String(headers.Location), undefined, token)).text).not.toContain(
      String(headers['X-Auth-Token']),
    );
  });

  test('can be opened at the collection’s members too, whatever token a client still sends', async () => {
    const { ask } = await createFixture();
    const headers = { authorization: undefined, 'x-auth-token': 'stale' };
    const answer = await ask('POST', `${sessions}/Members`, { UserName: 'bob', Password: 'reader' }, headers);
    expect(answer.status).toBe(201);
  });

  test('ends when its user logs out', async () => {
    const fixture = await createFixture();
    const { headers, token } = await login(fixture, 'bob', 'reader');
    expect((await fixture.ask('DELETE', String(headers.Location), undefined, token)).status).toBe(200);
    expect((await fixture.ask('GET', '/redfish/v1/Systems', undefined, token)).status).toBe(401);
  });

  test('of another user is seen and ended by administrators alone', async () => {
    const fixture = await createFixture();
    const own = await login(fixture, 'bob', 'reader');
    const other = await login(fixture, 'olga', 'operator');
    const path = String(other.headers.Location);
    expect((await fixture.ask('GET', path, undefined, own.token)).status).toBe(403);
    expect((await fixture.ask('DELETE', path, undefined, own.token)).status).toBe(403);
    expect((await fixture.ask('DELETE', path)).status).toBe(200);
    expect((await fixture.ask('GET', '/redfish/v1/Systems', undefined, other.token)).status).toBe(401);
  });

  test('ends after silence, for as long as the service is set', async () => {
    const fixture = await createFixture();
    await fixture.ask('PATCH', '/redfish/v1/SessionService', { SessionTimeout: 60 });
    const { token } = await login(fixture, 'bob', 'reader');
    const stillThere = async () =>
      (await fixture.ask('GET', '/redfish/v1/Systems', undefined, token)).status === 200;
    await fixture.clock.advance(59_000);
    expect(await stillThere()).toBe(true);
    await fixture.clock.advance(59_000);
    expect(await stillThere()).toBe(true);
    await fixture.clock.advance(60_000);
    expect(await stillThere()).toBe(false);
    expect((await fixture.ask('GET', sessions)).body['Members@odata.count']).toBe(0);
  });

  test.each([
    ['password', { Password: 'another' }],
    ['being enabled', { Enabled: false }],
  ])('ends with its account’s %s', async (_, change) => {
    const fixture = await createFixture();
    const { token } = await login(fixture, 'bob', 'reader');
    expect((await fixture.ask('PATCH', `${accounts}/4`, change)).status).toBe(200);
    expect((await fixture.ask('GET', '/redfish/v1/Systems', undefined, token)).status).toBe(401);
  });

  test('makes room when there are too many, if one has been silent for long', async () => {
    const fixture = await createFixture();
    const first = await login(fixture, 'bob', 'reader');
    for (let count = 1; count < mostSessionsOfAccount; count++) await login(fixture, 'bob', 'reader');
    expect((await login(fixture, 'bob', 'reader')).status).toBe(503);
    for (let count = mostSessionsOfAccount; count < mostSessions; count++) {
      expect((await login(fixture, 'olga', 'operator')).status).toBe(201);
    }
    expect((await login(fixture, 'admin', 'secret')).status).toBe(503);
    await fixture.clock.advance(120_000);
    expect((await login(fixture, 'bob', 'reader')).status).toBe(201);
    expect((await fixture.ask('GET', '/redfish/v1/Systems', undefined, first.token)).status).toBe(401);
    expect(fixture.service.sessions.all).toHaveLength(mostSessions);
  });
});

describe('a wrong login', () => {
  test('says no more than that', async () => {
    const fixture = await createFixture();
    const wrong = await login(fixture, 'bob', 'guess');
    const unknown = await login(fixture, 'nobody', 'guess');
    expect(wrong).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': expect.any(String) } });
    expect(unknown.text).toBe(wrong.text);
  });

  test.each([
    'Basic',
    'Basic ***',
    `Basic ${Buffer.from('bob').toString('base64')}`,
    basic('', ''),
    basic('bob', ''),
    basic('bob', `reader\0`),
    basic('bob', 'reader and much more than fits'),
    'Bearer abc',
    'Digest username="bob"',
  ])('is what makes no sense: %s', async authorization => {
    const { ask } = await createFixture();
    expect((await ask('GET', '/redfish/v1/Systems', undefined, { authorization })).status).toBe(401);
  });

  test('is none at all, of a user whom IPMI has given a name and no password', async () => {
    const { ask, service } = await createFixture();
    await service.accounts.change(6, { name: 'eve', enabled: true, privilege: 'administrator' });
    const authorization = basic('eve', '');
    expect((await ask('GET', '/redfish/v1/Systems', undefined, { authorization })).status).toBe(401);
  });

  test('locks the account after some, until time has passed or somebody unlocks it', async () => {
    const fixture = await createFixture();
    const { ask, clock } = fixture;
    const lock = async () => {
      for (let count = 0; count < 5; count++) await login(fixture, 'bob', 'guess');
    };
    await lock();
    expect((await ask('GET', `${accounts}/4`)).body.Locked).toBe(true);
    expect((await login(fixture, 'bob', 'reader')).status).toBe(401);
    expect((await login(fixture, 'olga', 'operator')).status).toBe(201);
    await clock.advance(30_000);
    expect((await login(fixture, 'bob', 'reader')).status).toBe(201);
    await lock();
    expect((await ask('PATCH', `${accounts}/4`, { Locked: false })).body.Locked).toBe(false);
    expect((await login(fixture, 'bob', 'reader')).status).toBe(201);
  });

  test('counts for a while only', async () => {
    const fixture = await createFixture();
    for (let count = 0; count < 20; count++) {
      await login(fixture, 'bob', 'guess');
      await fixture.clock.advance(31_000);
    }
    expect((await login(fixture, 'bob', 'reader')).status).toBe(201);
  });

  test('a flood of them holds up who sends it, and nobody else', async () => {
    const { service, clock } = await createFixture();
    const guess = () => {
      try {
        service.logins.check('nobody', 'guess', '203.0.113.1');
        return 200;
      } catch (error) {
        return (error as { status: number }).status;
      }
    };
    const flood = Array.from({ length: 100 }, guess);
    expect(flood[0]).toBe(401);
    expect(flood.at(-1)).toBe(503);
    expect(service.logins.check('bob', 'reader', '192.0.2.7').name).toBe('bob');
    await clock.advance(10_000);
    expect(guess()).toBe(401);
  });
});

describe('privileges', () => {
  const as = (name: string, password: string) => ({ authorization: basic(name, password) });
  const reader = as('bob', 'reader');
  const operator = as('olga', 'operator');
  const reset = '/redfish/v1/Systems/n1/Actions/ComputerSystem.Reset';

  test('readers read', async () => {
    const { ask } = await createFixture();
    expect((await ask('GET', '/redfish/v1/Systems/n1', undefined, reader)).status).toBe(200);
    const refused = await ask('POST', reset, { ResetType: 'On' }, reader);
    expect(refused.status).toBe(403);
    expect(refused.at('/error/code')).toBe('Base.1.22.InsufficientPrivilege');
    expect((await ask('PATCH', '/redfish/v1/Systems/n1', { AssetTag: 'x' }, reader)).status).toBe(403);
  });

  test('operators operate nodes and nothing else', async () => {
    const { ask } = await createFixture();
    expect((await ask('POST', reset, { ResetType: 'On' }, operator)).status).toBeLessThan(300);
    expect((await ask('PATCH', '/redfish/v1/SessionService', { SessionTimeout: 60 }, operator)).status).toBe(
      403,
    );
    expect((await ask('POST', accounts, {}, operator)).status).toBe(403);
  });

  test('everybody may see their own account and change its password, and no more of it', async () => {
    const { ask } = await createFixture();
    expect((await ask('GET', `${accounts}/4`, undefined, reader)).status).toBe(200);
    expect((await ask('GET', `${accounts}/2`, undefined, reader)).status).toBe(403);
    expect((await ask('PATCH', `${accounts}/4`, { RoleId: 'Administrator' }, reader)).status).toBe(403);
    const both = { Password: 'new', RoleId: 'Administrator' };
    expect((await ask('PATCH', `${accounts}/4`, both, reader)).status).toBe(403);
    expect((await ask('PATCH', `${accounts}/2`, { Password: 'new' }, reader)).status).toBe(403);
    const asRead = { '@odata.id': `${accounts}/4`, Password: 'new' };
    expect((await ask('PATCH', `${accounts}/4`, asRead, reader)).status).toBe(200);
    expect((await ask('GET', '/redfish/v1/Systems', undefined, as('bob', 'new'))).status).toBe(200);
  });
});
