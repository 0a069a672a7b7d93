import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { IpmiServer } from '../../../src/bmc/ipmi/ipmi-server.ts';
import { QuintupleoError } from '../../../src/support/errors.ts';
import { silentLog } from '../../../src/support/log.ts';
import { Client, presencePing, type Transport } from './client.ts';
import { admin, createFixture } from './fixture.ts';

const hasIPv6 = Object.values(networkInterfaces()).some(addresses =>
  addresses?.some(({ address }) => address === '::1'),
);

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing[Symbol.asyncDispose]();
});

function server(): IpmiServer {
  const made = new IpmiServer(silentLog);
  open.push(made);
  return made;
}

async function udp(address: string, port: number): Promise<Transport & { socket: Socket }> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  open.push({ [Symbol.asyncDispose]: async () => void socket.close() });
  const exchange = async (datagram: Buffer) => {
    const answer = once(socket, 'message');
    socket.send(datagram, port, address);
    const [message] = (await answer) as [Buffer];
    return message;
  };
  return { socket, exchange };
}

describe.each(['127.0.0.1', ...(hasIPv6 ? ['::1'] : [])])('on %s', address => {
  test('BMCs answer, each at its own place', async () => {
    const ipmi = server();
    const fixtures = [await createFixture(), await createFixture()];
    for (const fixture of fixtures) {
      const { endpoint } = await ipmi.listen({ address, port: 0 }, fixture.bmc);
      const client = new Client(await udp(address, endpoint.port));
      await client.open(admin);
      expect((await client.command(0x00, 0x01)).data.toString('hex')).toBe('01004000');
    }
    expect(fixtures.map(({ bmc }) => [...bmc.sessions].length)).toEqual([1, 1]);
  });

  test('a reserved place is nobody else’s, until a BMC listens there or it is given up', async () => {
    const [ipmi, other] = [server(), server()];
    const { bmc } = await createFixture();
    const { endpoint, close } = await ipmi.listen({ address, port: 0 }, bmc);
    await close();
    const both = await Promise.all([ipmi.reserve(endpoint), other.reserve(endpoint)]);
    expect(both.toSorted()).toEqual([false, true]);
    const [winner, loser] = both[0] ? [ipmi, other] : [other, ipmi];
    expect(await winner.reserve(endpoint)).toBe(false);
    await expect(loser.listen(endpoint, bmc)).rejects.toThrow('another program listens there');
    const served = await winner.listen(endpoint, bmc);
    expect(await (await udp(address, endpoint.port)).exchange(presencePing)).toBeDefined();
    await served.close();
    expect(await loser.reserve(endpoint)).toBe(true);
    await loser.release(endpoint);
    await loser.release(endpoint);
    expect(await winner.reserve(endpoint)).toBe(true);
  });

  test('at an address that is still to come, a place can be had', async () => {
    const ipmi = server();
    expect(await ipmi.reserve({ address: '192.0.2.1', port: 623 })).toBe(true);
    await ipmi.release({ address: '192.0.2.1', port: 623 });
  });

  test('a place is free again once it is closed', async () => {
    const ipmi = server();
    const { bmc } = await createFixture();
    const first = await ipmi.listen({ address, port: 0 }, bmc);
    await first.close();
    await first.close();
    const second = await ipmi.listen(first.endpoint, bmc);
    expect(second.endpoint).toEqual(first.endpoint);
    await ipmi.close();
    await ipmi.listen(first.endpoint, bmc);
  });

  test('a place that is taken is told with its remedy', async () => {
    const { bmc } = await createFixture();
    const { endpoint } = await server().listen({ address, port: 0 }, bmc);
    const error = await server()
      .listen(endpoint, bmc)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(QuintupleoError);
    expect(error).toMatchObject({ family: 'platform', code: 'IPMI_ADDRESS_IN_USE' });
    expect((error as QuintupleoError).message).toContain(`${endpoint.port}`);
    expect((error as QuintupleoError).remedy).toContain(`${endpoint.port}`);
  });
});

test('an address that the host does not have is told', async () => {
  const { bmc } = await createFixture();
  await expect(server().listen({ address: '203.0.113.77', port: 6230 }, bmc)).rejects.toMatchObject({
    code: 'IPMI_ADDRESS_NOT_HERE',
    message: expect.stringContaining('203.0.113.77:6230'),
  });
});

test('a receiver is given each datagram with where it came from, and may answer after its place was closed', async () => {
  const ipmi = server();
  let answerLater = () => {};
  const asked = new Promise<number>(resolve => {
    const receiver = {
      receive: (
        datagram: Buffer,
        remote: { address: string; port: number },
        send: (d: Buffer, r: typeof remote) => void,
      ) => {
        answerLater = () => send(datagram, remote);
        resolve(remote.port);
      },
    };
    void ipmi.listen({ address: '127.0.0.1', port: 0 }, receiver).then(async ({ endpoint }) => {
      const { socket } = await udp('127.0.0.1', endpoint.port);
      socket.send(presencePing, endpoint.port, '127.0.0.1');
    });
  });
  expect(await asked).toBeGreaterThan(0);
  await ipmi.close();
  answerLater();
});
