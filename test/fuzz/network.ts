import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { IpmiServer } from '../../src/bmc/ipmi/ipmi-server.ts';
import { silentLog } from '../../src/support/log.ts';
import { Client } from '../bmc/ipmi/client.ts';
import { Dice } from './dice.ts';
import { askStatus } from './honest.ts';
import { hostile } from './hostile.ts';
import { createTarget, type Target, users } from './target.ts';

/** What a run saw. */
export interface NetworkReport {
  readonly packets: number;
  readonly received: number;
  readonly answered: number;
  readonly dropped: number;
}

/** Fits into the receive buffer, so that the kernel drops none. */
const burst = 100;
const patience = 5_000;

/**
 * The same strangers over UDP: what only a socket can show, such as an empty datagram, or a port that nobody listens
 * at when the answer comes.
 * @throws Error at the first thing that is wrong
 */
export async function runNetwork(seed: number, packets: number): Promise<NetworkReport> {
  const dice = new Dice(seed);
  const target = await createTarget(dice);
  let received = 0;
  let answered = 0;
  await using server = new IpmiServer(silentLog);
  const { endpoint } = await server.listen(
    { address: '127.0.0.1', port: 0 },
    {
      receive: (datagram, remote, send) => {
        received++;
        target.bmc.receive(datagram, remote, (answer, to) => {
          answered++;
          send(answer, to);
        });
      },
    },
  );
  const honest = await openSocket(endpoint.port);
  let stranger = await openSocket(endpoint.port);
  let honestPackets = 0;
  const client = new Client(
    {
      exchange: async datagram => {
        honestPackets++;
        const answer = once(honest, 'message', { signal: AbortSignal.timeout(patience) });
        await sendOne(honest, datagram);
        return ((await answer) as [Buffer])[0];
      },
    },
    size => dice.bytes(size),
  );
  await client.open({ suite: 17, user: users.admin.name, password: users.admin.password });

  const overheard: Buffer[] = [];
  for (let sent = 0; sent < packets; sent += burst) {
    const withheld = [client.request(0x00, 0x02, Buffer.from([0]))];
    const ids = [client.sessionId];
    for (let at = 0; at < burst; at++) {
      const datagram = hostile(dice, { overheard, withheld, ids });
      await sendOne(stranger, datagram);
      if (overheard.length < 100) overheard.push(datagram);
    }
    // Loopback keeps the order of datagrams: who is answered now is behind all strangers.
    await askStatus(client);
    if (dice.percent(10)) {
      stranger.close();
      stranger = await openSocket(endpoint.port);
    }
  }
  check(target, received === packets + honestPackets, `${received} datagrams of ${packets} came`);
  const dropped = Object.values(target.drops.counts).reduce((total, count) => total + count, 0);
  check(target, answered + dropped === received, `${answered} answered, ${dropped} dropped of ${received}`);
  honest.close();
  stranger.close();
  await target.close();
  return { packets, received, answered, dropped };
}

function check({ errors, changes, drops }: Target, isRight: boolean, what: string): void {
  if (!isRight) throw new Error(what);
  if (errors.length > 0 || drops.counts['internal-error']) throw new Error(`a mistake of ours: ${errors}`);
  if (changes.length > 0) throw new Error(`strangers changed ${changes}`);
}

async function openSocket(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  const connected = once(socket, 'connect');
  socket.connect(port, '127.0.0.1');
  await connected;
  return socket;
}

function sendOne(socket: Socket, datagram: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, error => (error ? reject(error) : resolve()));
  });
}
