import { afterAll, beforeAll, expect, test } from 'vitest';
import { ipmitool, type Login } from './clients.ts';
import { type ClientLab, startLab } from './lab.ts';
import { runClient } from './programs.ts';

/** Users that a client makes, changes and takes away again: each step builds on those before. */

let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab({ node: {} });
});

afterAll(() => lab[Symbol.asyncDispose]());

async function run(login: Login, args: string): Promise<string> {
  const { text } = await runClient(ipmitool(lab.endpoint('node'), login, args.split(' ')), lab.folder);
  return text;
}

const admin: Login = {};
const fred: Login = { user: 'fred', password: 'first-secret', privilege: 'OPERATOR' };
const renewed: Login = { ...fred, password: 'twenty bytes exactly'.replaceAll(' ', '-') };
const refused = 'Unable to establish IPMI v2 / RMCP+ session';

test('a new user is let in as soon as it is enabled', async () => {
  expect(await run(admin, 'user set name 5 fred')).toBe('');
  expect(await run(admin, `user set password 5 ${fred.password}`)).toContain(
    'Set User Password command successful (user 5)',
  );
  expect(await run(admin, 'channel setaccess 1 5 callin=on ipmi=on link=on privilege=3')).toContain(
    'Set User Access (channel 1 id 5) successful',
  );
  expect(await run(fred, 'power status')).toContain(refused);
  expect(await run(admin, 'user enable 5')).toBe('');
  expect(await run(fred, 'power status')).toBe('Chassis Power is off\n');
  expect(await run(admin, 'user list 1')).toMatch(/5 +fred +false|5 +fred +true +true +true +OPERATOR/);
  expect(await run(admin, 'user summary 1')).toMatch(/Enabled User Count\s+: 4/);
});

test('and may do what its privilege allows', async () => {
  expect(await run(fred, 'power on')).toBe('Chassis Power Control: Up/On\n');
  expect(await run({ ...fred, privilege: 'ADMINISTRATOR' }, 'power off')).toContain(refused);
  expect(await run(admin, 'user priv 5 2 1')).toContain('Set Privilege Level command successful (user 5)');
  expect(await run(fred, 'power off')).toContain(refused);
  expect(await run({ ...fred, privilege: 'USER' }, 'power status')).toBe('Chassis Power is on\n');
  expect(await run(admin, 'user priv 5 4 1')).toContain('Set Privilege Level command successful (user 5)');
  expect(await run({ ...fred, privilege: 'ADMINISTRATOR' }, 'power off')).toBe(
    'Chassis Power Control: Down/Off\n',
  );
});

test('a new password counts at once, the old one no more', async () => {
  expect(await run(admin, `user set password 5 ${renewed.password} 20`)).toContain(
    'Set User Password command successful (user 5)',
  );
  expect(await run(fred, 'power status')).toContain(refused);
  expect(await run(renewed, 'power status')).toBe('Chassis Power is off\n');
  expect(await run(admin, `user test 5 20 ${renewed.password}`)).toContain('Success');
  expect(await run(admin, 'user test 5 20 something-else')).toContain('password incorrect');
});

test('all of it survives a restart of the daemon', async () => {
  await lab.restart();
  expect(await run(renewed, 'power status')).toBe('Chassis Power is off\n');
  expect(await run(fred, 'power status')).toContain(refused);
  expect(await run(admin, 'user list 1')).toMatch(/5 +fred .* ADMINISTRATOR/);
});

test('serial over LAN can be taken from a user', async () => {
  expect(await run(admin, 'sol payload disable 1 5')).toBe('');
  expect(await run(admin, 'sol payload status 1 5')).toContain('User 5 on channel 1 is disabled');
  expect(await run(renewed, 'sol activate')).toMatch(/insufficient privilege/i);
});

test('users of the lab file cannot be renamed, and names are not given twice', async () => {
  expect(await run(admin, 'user set name 3 somebody')).toContain('Invalid data field in request');
  expect(await run(admin, 'user set name 6 admin')).toContain('Invalid data field in request');
  expect(await run(admin, 'user list 1')).toMatch(/3 +oper /);
});

test('a user that was disabled or deleted is not let in any more', async () => {
  expect(await run(admin, 'user disable 5')).toBe('');
  expect(await run(renewed, 'power status')).toContain(refused);
  expect(await run(admin, 'user enable 5')).toBe('');
  expect(await run(renewed, 'power status')).toBe('Chassis Power is off\n');
  expect(await run(admin, 'raw 0x06 0x45 0x05 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0')).toMatch(/^\s*$/);
  expect(await run(renewed, 'power status')).toContain(refused);
  expect(await run(admin, 'user list 1')).not.toContain('fred');
});

test('the administrator can change their own password', async () => {
  expect(await run(admin, 'user set password 2 changed-secret')).toContain(
    'Set User Password command successful (user 2)',
  );
  expect(await run(admin, 'power status')).toContain(refused);
  expect(await run({ password: 'changed-secret' }, 'power status')).toBe('Chassis Power is off\n');
});
