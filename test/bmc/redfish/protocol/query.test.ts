import { expect, test } from 'vitest';
import type { Target } from '../../../../src/bmc/redfish/protocol/changes.ts';
import { Pace } from '../../../../src/bmc/redfish/protocol/pace.ts';
import { expanded } from '../../../../src/bmc/redfish/protocol/query/expand.ts';
import { createFixture } from '../fixture.ts';

const systems = '/redfish/v1/Systems';
const names = ['n1', 'n2', 'n3', 'n4'];

function pathsOf(members: unknown): readonly string[] {
  return (members as { '@odata.id': string }[]).map(member => member['@odata.id']);
}

test('$top and $skip show a part of a collection, and where the next one is', async () => {
  const { ask } = await createFixture({ nodes: names });
  const first = await ask('GET', `${systems}?$top=3`);
  expect(pathsOf(first.body.Members)).toEqual([`${systems}/n1`, `${systems}/n2`, `${systems}/n3`]);
  expect(first.body['Members@odata.count']).toBe(4);
  const rest = await ask('GET', String(first.body['Members@odata.nextLink']));
  expect(pathsOf(rest.body.Members)).toEqual([`${systems}/n4`]);
  expect(rest.body['Members@odata.nextLink']).toBeUndefined();
});

test('$filter finds members by what they are', async () => {
  const { ask, power } = await createFixture({ nodes: names });
  await power('n2', 'on');
  const found = async (filter: string) => {
    const { status, body } = await ask('GET', `${systems}?$filter=${encodeURIComponent(filter)}`);
    expect(status, filter).toBe(200);
    expect(body['Members@odata.count']).toBe((body.Members as unknown[]).length);
    return pathsOf(body.Members).map(path => path.slice(systems.length + 1));
  };
  expect(await found("PowerState eq 'On'")).toEqual(['n2']);
  expect(await found("not (PowerState eq 'On') and Name ne 'n4'")).toEqual(['n1', 'n3']);
  expect(await found("Name eq 'n1' or Name eq 'n2' and PowerState eq 'Off'")).toEqual(['n1']);
  expect(await found('MemorySummary/TotalSystemMemoryGiB ge 4')).toEqual(names);
  expect(await found('MemorySummary/TotalSystemMemoryGiB gt 4')).toEqual([]);
  expect(await found('NoSuchThing eq null')).toEqual(names);
  expect(await found("Name eq 'it''s'")).toEqual([]);
});

test.each([
  '$filter=',
  '$filter=Name',
  "$filter=Name eq 'x",
  '$filter=Name constructor 1',
  "$filter=(Name eq 'x'",
  "$filter=Name eq 'x') or (Name eq 'y'",
  `$filter=${'('.repeat(500)}Name eq 1${')'.repeat(500)}`,
  '$top=x',
  '$skip=-1',
  '$expand=everything',
  '$expand=.($levels=5)',
  '$expand=.($levels=0)',
  '$select=a//b',
  'only=foo',
  'excerpt=foo',
  'only&$expand=.',
])('a query that makes no sense is refused: %s', async query => {
  const { ask } = await createFixture();
  const answer = await ask('GET', `${systems}?${query.replaceAll(' ', '%20')}`);
  expect(answer.status).toBe(400);
  expect(String(answer.at('/error/code'))).toMatch(/^Base\.1\.22\.Query/);
});

test('what of a query is not known is refused when it begins with $, and passed over otherwise', async () => {
  const { ask } = await createFixture();
  expect((await ask('GET', '/redfish/v1/?$orderby=Name')).status).toBe(501);
  expect((await ask('GET', '/redfish/v1/?rpvunknown')).status).toBe(200);
});

test('what only collections know is refused elsewhere', async () => {
  const { ask } = await createFixture();
  for (const query of ['only', '$top=1', '$filter=a eq 1']) {
    expect((await ask('GET', `${systems}/n1?${query.replaceAll(' ', '+')}`)).status).toBe(400);
  }
});

test('only shows the one member that there is, or the collection', async () => {
  const one = await createFixture({ nodes: ['n1'] });
  expect((await one.ask('GET', `${systems}?only`)).body.PowerState).toBe('Off');
  const two = await createFixture();
  expect((await two.ask('GET', `${systems}?only`)).body['Members@odata.count']).toBe(2);
});

test('$expand shows resources in place of links to them', async () => {
  const { ask } = await createFixture();
  const all = await ask('GET', `${systems}?$expand=.`);
  expect(all.at('/Members/1/Name')).toBe('n2');
  expect(all.at('/Members/1/Bios')).toEqual({ '@odata.id': `${systems}/n2/Bios` });
  const deeper = await ask('GET', `${systems}?$expand=.($levels=2)`);
  expect(deeper.at('/Members/1/Bios/Id')).toBeDefined();
  expect(deeper.at('/Members/1/Links/Chassis/0')).toEqual({ '@odata.id': '/redfish/v1/Chassis/n2' });
  const links = await ask('GET', `${systems}/n1?$expand=~`);
  expect(links.at('/Links/Chassis/0/Id')).toBe('n1');
  expect(links.at('/Bios')).toEqual({ '@odata.id': `${systems}/n1/Bios` });
});

test('$expand shows nothing that who asks may not see', async () => {
  const { ask } = await createFixture();
  const { body } = await ask('GET', '/redfish/v1/AccountService/Accounts?$expand=.', undefined, {
    authorization: `Basic ${Buffer.from('bob:reader').toString('base64')}`,
  });
  const shown = (body.Members as { UserName?: string }[]).map(({ UserName }) => UserName);
  expect(shown).toEqual([undefined, undefined, 'bob']);
});

test('$expand of too much is refused', async () => {
  const body = { Members: Array.from({ length: 100 }, () => ({ '@odata.id': '/large' })) };
  const large = { object: {}, bytes: Buffer.alloc(100_000), etag: '""' };
  const load = () => ({ read: () => large }) as unknown as Target;
  const pace = new Pace(new AbortController().signal);
  await expect(expanded(body, { kind: '.', levels: 1 }, load, pace)).rejects.toThrow(
    expect.objectContaining({ status: 507 }),
  );
});

test('$select shows some properties, with their annotations', async () => {
  const { ask } = await createFixture();
  const { body } = await ask('GET', `${systems}/n1?$select=Name,Boot/BootSourceOverrideTarget`);
  expect(Object.keys(body)).toEqual(['@odata.id', '@odata.type', '@odata.etag', 'Name', 'Boot']);
  expect(Object.keys(body.Boot as object)).toEqual([
    'BootSourceOverrideTarget',
    'BootSourceOverrideTarget@Redfish.AllowableValues',
  ]);
  const members = await ask('GET', `${systems}?$expand=.&$select=Name`);
  expect(Object.keys(members.at('/Members/0') as object)).toEqual([
    '@odata.id',
    '@odata.type',
    '@odata.etag',
    'Name',
  ]);
});

test('excerpt shows of a sensor what other resources show of it', async () => {
  const { ask } = await createFixture({ nodes: ['n1'] });
  const { body } = await ask('GET', '/redfish/v1/Chassis/n1/Sensors');
  const [sensor = ''] = pathsOf(body.Members);
  const excerpt = await ask('GET', `${sensor}?excerpt`);
  expect(Object.keys(excerpt.body).filter(name => !name.startsWith('@'))).toEqual(['Reading']);
  expect((await ask('GET', `${systems}/n1?excerpt`)).status).toBe(400);
});

test('what is selected of one resource has that resource’s ETag', async () => {
  const { ask } = await createFixture();
  const whole = await ask('GET', `${systems}/n1`);
  const part = await ask('GET', `${systems}/n1?$select=Name`);
  expect(part.headers.ETag).toBe(whole.headers.ETag);
  expect((await ask('GET', `${systems}?$expand=.`)).headers.ETag).toBeUndefined();
});

test('whoever asks for much keeps nobody else waiting', async () => {
  const { ask } = await createFixture({ nodes: names });
  const answered: string[] = [];
  const asking = [`${systems}?$expand=*($levels=4)`, `${systems}/n1`].map(async path => {
    const { status } = await ask('GET', path);
    answered.push(path);
    expect(status).toBe(200);
  });
  await Promise.all(asking);
  expect(answered[0]).toBe(`${systems}/n1`);
});
