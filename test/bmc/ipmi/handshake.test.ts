import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Status } from '../../../src/bmc/ipmi/wire/status.ts';
import { Client, type Login, openSessionPayload, packet20, suiteAlgorithms } from './client.ts';
import { admin, bob, createFixture, type Fixture } from './fixture.ts';

const chassisStatus = [0x00, 0x01] as const;

/** Status of the Open Session Response to a payload. */
function openStatus(fixture: Fixture, payload: Buffer): number | undefined {
  return fixture.send(packet20(0x10, payload))[0]?.[17];
}

/** A half-open session: its BMC's ID. */
function openHalf(fixture: Fixture): Buffer {
  const [response] = fixture.send(packet20(0x10, openSessionPayload([1, 1, 1])));
  if (!response) throw new Error('no answer');
  return response.subarray(24, 28);
}

function rakp1(sessionId: Uint8Array, role: number, name: string, nameLength = name.length): Buffer {
  const head = [0x22, 0, 0, 0, ...sessionId, ...Buffer.alloc(16, 7), role, 0, 0, nameLength];
  return packet20(0x12, Buffer.from([...head, ...Buffer.from(name)]));
}

function rakp3(sessionId: Uint8Array, status = 0, code = Buffer.alloc(20)): Buffer {
  return packet20(0x14, Buffer.from([0x33, status, 0, 0, ...sessionId, ...code]));
}

const statusOf = (answers: readonly Buffer[]) => answers[0]?.[17];

describe.each([1, 2, 3, 15, 16, 17])('cipher suite %i', suite => {
  test('opens a session in which commands are answered', async () => {
    const fixture = await createFixture({ cipherSuites: [suite] });
    const client = new Client(fixture.transport());
    await client.open({ ...admin, suite });
    const { code, data } = await client.command(...chassisStatus);
    expect([code, data.toString('hex')]).toEqual([0, '01004000']);
  });

  test('opens one with a BMC key, and none without it', async () => {
    const kg = Buffer.from('the BMC key');
    const fixture = await createFixture({ cipherSuites: [suite], kg });
    const client = new Client(fixture.transport());
    await client.open({ ...admin, suite, kg });
    expect((await client.command(...chassisStatus)).code).toBe(0);
    await expect(new Client(fixture.transport()).open({ ...admin, suite })).rejects.toMatchObject({
      payloadType: 0x15,
      status: Status.invalidIntegrityCheckValue,
    });
  });

  test('is not to be had where it is not allowed', async () => {
    const fixture = await createFixture({ cipherSuites: [3, 17].filter(other => other !== suite) });
    await expect(new Client(fixture.transport()).open({ ...admin, suite })).rejects.toMatchObject({
      payloadType: 0x11,
      status: Status.noCipherSuiteMatch,
    });
  });
});

test.each([3, 17])('answers to ipmitool with suite %i are those recorded', async suite => {
  const recorded = readFileSync(new URL(`exchanges/ipmitool-suite-${suite}.txt`, import.meta.url), 'utf8');
  const same = { fill: (target: Buffer, start: number, end: number) => void target.fill(0x5a, start, end) };
  const fixture = await createFixture({}, [], same);
  for (const [, request = '', response] of recorded.matchAll(/^> (\w+)\n< (\w+)$/gm)) {
    expect(fixture.send(Buffer.from(request, 'hex'))[0]?.toString('hex')).toBe(response);
  }
  expect(fixture.executed).toEqual([
    'Get Channel Authentication Capabilities',
    'Set Session Privilege Level',
    'Get Chassis Status',
    'Close Session',
  ]);
});

describe('Open Session', () => {
  test.each([
    [[0, 0, 0], Status.noCipherSuiteMatch], // suite 0
    [[0, 1, 1], Status.noCipherSuiteMatch],
    [[1, 1, 0], Status.noCipherSuiteMatch], // suite 2, which is not allowed
    [[1, 4, 1], Status.noCipherSuiteMatch], // no suite at all
    [[2, 1, 1], Status.invalidAuthenticationAlgorithm], // MD5
    [[9, 1, 1], Status.invalidAuthenticationAlgorithm],
    [[1, 2, 1], Status.invalidIntegrityAlgorithm],
    [[1, 1, 2], Status.invalidConfidentialityAlgorithm], // RC4
  ])('algorithms %j are answered with status %i', async (algorithms, status) => {
    expect(openStatus(await createFixture(), openSessionPayload(algorithms))).toBe(status);
  });

  test.each([
    [[undefined, undefined, undefined], 17],
    [[1, undefined, undefined], 3],
    [[undefined, 1, undefined], 3],
  ])('algorithms %j are filled up to suite %i', async (algorithms, suite) => {
    const fixture = await createFixture();
    const [response] = fixture.send(packet20(0x10, openSessionPayload(algorithms)));
    const granted = [32, 40, 48].map(at => response?.[at]);
    expect(granted).toEqual(suiteAlgorithms[suite]);
  });

  test('suite 0 cannot even be configured', async () => {
    const fixture = await createFixture({ cipherSuites: [0] });
    for (const algorithms of [
      [0, 0, 0],
      [undefined, undefined, undefined],
    ]) {
      expect(openStatus(fixture, openSessionPayload(algorithms))).toBe(Status.noCipherSuiteMatch);
    }
  });

  test.each([
    [5, Status.invalidRole], // OEM
    [6, Status.invalidRole],
    [15, Status.invalidRole],
    [4, Status.unauthorizedRole], // more than the channel allows
    [3, Status.ok],
    [0, Status.ok],
  ])("privilege %i on an operators' channel has status %i", async (privilege, status) => {
    const fixture = await createFixture({ channelPrivilege: 'operator' });
    expect(openStatus(fixture, openSessionPayload([1, 1, 1], privilege))).toBe(status);
  });

  test('a limit that a client has set on the channel holds', async () => {
    const fixture = await createFixture();
    await fixture.bmc.memory.change({ channelAccess: [2] });
    expect(openStatus(fixture, openSessionPayload([1, 1, 1], 3))).toBe(Status.unauthorizedRole);
  });

  test('a session ID of 0 is invalid', async () => {
    expect(openStatus(await createFixture(), openSessionPayload([1, 1, 1], 0, 0))).toBe(
      Status.invalidSessionId,
    );
  });

  test('a payload of a wrong length is illegal', async () => {
    const payload = openSessionPayload([1, 1, 1]);
    expect(openStatus(await createFixture(), payload.subarray(0, 30))).toBe(Status.illegalParameter);
  });

  test.each([
    [8, 3, Status.invalidPayloadType],
    [8, 1, Status.noMatchingAuthenticationPayload],
    [16, 0, Status.noMatchingIntegrityPayload],
  ])('byte %i set to %i has status %i', async (at, value, status) => {
    const payload = openSessionPayload([1, 1, 1]);
    payload[at] = value;
    expect(openStatus(await createFixture(), payload)).toBe(status);
  });
});

describe('RAKP 1', () => {
  test.each([
    ['nobody', 0x14, Status.unauthorizedName],
    ['', 0x14, Status.unauthorizedName], // the anonymous user, who is disabled
    ['bob', 0x14, Status.unauthorizedRole], // a user wants to be administrator
    ['bob', 0x04, Status.unauthorizedRole], // the same, looked up by name and privilege
    ['bob', 0x12, Status.ok],
    ['bob', 0x00, Status.ok], // the highest that he may have
    ['bob', 0x15, Status.invalidRole],
    ['admin', 0x14, Status.ok],
  ])('of %j with role %i has status %i', async (name, role, status) => {
    const fixture = await createFixture();
    expect(statusOf(fixture.send(rakp1(openHalf(fixture), role, name)))).toBe(status);
  });

  test('a name longer than names may be, or than the message, is told', async () => {
    const fixture = await createFixture();
    expect(statusOf(fixture.send(rakp1(openHalf(fixture), 0x14, 'a'.repeat(17))))).toBe(
      Status.invalidNameLength,
    );
    expect(statusOf(fixture.send(rakp1(openHalf(fixture), 0x14, 'admin', 9)))).toBe(Status.invalidNameLength);
  });

  test('for no session is told so', async () => {
    const fixture = await createFixture();
    expect(statusOf(fixture.send(rakp1(Buffer.alloc(4, 9), 0x14, 'admin')))).toBe(Status.invalidSessionId);
  });

  test('for a session in use is told so, and changes nothing', async () => {
    const fixture = await createFixture();
    const client = new Client(fixture.transport());
    await client.open(admin);
    const id = Buffer.alloc(4);
    id.writeUInt32LE(client.sessionId);
    expect(statusOf(fixture.send(rakp1(id, 0x14, 'admin')))).toBe(Status.inactiveSessionId);
    expect(statusOf(fixture.send(rakp3(id)))).toBe(Status.inactiveSessionId);
    expect((await client.command(...chassisStatus)).code).toBe(0);
  });

  test('that was refused has ended the handshake', async () => {
    const fixture = await createFixture();
    const id = openHalf(fixture);
    fixture.send(rakp1(id, 0x14, 'nobody'));
    expect(statusOf(fixture.send(rakp1(id, 0x14, 'admin')))).toBe(Status.invalidSessionId);
  });

  test('sent again has the same answer', async () => {
    const fixture = await createFixture();
    const message = rakp1(openHalf(fixture), 0x14, 'admin');
    expect(fixture.send(message)).toEqual(fixture.send(message));
  });

  test.each([
    ['disabled', { enabled: false }],
    ['not allowed IPMI', { ipmiMessaging: false }],
    ['for call-back only', { callbackOnly: true }],
    ['without privilege', { privilege: 'none' }],
    ['without password', { password: Buffer.alloc(16) }],
  ] as const)('of a user who is %s is refused', async (_, change) => {
    const fixture = await createFixture();
    await fixture.bmc.accounts.change(2, change);
    expect(statusOf(fixture.send(rakp1(openHalf(fixture), 0x10, 'admin')))).toBe(Status.unauthorizedName);
  });
});

describe('RAKP 3', () => {
  test('with a wrong proof is answered, and ends the handshake', async () => {
    const fixture = await createFixture();
    const id = openHalf(fixture);
    fixture.send(rakp1(id, 0x14, 'admin'));
    expect(statusOf(fixture.send(rakp3(id)))).toBe(Status.invalidIntegrityCheckValue);
    expect(statusOf(fixture.send(rakp3(id)))).toBe(Status.invalidSessionId);
    expect([...fixture.bmc.sessions]).toEqual([]);
  });

  test('before RAKP 1 is inactive', async () => {
    const fixture = await createFixture();
    expect(statusOf(fixture.send(rakp3(openHalf(fixture))))).toBe(Status.inactiveSessionId);
  });

  test('of a client that gives up ends the handshake without an answer', async () => {
    const fixture = await createFixture();
    const id = openHalf(fixture);
    expect(fixture.send(rakp3(id, Status.invalidIntegrityCheckValue))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'handshake-abandoned': 1 });
    expect(statusOf(fixture.send(rakp1(id, 0x14, 'admin')))).toBe(Status.invalidSessionId);
  });

  test('sent again, because RAKP 4 was lost, has the same answer until the session is used', async () => {
    const fixture = await createFixture();
    const wire = fixture.transport();
    const sent: Buffer[] = [];
    const client = new Client({
      exchange: datagram => {
        sent.push(datagram);
        return wire.exchange(datagram);
      },
    });
    await client.open(admin);
    const last = sent.at(-1);
    if (!last) throw new Error('nothing was sent');
    expect(fixture.send(last)).toEqual([wire.received.at(-1)]);
    expect([...fixture.bmc.sessions]).toHaveLength(1);
    await client.command(...chassisStatus);
    expect(statusOf(fixture.send(last))).toBe(Status.inactiveSessionId);
  });
});

test.each<[string, Login, string]>([
  ['the least of what was asked for', { ...admin, privilege: 2 }, 'user'],
  ['the role of RAKP 1', { ...admin, privilege: 4, role: 0x13 }, 'operator'],
  ['all that the user may', { ...admin, privilege: 0, role: 0x10 }, 'administrator'],
  ['all that the user may', { ...bob, privilege: 0, role: 0x10 }, 'user'],
])('a session may have at most %s', async (_, login, privilege) => {
  const fixture = await createFixture();
  await new Client(fixture.transport()).open(login);
  const [session] = fixture.bmc.sessions;
  expect(session).toMatchObject({ maximumPrivilege: privilege, privilege: 'user' });
});
