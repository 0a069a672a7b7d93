import { expect, test } from 'vitest';
import { basic, createFixture } from '../fixture.ts';
import { expectValid } from '../validate.ts';

const accounts = '/redfish/v1/AccountService/Accounts';
const eve = { UserName: 'eve', Password: 'p4ssword', RoleId: 'Operator' };

test('users of the lab file are there, in their IPMI slots', async () => {
  const { ask } = await createFixture();
  const { body } = await ask('GET', accounts);
  expect(body.Members).toEqual([2, 3, 4].map(id => ({ '@odata.id': `${accounts}/${id}` })));
  const { body: admin } = await ask('GET', `${accounts}/2`);
  expect(admin).toMatchObject({ UserName: 'admin', Password: null, RoleId: 'Administrator', Enabled: true });
});

test('an account that is created can log in, and is IPMI’s too', async () => {
  const { ask, service } = await createFixture();
  const made = await ask('POST', accounts, eve);
  expect(made.status).toBe(201);
  expect(made.headers.Location).toBe(`${accounts}/5`);
  expectValid(made.body);
  const headers = { authorization: basic('eve', 'p4ssword') };
  expect((await ask('GET', '/redfish/v1/Systems', undefined, headers)).status).toBe(200);
  expect(service.accounts.get(5)).toMatchObject({ name: 'eve', privilege: 'operator', ipmiMessaging: true });
});

test('an account that comes to IPMI later has all of it', async () => {
  const { ask, service } = await createFixture();
  await ask('POST', accounts, { ...eve, AccountTypes: ['Redfish'] });
  expect(service.accounts.get(5)).toMatchObject({ ipmiMessaging: false, sol: false });
  await ask('PATCH', `${accounts}/5`, { AccountTypes: ['Redfish', 'IPMI'] });
  expect(service.accounts.get(5)).toMatchObject({ ipmiMessaging: true, sol: true });
  await service.accounts.change(5, { sol: false });
  await ask('PATCH', `${accounts}/5`, { AccountTypes: ['Redfish', 'IPMI'] });
  expect(service.accounts.get(5)).toMatchObject({ sol: false });
});

test.each<[object, number, string]>([
  [{ ...eve, UserName: 'admin' }, 400, 'ResourceAlreadyExists'],
  [{ ...eve, UserName: 'longer than 16 bytes' }, 400, 'PropertyValueError'],
  [{ ...eve, UserName: 'with:colon' }, 400, 'PropertyValueFormatError'],
  [{ ...eve, Password: '' }, 400, 'PropertyValueError'],
  [{ ...eve, Password: 'longer than 20 bytes!' }, 400, 'PropertyValueError'],
  [{ ...eve, RoleId: 'King' }, 400, 'PropertyValueNotInList'],
  [{ ...eve, AccountTypes: ['IPMI'] }, 400, 'PropertyValueIncorrect'],
  [{ UserName: 'eve' }, 400, 'CreateFailedMissingReqProperties'],
  [{ ...eve, Colour: 'red' }, 400, 'PropertyUnknown'],
])('an account that cannot be is refused: %j', async (body, status, code) => {
  const { ask } = await createFixture();
  const answer = await ask('POST', accounts, body);
  expect(answer.status).toBe(status);
  expect(answer.at('/error/code')).toBe(`Base.1.22.${code}`);
});

test('there is room for as many accounts as IPMI has', async () => {
  const { ask } = await createFixture();
  for (let count = 0; count < 11; count++) {
    expect((await ask('POST', accounts, { ...eve, UserName: `eve${count}` })).status).toBe(201);
  }
  const full = await ask('POST', accounts, eve);
  expect(full.at('/error/code')).toBe('Base.1.22.CreateLimitReachedForResource');
});

test('an account can be changed in every way', async () => {
  const { ask } = await createFixture();
  await ask('POST', accounts, eve);
  const change = { UserName: 'adam', Password: 'other', RoleId: 'ReadOnly', AccountTypes: ['Redfish'] };
  const { status, body } = await ask('PATCH', `${accounts}/5`, change);
  expect(status).toBe(200);
  expect(body).toMatchObject({ UserName: 'adam', RoleId: 'ReadOnly', AccountTypes: ['Redfish'] });
  const headers = { authorization: basic('adam', 'other') };
  expect((await ask('GET', '/redfish/v1/Systems', undefined, headers)).status).toBe(200);
});

test('a deleted account is gone, with its sessions', async () => {
  const { ask, service } = await createFixture();
  await ask('POST', accounts, eve);
  const { token } = service.sessions.open('eve', 'p4ssword', '192.0.2.7');
  expect((await ask('DELETE', `${accounts}/5`)).status).toBe(200);
  expect((await ask('GET', `${accounts}/5`)).status).toBe(404);
  expect(service.sessions.find(token)).toBeUndefined();
});

test('users of the lab file keep their names', async () => {
  const { ask } = await createFixture();
  const renamed = await ask('PATCH', `${accounts}/2`, { UserName: 'root' });
  expect(renamed.status).toBe(403);
  expect(renamed.at('/error/message')).toContain('lab file');
  const deleted = await ask('DELETE', `${accounts}/2`);
  expect(deleted.status).toBe(403);
  expect(deleted.at('/error/code')).toBe('Base.1.22.ResourceCannotBeDeleted');
  expect((await ask('PATCH', `${accounts}/2`, { UserName: 'admin' })).status).toBe(200);
});

test('how logins are locked out can be set, as far as it makes sense', async () => {
  const { ask } = await createFixture();
  const set = (body: object) => ask('PATCH', '/redfish/v1/AccountService', body);
  const lockout = {
    AccountLockoutThreshold: 3,
    AccountLockoutDuration: 60,
    AccountLockoutCounterResetAfter: 60,
  };
  expect((await set(lockout)).body).toMatchObject(lockout);
  const conflict = await set({ AccountLockoutDuration: 10 });
  expect(conflict.at('/error/code')).toBe('Base.1.22.PropertyValueConflict');
});

test('accounts of a lab’s service are not IPMI’s', async () => {
  const { ask } = await createFixture({ service: { ipmiAccounts: false } });
  expect((await ask('GET', '/redfish/v1/AccountService')).body.SupportedAccountTypes).toEqual(['Redfish']);
  expect((await ask('POST', accounts, eve)).body.AccountTypes).toEqual(['Redfish']);
  expect((await ask('PATCH', `${accounts}/5`, { AccountTypes: ['Redfish', 'IPMI'] })).status).toBe(400);
});
