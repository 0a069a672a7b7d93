import { describe, expect, test } from 'vitest';
import { NetFn } from '../../../src/bmc/ipmi/command.ts';
import { CompletionCode } from '../../../src/bmc/ipmi/completion.ts';
import { Client, lanRequest, packet20, presencePing } from './client.ts';
import { admin, bob, createFixture, type Fixture } from './fixture.ts';

const chassisStatus = [0x00, 0x01] as const;
const chassisControl = [0x00, 0x02] as const;

async function open(fixture: Fixture, login = admin as Parameters<Client['open']>[0]): Promise<Client> {
  const client = new Client(fixture.transport());
  await client.open(login);
  return client;
}

describe('outside any session', () => {
  test('a presence ping has a pong', async () => {
    const [pong] = (await createFixture()).send(presencePing);
    expect(pong?.[8]).toBe(0x40);
  });

  test.each([false, true])('commands for everybody are answered in the format they came in', async plus => {
    const client = new Client((await createFixture()).transport());
    const { code, data } = await client.ask(0x06, 0x38, Uint8Array.of(0x8e, 4), plus);
    expect([code, data.at(-1)]).toEqual([0, plus ? 1 : 0]);
  });

  test.each([
    ['that needs a session', 0x00, 0x02, [1]],
    ['that does not exist', 0x06, 0xfe, []],
  ])('a command %s is refused', async (_, netFn, command, data) => {
    const fixture = await createFixture();
    const client = new Client(fixture.transport());
    for (const plus of [false, true]) {
      const answer = await client.ask(netFn, command, Uint8Array.from(data), plus);
      expect(answer.code).toBe(CompletionCode.insufficientPrivilege);
    }
    expect(fixture.executed).toEqual([]);
  });

  test.each([0x01, 0x02, 0x11, 0x13, 0x15, 0x20, 0x3f])('payload type %i is dropped', async type => {
    const fixture = await createFixture();
    expect(fixture.send(packet20(type, Buffer.alloc(40)))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'unknown-payload-type': 1 });
  });
});

describe('a session', () => {
  test('starts with the rights of a user and may ask for more', async () => {
    const client = await open(await createFixture());
    expect((await client.command(...chassisControl, Uint8Array.of(1))).code).toBe(0xd4);
    await client.command(0x06, 0x3b, Uint8Array.of(4));
    expect((await client.command(...chassisControl, Uint8Array.of(1))).code).toBe(0);
  });

  test('never has more than its user', async () => {
    const fixture = await createFixture();
    const client = await open(fixture, bob);
    await client.command(0x06, 0x3b, Uint8Array.of(4));
    expect((await client.command(...chassisControl, Uint8Array.of(0))).code).toBe(0xd4);
    expect(fixture.executed).not.toContain('Chassis Control');
  });

  test('is answered where its latest packet came from', async () => {
    const fixture = await createFixture();
    const client = await open(fixture);
    const elsewhere = { address: '192.0.2.99', port: 999 };
    expect(fixture.send(client.request(...chassisStatus), elsewhere)).toHaveLength(1);
    expect([...fixture.bmc.sessions][0]?.remote).toEqual(elsewhere);
  });

  test('takes serial-over-LAN payloads, and sends them', async () => {
    const fixture = await createFixture();
    const client = await open(fixture);
    expect(fixture.send(client.seal(0x01, Buffer.from('typed')))).toEqual([]);
    expect(fixture.sol.received).toEqual([Buffer.from('typed')]);

    const heard: Buffer[] = [];
    const [session] = fixture.bmc.sessions;
    fixture.bmc.receive(client.request(...chassisStatus), { address: 'c', port: 1 }, d => heard.push(d));
    session?.send(0x01, Buffer.from('shown'));
    expect(client.unseal(heard[1] ?? Buffer.alloc(0))).toEqual({
      payloadType: 1,
      payload: Buffer.from('shown'),
    });
  });

  test.each([3, 17])('takes no packet that lacks what was agreed, suite %i', async suite => {
    const fixture = await createFixture();
    const client = await open(fixture, { ...admin, suite });
    const message = lanRequest(...chassisStatus, Buffer.alloc(0), 1);
    const naked = (type: number) => packet20(type, message, client.sessionId, 50);
    expect(fixture.send(naked(0x00))).toEqual([]);
    expect(fixture.send(naked(0x40))).toEqual([]);
    expect(fixture.send(naked(0xc0))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'not-authenticated': 1, 'not-encrypted': 1, 'bad-length': 1 });
    expect(fixture.executed).toEqual([]);
  });

  test('takes no packet twice', async () => {
    const fixture = await createFixture();
    const client = await open(fixture);
    const datagram = client.request(...chassisStatus);
    expect(fixture.send(datagram)).toHaveLength(1);
    expect(fixture.send(datagram)).toEqual([]);
    expect(fixture.drops.counts).toEqual({ replayed: 1 });
    expect(fixture.executed).toEqual(['Get Chassis Status']);
  });

  test('takes packets that overtook each other', async () => {
    const fixture = await createFixture();
    const client = await open(fixture);
    const [one, two, three] = [1, 2, 3].map(() => client.request(...chassisStatus));
    for (const datagram of [three, one, two]) expect(fixture.send(datagram as Buffer)).toHaveLength(1);
  });

  test('does a command once that its client repeats in a new packet', async () => {
    const fixture = await createFixture();
    const client = await open(fixture);
    await client.command(0x06, 0x3b, Uint8Array.of(4));
    const [first] = fixture.send(client.request(...chassisControl, Uint8Array.of(2), 9));
    const [again] = fixture.send(client.request(...chassisControl, Uint8Array.of(2), 9));
    expect(client.answerTo(again as Buffer)).toEqual(client.answerTo(first as Buffer));
    expect(again).not.toEqual(first);
    expect(fixture.executed.filter(name => name === 'Chassis Control')).toHaveLength(1);

    // Another sequence number is another request; so is the same one after a while.
    fixture.send(client.request(...chassisControl, Uint8Array.of(2), 10));
    await fixture.clock.advance(6_000);
    fixture.send(client.request(...chassisControl, Uint8Array.of(2), 10));
    expect(fixture.executed.filter(name => name === 'Chassis Control')).toHaveLength(3);
  });

  test('over sequence numbers without integrity takes no packet twice either', async () => {
    const fixture = await createFixture({ cipherSuites: [15] });
    const client = await open(fixture, { ...admin, suite: 15 });
    const datagram = client.request(...chassisStatus);
    expect([fixture.send(datagram).length, fixture.send(datagram).length]).toEqual([1, 0]);
  });
});

describe('a command that takes its time', () => {
  const slow = (finish: Promise<void>) => ({
    name: 'Slow',
    netFn: NetFn.app,
    command: 0x70,
    privilege: 'user' as const,
    length: [0, 0] as const,
    handle: async () => {
      await finish;
      return { code: CompletionCode.ok, data: Uint8Array.of(7) };
    },
  });

  test('is answered when it is done, others meanwhile, and repeats not at all', async () => {
    let finish = () => {};
    const fixture = await createFixture({}, [slow(new Promise(resolve => (finish = resolve)))]);
    const client = await open(fixture);
    const wire = fixture.transport();
    const late = wire.exchange(client.request(0x06, 0x70, Buffer.alloc(0), 5));
    expect(fixture.send(client.request(0x06, 0x70, Buffer.alloc(0), 5))).toEqual([]);
    expect(fixture.drops.counts).toEqual({ 'duplicate-in-progress': 1 });
    expect(fixture.send(client.request(...chassisStatus))).toHaveLength(1);
    finish();
    expect(client.answerTo((await late) as Buffer).data).toEqual(Buffer.of(7));
    expect(fixture.executed).toEqual(['Slow', 'Get Chassis Status']);
  });
});

test.each(['throws', 'rejects'])('a handler that %s is answered with FFh and harms nobody', async kind => {
  const broken = {
    name: 'Broken',
    netFn: NetFn.app,
    command: 0x71,
    privilege: 'user' as const,
    length: [0, 0] as const,
    handle: () => {
      const error = new Error('broken');
      if (kind === 'throws') throw error;
      return Promise.reject(error);
    },
  };
  const client = await open(await createFixture({}, [broken]));
  expect(await client.command(0x06, 0x71)).toEqual({ code: 0xff, data: Buffer.alloc(0) });
  expect((await client.command(...chassisStatus)).code).toBe(0);
});

test('a message with wrong checksums is dropped though its packet is authentic', async () => {
  const fixture = await createFixture();
  const client = await open(fixture);
  const message = lanRequest(...chassisStatus, Buffer.alloc(0), 1);
  message[2] = 0;
  expect(fixture.send(client.seal(0, message))).toEqual([]);
  expect(fixture.drops.counts).toEqual({ 'bad-checksum': 1 });
});
