import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Host, password } from '../lab/host.ts';
import { RedfishClient } from './client.ts';

/** What others send to a service's port: the daemon goes on, keeps its size, and serves whoever is well-behaved. */

const attacker = '127.0.0.66';
/** MiB by which the daemon may have grown whatever was sent. */
const mostGrowth = 96;
const system = '/redfish/v1/Systems/n0';

const lab = `lab: hostile
driver: { name: simulated }
networks:
  net: { cidr: 192.168.219.0/24, dhcp: true }
nodes:
  - { name: n0, disks: [1GiB], nics: [net] }
bmc: { username: admin, password: ${password}, ipmi: { address: 127.0.0.1, port: 26340 } }
`;

describe('a service that is attacked', () => {
  let host: Host;
  let daemon: number;
  let size: number;
  let redfish: RedfishClient;
  let port: number;
  let certificate: string;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    host = await Host.create();
    await host.done('up', await host.file('hostile', lab));
    const status = await host.status('hostile');
    const origin = new URL(status.nodes[0]?.bmc.redfish?.url ?? '').origin;
    port = Number(new URL(origin).port);
    certificate = status.redfish?.certificate ?? '';
    redfish = new RedfishClient({ origin, certificate, user: 'admin', password });
    daemon = (await host.workers()).find(({ kind }) => kind === 'daemon')?.pid ?? 0;
    await served();
    size = sizeOf(daemon);
  });

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });

  afterAll(async () => {
    await redfish?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  const served = async () => expect(await redfish.get(system)).toMatchObject({ Id: 'n0' });
  const goesOn = async () => {
    await served();
    expect((await host.workers()).find(({ kind }) => kind === 'daemon')?.pid).toBe(daemon);
    expect(sizeOf(daemon) - size).toBeLessThan(mostGrowth);
  };

  /** Whoever is sent away does not mind. */
  function track(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => undefined);
    return socket;
  }
  const tcp = () => track(connectTcp({ host: '127.0.0.1', port, localAddress: attacker }));
  const tls = () =>
    track(
      connectTls({
        ca: certificate,
        socket: connectTcp({ host: '127.0.0.1', port, localAddress: attacker }),
      }),
    );

  /** Sends something, and takes what comes until the service ends it. */
  async function send(...parts: readonly (string | Buffer)[]): Promise<string> {
    const socket = tls();
    let answer = '';
    socket.setEncoding('latin1').on('data', part => {
      answer += part;
    });
    const closed = end(socket);
    for (const part of parts) socket.write(part);
    await closed;
    return answer;
  }

  const head = (method: string, path: string, ...more: readonly string[]) =>
    `${[`${method} ${path} HTTP/1.1`, 'Host: bmc', 'Connection: close', ...more].join('\r\n')}\r\n\r\n`;
  const authorization = `Authorization: Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  const patchOf = (length: number) =>
    head('PATCH', system, authorization, 'Content-Type: application/json', `Content-Length: ${length}`);

  test('by clients that say nothing, or never finish, sends them away', async () => {
    const silent = Array.from({ length: 50 }, tcp);
    const slow = Array.from({ length: 50 }, tls);
    const talk = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('x');
    }, 500);
    try {
      for (const socket of slow) socket.write(`GET ${system} HTTP/1.1\r\nX-Slow: `);
      await goesOn();
      await Promise.all([...silent, ...slow].map(end));
    } finally {
      clearInterval(talk);
    }
    await goesOn();
  });

  test('by a body that comes byte by byte, serves others', async () => {
    const slow = Array.from({ length: 50 }, tls);
    for (const socket of slow) socket.write(patchOf(1000));
    for (let time = 0; time < 20; time++) {
      for (const socket of slow) socket.write(' ');
      await served();
    }
    await goesOn();
  });

  test('by 500 connections at once, serves others', async () => {
    const many = Array.from({ length: 500 }, tcp);
    await Promise.all(many.map(settled));
    await using other = new RedfishClient({
      origin: `https://127.0.0.1:${port}`,
      certificate,
      user: 'admin',
      password,
    });
    expect(await other.get(system)).toMatchObject({ Id: 'n0' });
    await goesOn();
  });

  test('by heads and bodies without end, takes no more of them than it must', async () => {
    const header = `X-Long: ${'x'.repeat(2 << 20)}`;
    expect(await send(head('GET', system, header))).toMatch(/^(HTTP\/1.1 431 |$)/);
    const piece = Buffer.alloc(1 << 20, ' ');
    const answer = await send(patchOf(50 << 20), ...Array.from({ length: 50 }, () => piece));
    expect(answer).toMatch(/^(HTTP\/1.1 413 |$)/);
    await goesOn();
  });

  test('by nesting without end, calls it no request', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const count = 20_000;
      const body = `${open.repeat(count)}1${close.repeat(count)}`;
      expect(await send(patchOf(body.length), body)).toMatch(/^HTTP\/1.1 400 /);
    }
    await goesOn();
  });

  test('by requests whose answers nobody reads, waits for whoever asks', async () => {
    const socket = tls().pause();
    const requests = `GET /redfish/v1/$metadata HTTP/1.1\r\nHost: bmc\r\n\r\n`.repeat(5_000);
    socket.write(requests);
    for (let time = 0; time < 20; time++) await served();
    await goesOn();
  });

  test('by wrong logins, holds up only those who try them', async () => {
    const wrong = (name: string) =>
      head('GET', system, `Authorization: Basic ${Buffer.from(`${name}:x`).toString('base64')}`);
    const answers = await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const answer = await send(wrong(`nobody-${index}`));
        await served();
        return answer.slice(9, 12);
      }),
    );
    expect(new Set(answers)).toEqual(new Set(['401', '503']));
    await goesOn();
  });

  test('by what is no TLS, drops it', async () => {
    const hello = Buffer.from('16030100ff010000fb0303', 'hex');
    const garbage = [
      Buffer.from(head('GET', system)),
      randomBytes(4096),
      Buffer.concat([hello, randomBytes(244)]),
      Buffer.concat([hello, Buffer.alloc(1 << 20)]),
    ];
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const socket = tcp().resume();
        const closed = end(socket);
        socket.end(garbage[index % garbage.length] ?? '');
        await closed;
      }),
    );
    await goesOn();
  });
});

/** Resolves when a connection has ended, however. */
function end(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Resolves when there is a connection, or none to be had. */
function settled(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.once('connect', () => resolve()).once('close', () => resolve());
  });
}

/** Memory of a process that is in use, in MiB. @see proc(5), status: VmRSS */
function sizeOf(pid: number): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
