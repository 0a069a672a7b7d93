import { describe, expect, test } from 'vitest';
import { lanRequest, lanResponse, packet15, payload15 } from './client.ts';
import { createFixture, type Fixture } from './fixture.ts';

const getSessionChallenge = (user: string) =>
  lanRequest(0x06, 0x39, Buffer.concat([Buffer.of(2), Buffer.from(user.padEnd(16, '\0'))]), 1);

/** Activate Session's data: MD5, privilege, the challenge, and the first number of the BMC's packets. */
const activation = (challenge: Uint8Array, privilege = 4) =>
  lanRequest(0x06, 0x3a, Buffer.from([2, privilege, ...challenge, 0x10, 0, 0, 0]), 2);

function ask(fixture: Fixture, datagram: Buffer) {
  const [answer] = fixture.send(datagram);
  return answer && { ...lanResponse(payload15(answer)), datagram: answer };
}

/** Opens a session. */
function open(fixture: Fixture, user = 'admin', password = 'secret') {
  const challenge = ask(fixture, packet15(0, 0, getSessionChallenge(user)));
  const id = challenge?.data.readUInt32LE(0) ?? 0;
  const string = challenge?.data.subarray(4) ?? Buffer.alloc(0);
  const activated = ask(fixture, packet15(id, 0, activation(string), password));
  const sequence = activated?.data.readUInt32LE(5) ?? 0;
  return { id, sequence, activated };
}

describe('where IPMI 1.5 sessions are allowed', () => {
  test('one is opened, used and answered under MD5', async () => {
    const fixture = await createFixture({ ipmi15: true });
    const { id, sequence, activated } = open(fixture);
    expect(activated?.data.length).toBe(10);
    const status = packet15(id, sequence, lanRequest(0x00, 0x01, Buffer.alloc(0), 3), 'secret');
    const answer = ask(fixture, status);
    expect(answer?.data.toString('hex')).toBe('01004000');
    expect(answer?.datagram).toEqual(
      packet15(id, 0x11, payload15(answer?.datagram ?? Buffer.alloc(0)), 'secret'),
    );
    expect([...fixture.bmc.sessions][0]).toMatchObject({ protocol: 'ipmi-1.5', encrypted: false });
  });

  test.each([
    ['a replayed packet', 0, 'secret', 'replayed'],
    ['a packet under another password', 1, 'guess', 'bad-authentication-code'],
    ['a packet under none', 1, undefined, 'bad-authentication-code'],
  ])('%s is dropped', async (_, ahead, password, reason) => {
    const fixture = await createFixture({ ipmi15: true });
    const { id, sequence } = open(fixture);
    const message = lanRequest(0x00, 0x01, Buffer.alloc(0), 3);
    fixture.send(packet15(id, sequence, message, 'secret'));
    expect(fixture.send(packet15(id, sequence + ahead, message, password))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ [reason]: 1 });
    expect(fixture.executed).toEqual(['Get Chassis Status']);
  });

  test('a command that is repeated in a new packet is done once', async () => {
    const fixture = await createFixture({ ipmi15: true });
    const { id, sequence } = open(fixture);
    const message = lanRequest(0x00, 0x01, Buffer.alloc(0), 3);
    const [one, other] = [0, 1].map(ahead => ask(fixture, packet15(id, sequence + ahead, message, 'secret')));
    expect(other?.data).toEqual(one?.data);
    expect(fixture.executed).toEqual(['Get Chassis Status']);
  });

  test.each(['nobody', ''])('user %j gets no challenge', async user => {
    const fixture = await createFixture({ ipmi15: true });
    const answer = ask(fixture, packet15(0, 0, getSessionChallenge(user)));
    expect(answer?.code).toBe(user === '' ? 0x82 : 0x81);
  });

  test('a password too long for MD5 gets no challenge, rather than be cut short', async () => {
    const fixture = await createFixture({ ipmi15: true });
    expect(ask(fixture, packet15(0, 0, getSessionChallenge('bob')))?.code).toBe(0x81);
  });

  test('a wrong password opens nothing and is not answered', async () => {
    const fixture = await createFixture({ ipmi15: true });
    expect(open(fixture, 'admin', 'guess').activated).toBeUndefined();
    expect([...fixture.bmc.sessions]).toEqual([]);
  });

  test('neither does another challenge, nor more privilege than the user has', async () => {
    const fixture = await createFixture({ ipmi15: true });
    const challenge = ask(fixture, packet15(0, 0, getSessionChallenge('olga')));
    const id = challenge?.data.readUInt32LE(0) ?? 0;
    const string = challenge?.data.subarray(4) ?? Buffer.alloc(0);
    const wrong = packet15(id, 0, activation(Buffer.alloc(16)), 'operator');
    expect(ask(fixture, wrong)?.code).toBe(0xcc);
    expect(ask(fixture, packet15(id, 0, activation(string, 4), 'operator'))?.code).toBe(0x86);
    expect([...fixture.bmc.sessions]).toEqual([]);
    expect(ask(fixture, packet15(id, 0, activation(string, 3), 'operator'))?.code).toBe(0);
  });
});

describe('where they are not allowed', () => {
  test('there is no challenge', async () => {
    const fixture = await createFixture();
    expect(ask(fixture, packet15(0, 0, getSessionChallenge('admin')))?.code).toBe(0xd4);
  });

  test('their packets are dropped', async () => {
    const fixture = await createFixture();
    expect(fixture.send(packet15(7, 1, lanRequest(0x00, 0x01, Buffer.alloc(0), 3), 'secret'))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'ipmi15-disabled': 1 });
  });
});
