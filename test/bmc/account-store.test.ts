import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AccountStore, type StoredAccounts } from '../../src/bmc/account-store.ts';
import { accountSlots } from '../../src/bmc/accounts.ts';
import { memoryDocument } from '../../src/support/document.ts';

const admin = { name: 'admin', password: 'secret', privilege: 'administrator' } as const;
const bob = { name: 'bob', password: 'builder', privilege: 'user' } as const;
const create = (
  document = memoryDocument<StoredAccounts>(),
  users = [admin, bob] as Parameters<typeof AccountStore.open>[1],
) => AccountStore.open(document, users);

test("the lab file's users begin in slot 2, after the anonymous one's", async () => {
  const store = await create();
  expect(store.slots).toHaveLength(accountSlots);
  expect(store.slots.map(({ id }) => id)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  expect(store.get(1)).toMatchObject({ name: '', enabled: false });
  expect(store.get(2)).toMatchObject({ name: 'admin', privilege: 'administrator', fixedName: true });
  expect(store.get(2)?.password.toString()).toBe('secret');
  expect(store.get(4)).toMatchObject({ name: '', enabled: false, fixedName: false });
  expect([store.get(0), store.get(16)]).toEqual([undefined, undefined]);
});

describe('a user is found', () => {
  test('by exactly their name', async () => {
    const store = await create();
    expect(store.find('bob')?.id).toBe(3);
    for (const name of ['bo', 'bobb', 'Bob', 'bob\0', '', 'b'.repeat(300)])
      expect(store.find(name)).toBeUndefined();
  });

  test('only while enabled', async () => {
    const store = await create();
    await store.change(3, { enabled: false });
    expect(store.find('bob')).toBeUndefined();
  });

  test('without a name, only in the anonymous slot', async () => {
    const store = await create();
    await store.change(5, { enabled: true, privilege: 'administrator' });
    expect(store.find('')).toBeUndefined();
    await store.change(1, { enabled: true });
    expect(store.find('')?.id).toBe(1);
  });
});

describe('what a client changed', () => {
  test('is on disk when the change is done, and there again after a restart', async () => {
    const document = memoryDocument<StoredAccounts>();
    const store = await create(document);
    await store.change(2, { password: Buffer.from([0, 1, 2, 0xff]) });
    await store.change(4, { name: 'eve', enabled: true, privilege: 'operator', sol: true });
    await store.change(4, { sol: false });
    expect((await create(document)).slots).toEqual(store.slots);
    expect(store.get(4)).toMatchObject({ name: 'eve', privilege: 'operator', sol: false });
    expect((await document.read())?.slots[2]?.password).toBe('AAEC/w==');
  });

  test('of one user gives way when the lab file says something new of them', async () => {
    const document = memoryDocument<StoredAccounts>();
    const store = await create(document);
    await store.change(2, { password: Buffer.from('changed') });
    await store.change(3, { privilege: 'operator' });
    const again = await create(document, [{ ...admin, password: 'new' }, bob]);
    expect(again.get(2)?.password.toString()).toBe('new');
    expect(again.get(3)?.privilege).toBe('operator');
  });

  test('any sequence of changes reads back as it was made', async () => {
    const change = fc.record(
      {
        privilege: fc.constantFrom('none' as const, 'user' as const, 'administrator' as const),
        enabled: fc.boolean(),
        password: fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
        ipmiMessaging: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const changes = fc.array(fc.tuple(fc.integer({ min: 1, max: 15 }), change), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(changes, async list => {
        const document = memoryDocument<StoredAccounts>();
        const store = await create(document);
        for (const [id, what] of list) await store.change(id, what);
        expect((await create(document)).slots).toEqual(store.slots);
      }),
      { numRuns: 50 },
    );
  });

  test('cannot be the name of a user of the lab file, nor a slot that is not there', async () => {
    const store = await create();
    await expect(store.change(2, { name: 'root' })).rejects.toThrow(RangeError);
    await expect(store.change(16, { enabled: true })).rejects.toThrow(RangeError);
    expect(store.get(2)?.name).toBe('admin');
  });
});

test.each([
  ['without a name', [{ ...admin, name: '' }]],
  ['with too long a name', [{ ...admin, name: 'a name of 17 byte' }]],
  ['with too long a password', [{ ...admin, password: 'this one has 21 bytes' }]],
  ['twice', [admin, admin]],
  ['too many', Array.from({ length: 15 }, (_, index) => ({ ...admin, name: `user${index}` }))],
])('users %s are a mistake in the lab file', async (_, users) => {
  await expect(create(undefined, users)).rejects.toMatchObject({
    family: 'config',
    code: 'BMC_USERS_INVALID',
  });
});

test('a change that cannot be kept is none, and the next one that can be is', async () => {
  const document = memoryDocument<StoredAccounts>();
  const store = await create(document);
  const { write } = document;
  document.write = async () => {
    throw new Error('no space');
  };
  await expect(store.change(3, { enabled: false })).rejects.toThrow('no space');
  await expect(
    Promise.all([store.change(4, { name: 'eve' }), store.change(5, { name: 'dan' })]),
  ).rejects.toThrow();
  expect(store.find('bob')).toBeDefined();
  expect([store.get(4)?.name, store.get(5)?.name]).toEqual(['', '']);
  document.write = write;
  await store.change(3, { privilege: 'operator' });
  expect(store.get(3)).toMatchObject({ enabled: true, privilege: 'operator' });
  expect((await create(document)).get(3)).toMatchObject({ enabled: true, privilege: 'operator' });
});
