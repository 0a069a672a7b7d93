import { describe, expect, test } from 'vitest';
import { Status } from '../../../src/bmc/ipmi/wire/status.ts';
import { Client, type Login, openSessionPayload, packet20 } from './client.ts';
import { admin, bob, createFixture, type Fixture } from './fixture.ts';

const chassisStatus = [0x00, 0x01] as const;
const olga: Login = { suite: 17, user: 'olga', password: 'operator', privilege: 3 };

async function open(fixture: Fixture, login: Login): Promise<Client> {
  const client = new Client(fixture.transport());
  await client.open(login);
  // Time passes, so that sessions differ in how long they have been idle.
  await fixture.clock.advance(1);
  return client;
}

const isOpen = (fixture: Fixture, client: Client) =>
  [...fixture.bmc.sessions].some(session => session.id === client.sessionId);

describe('a session ends', () => {
  test('when nothing has come for its time-out', async () => {
    const fixture = await createFixture({ sessionTimeout: 60_000 });
    const client = await open(fixture, admin);
    await fixture.clock.advance(59_000);
    expect((await client.command(...chassisStatus)).code).toBe(0);
    await fixture.clock.advance(59_000);
    expect(isOpen(fixture, client)).toBe(true);
    await fixture.clock.advance(2_000);
    expect(isOpen(fixture, client)).toBe(false);
    expect(fixture.send(client.request(...chassisStatus))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'unknown-session': 1 });
  });

  test('when its client closes it, after the answer', async () => {
    const fixture = await createFixture();
    const client = await open(fixture, admin);
    expect((await client.command(0x06, 0x3c, Buffer.alloc(4))).code).toBe(0);
    expect([...fixture.bmc.sessions]).toEqual([]);
  });

  test('when the BMC is reset, which answers nothing for a moment', async () => {
    const fixture = await createFixture();
    const client = await open(fixture, admin);
    fixture.bmc.reset('cold');
    // The client may still close its session, which nothing would answer in a moment.
    expect((await client.command(...chassisStatus)).code).toBe(0);
    await fixture.clock.advance(200);
    expect([...fixture.bmc.sessions]).toEqual([]);
    expect(fixture.send(client.request(...chassisStatus))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ restarting: 1 });
    await fixture.clock.advance(5_000);
    await open(fixture, admin);
  });

  test.each([
    ['disabled', { enabled: false }],
    ['no longer an administrator', { privilege: 'operator' as const }],
  ])('when its user is %s, whichever face that came by', async (_, change) => {
    const fixture = await createFixture();
    const client = await open(fixture, admin);
    await client.command(0x06, 0x3b, Buffer.of(4));
    const [session] = fixture.bmc.sessions;
    await fixture.bmc.accounts.change(session?.account.id ?? 0, change);
    expect(fixture.send(client.request(...chassisStatus))).toEqual([]);
    expect([...fixture.bmc.sessions]).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'unknown-session': 1 });
  });

  test('and the serial port hears of it', async () => {
    const fixture = await createFixture();
    const client = await open(fixture, admin);
    expect(fixture.bmc.sol.owner).toBeUndefined();
    await fixture.clock.advance(100_000);
    expect(fixture.sol.closed).toEqual([client.sessionId]);
  });
});

test('a packet that is not authentic does not prolong a session', async () => {
  const fixture = await createFixture();
  const client = await open(fixture, admin);
  await fixture.clock.advance(50_000);
  const forged = client.request(...chassisStatus);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  fixture.send(forged);
  await fixture.clock.advance(20_000);
  expect(isOpen(fixture, client)).toBe(false);
});

describe('half-open sessions', () => {
  const openRequest = packet20(0x10, openSessionPayload([1, 1, 1]));

  test('are forgotten soon', async () => {
    const fixture = await createFixture();
    const id = fixture.send(openRequest)[0]?.readUInt32LE(24) ?? 0;
    expect(fixture.bmc.table.findHalfOpen(id)).toBeDefined();
    await fixture.clock.advance(21_000);
    expect(fixture.bmc.table.findHalfOpen(id)).toBeUndefined();
  });

  test('make way, the oldest first, and never cost a session', async () => {
    const fixture = await createFixture({ maximumSessions: 2 });
    const client = await open(fixture, admin);
    const ids = Array.from({ length: 1000 }, () => fixture.send(openRequest)[0]?.readUInt32LE(24) ?? 0);
    const kept = ids.filter(id => fixture.bmc.table.findHalfOpen(id));
    expect(kept).toEqual(ids.slice(-kept.length));
    expect(kept.length).toBeLessThan(100);
    expect((await client.command(...chassisStatus)).code).toBe(0);
    await open(fixture, bob);
  });
});

describe('when all sessions are taken', () => {
  test("a login ends its own user's session that was idle longest", async () => {
    const fixture = await createFixture({ maximumSessions: 3 });
    const [first, second, third] = [
      await open(fixture, admin),
      await open(fixture, admin),
      await open(fixture, admin),
    ];
    await first.command(...chassisStatus);
    const fourth = await open(fixture, admin);
    expect([first, second, third, fourth].map(client => isOpen(fixture, client))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('a user who took them all gives one up', async () => {
    const fixture = await createFixture({ maximumSessions: 3 });
    const greedy = [await open(fixture, bob), await open(fixture, bob), await open(fixture, bob)];
    const client = await open(fixture, admin);
    expect(isOpen(fixture, client)).toBe(true);
    expect(greedy.map(other => isOpen(fixture, other))).toEqual([false, true, true]);
  });

  test('a user keeps the one session they have, however many others open', async () => {
    const fixture = await createFixture({ maximumSessions: 3 });
    const client = await open(fixture, bob);
    for (let more = 0; more < 10; more++) await open(fixture, admin);
    expect(isOpen(fixture, client)).toBe(true);
  });

  test('and each by another user, only more privilege makes room', async () => {
    const fixture = await createFixture({ maximumSessions: 1 });
    const operator = await open(fixture, olga);
    await expect(open(fixture, bob)).rejects.toMatchObject({ status: Status.insufficientResourcesForRole });
    expect(isOpen(fixture, operator)).toBe(true);
    const administrator = await open(fixture, admin);
    expect(isOpen(fixture, operator)).toBe(false);
    await expect(open(fixture, olga)).rejects.toMatchObject({ status: Status.insufficientResourcesForRole });
    expect(isOpen(fixture, administrator)).toBe(true);
  });

  test('by other administrators, there is no room', async () => {
    const fixture = await createFixture({ maximumSessions: 1 });
    await fixture.bmc.accounts.change(4, { privilege: 'administrator' });
    await open(fixture, { ...olga, privilege: 4 });
    await expect(open(fixture, admin)).rejects.toMatchObject({ status: Status.insufficientResources });
  });

  test('a login that fails ends nothing', async () => {
    const fixture = await createFixture({ maximumSessions: 1 });
    const client = await open(fixture, admin);
    await expect(open(fixture, { ...admin, password: 'guess' })).rejects.toThrow();
    expect(isOpen(fixture, client)).toBe(true);
  });
});

test('handles are 1 to 63, and used again', async () => {
  const fixture = await createFixture({ maximumSessions: 200 });
  for (let login = 0; login < 70; login++) await open(fixture, admin);
  const handles = [...fixture.bmc.sessions].map(session => session.handle);
  expect(handles.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 63 }, (_, index) => index + 1));
});

test('two BMCs of one process share no sessions', async () => {
  const [one, other] = [await createFixture(), await createFixture()];
  const client = await open(one, admin);
  expect(other.send(client.request(...chassisStatus))).toEqual([]);
  expect([...other.bmc.sessions]).toEqual([]);
});

test('two clients behind one address and port have sessions of their own', async () => {
  const fixture = await createFixture();
  const [one, other] = [await open(fixture, admin), await open(fixture, bob)];
  expect((await one.command(...chassisStatus)).code).toBe(0);
  expect((await other.command(...chassisStatus)).code).toBe(0);
});
