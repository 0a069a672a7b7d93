import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import type { RemoteLab } from '../../../src/daemon/remote-lab.ts';
import { type WebRole, WebSessions } from '../../../src/daemon/web/web-sessions.ts';
import { answerWebSockets, type WebSocketParts } from '../../../src/daemon/web/web-sockets.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';
import { Browser, type OpenSocket } from './browser.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A server of consoles and screens, and a browser of somebody whose role can be changed. */
async function setUp(change: Partial<WebSocketParts> = {}) {
  const clock = new VirtualClock();
  const sessions = new WebSessions(clock);
  const user: { role: WebRole | undefined } = { role: 'Administrator' };
  const { token } = sessions.open({ name: 'me', lab: undefined, role: () => user.role });
  const server = createServer();
  const end = answerWebSockets(server, {
    sessions,
    serialOf: () => {
      throw new Error('none');
    },
    remoteOf: () => undefined,
    screenOf: () => new Promise(() => undefined),
    tls: false,
    cookie: 'c',
    clock,
    log: silentLog,
    ...change,
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    end();
    await closed(server);
  });
  const { port } = server.address() as AddressInfo;
  const browser = new Browser(`http://127.0.0.1:${port}/`);
  browser.cookie = `c=${token}`;
  return { clock, server, port, browser, user };
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()));
}

function codeOf({ socket }: OpenSocket): Promise<number> {
  return new Promise(resolve => socket.on('close', resolve));
}

const console = '/v1/labs/lab/nodes/node/console';
const screen = '/v1/labs/lab/nodes/node/screen';

test('a failure that takes many bytes to tell ends its console alone', async () => {
  const serialOf = () => {
    throw new Error('… '.repeat(200));
  };
  const { browser } = await setUp({ serialOf });
  expect(await codeOf(await browser.connect(console))).toBe(4500);
  expect(await codeOf(await browser.connect(console))).toBe(4500);
});

test('who is refused keeps no connection, however long they stay', async () => {
  const { server, port } = await setUp();
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined);
  client.resume();
  client.write(
    `GET ${console} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  await new Promise<void>(resolve => client.on('end', resolve));
  // Ends only when no connection is left.
  await closed(server);
  client.destroy();
});

test('a session has so many of them, and no more', async () => {
  const { browser } = await setUp();
  const open = await Promise.all(Array.from({ length: 32 }, () => browser.connect(screen)));
  expect(await browser.socket(screen)).toBe(503);
  const [first] = open;
  const left = first && codeOf(first);
  first?.socket.terminate();
  await left;
  await expect.poll(() => browser.socket(screen)).not.toBe(503);
});

test('a screen ends when its user may no longer operate, whether the browser answers or not', async () => {
  const { browser, clock, user } = await setUp();
  const open = await browser.connect(screen);
  user.role = 'ReadOnly';
  open.socket.pause();
  await clock.advance(16_000);
  const code = codeOf(open);
  open.socket.resume();
  expect([1006, 4401]).toContain(await code);
});

describe('a console of a lab that a service serves', () => {
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: console\r\n\r\n';

  /** A service that does that with who asks for a console. */
  function service(tunnel: (client: Duplex) => void): Partial<WebSocketParts> {
    const remote: Pick<RemoteLab, 'tunnel'> = { tunnel: async (_path, client) => tunnel(client) };
    return { remoteOf: () => remote as RemoteLab };
  }

  test('shows what comes with the answer and after it, and takes what is typed', async () => {
    const { browser } = await setUp(
      service(client => {
        client.write(answer.slice(0, 20));
        setImmediate(() => {
          client.write(`${answer.slice(20)}kept`);
          setImmediate(() => client.write(' and new'));
        });
        client.on('data', bytes => client.write(`<${bytes}>`));
      }),
    );
    const open = await browser.connect(console);
    await open.until('kept and new');
    open.socket.send(Buffer.from('typed'));
    await open.until('<typed>');
  });

  test('is left by its service’s side too when the browser leaves before the answer', async () => {
    let gone = () => {};
    const left = new Promise<void>(resolve => {
      gone = resolve;
    });
    const { browser } = await setUp(service(client => client.on('close', gone)));
    const open = await browser.connect(console);
    open.socket.close();
    await left;
  });

  test('is not waited for for ever', async () => {
    const { browser, clock } = await setUp(service(client => client.resume()));
    const open = await browser.connect(console);
    const code = codeOf(open);
    await open.settled();
    await clock.advance(30_000);
    expect(await code).toBe(4500);
  });
});
