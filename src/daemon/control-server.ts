import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createNetServer, type ListenOptions, type Server as NetServer } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { follow, type SerialPort } from '../node/serial.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import type { RemoteLab } from './remote-lab.ts';
import type { Traffic } from './traffic.ts';

/** How far a console client may lag behind before it is cut off. Bytes. */
const mostUnsent = 4 * 1024 * 1024;

/** How long a daemon that is just ending is waited for, and how often it is looked whether it has. Milliseconds. */
const endingTime = 3_000;
const endingInterval = 100;

/**
 * Makes sure that one daemon alone works on a state directory. The kernel holds the lock, and lets go of it however
 * the process ends.
 * @throws QuintupleoError `DAEMON_RUNS`
 */
export async function lockState(stateDirectory: string): Promise<AsyncDisposable> {
  // An abstract socket: a name without a file that could be left behind.
  const name = `\0quintupleo:${stateDirectory}`;
  const deadline = performance.now() + endingTime;
  for (;;) {
    const lock = createNetServer();
    try {
      await listen(lock, { path: name });
      lock.unref();
      return { [Symbol.asyncDispose]: () => close(lock) };
    } catch (error) {
      if (systemCodeOf(error) !== 'EADDRINUSE') throw error;
      if (performance.now() >= deadline) throw daemonRuns(stateDirectory);
      await setTimeout(endingInterval);
    }
  }
}

function daemonRuns(stateDirectory: string): QuintupleoError {
  return new QuintupleoError(`another daemon works on ${stateDirectory}`, {
    family: 'user',
    code: 'DAEMON_RUNS',
    remedy: 'Use that one, or end it first: quintupleo quit.',
  });
}

/** What answers on the control API's ways in. */
export interface Control {
  readonly api: Hono;
  /** The serial port that a path of the console route names; throws if there is none. */
  readonly serialOf: (lab: string, node: string) => SerialPort;
  /** Who serves a lab's nodes, where it is not this daemon; throws if there is no such lab. */
  readonly remoteOf: (lab: string) => RemoteLab | undefined;
  /** Hears of every request; not of consoles, for which no daemon stays. */
  readonly traffic?: Traffic | undefined;
  readonly log: Logger;
}

/**
 * Serves the control API on a Unix socket that only its owner may open. The caller holds the lock of the state, so a
 * socket that is there already was left behind.
 */
export async function serveControl(path: string, control: Control): Promise<AsyncDisposable> {
  const server = createAdaptorServer({ fetch: control.api.fetch, createServer }) as Server;
  const serving = answerControl(server, control);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
  await listen(server, { path });
  await chmod(path, 0o600);
  return serving;
}

/** Lets an HTTP server answer the control API's long requests and its consoles; ends it with all of them. */
export function answerControl(server: Server, control: Control): AsyncDisposable {
  // A plan of many steps and a console are long answers.
  server.requestTimeout = 0;
  // An upgraded connection is no longer the server's to close.
  const consoles = new Set<Duplex>();
  server.on('request', (request, response) => {
    // Nor does a daemon stay for those who watch.
    if (request.url?.startsWith('/v1/watch')) return;
    const done = control.traffic?.begin();
    response.on('close', () => done?.());
  });
  server.on('upgrade', (request, socket, head) => {
    consoles.add(socket);
    socket.on('close', () => consoles.delete(socket));
    openConsole(request, socket, head, control).catch((error: unknown) => {
      control.log.warn({ path: request.url, error: messageOf(error) }, 'console refused');
      socket.end(`HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n${messageOf(error)}\n`);
    });
  });
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      for (const socket of consoles) socket.destroy();
      await close(server);
    },
  };
}

/** Turns a connection into the node's serial port: first what was kept, then both ways until one side ends it. */
async function openConsole(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { serialOf, remoteOf }: Control,
): Promise<void> {
  const path = /^\/v1\/labs\/([^/]+)\/nodes\/([^/]+)\/console$/.exec(request.url ?? '');
  if (!path || request.headers.upgrade !== 'console') throw new Error('this is no console');
  socket.on('error', () => socket.destroy());
  const lab = decodeURIComponent(path[1] ?? '');
  const remote = remoteOf(lab);
  if (remote) return remote.tunnel(path[0], socket, head);
  const serial = serialOf(lab, decodeURIComponent(path[2] ?? ''));
  // HTTP servers leave their half of a connection open when the client ends its own.
  socket.on('end', () => socket.end());
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: console\r\n\r\n');
  const stop = follow(serial, bytes => {
    if (socket.writableLength > mostUnsent) socket.destroy();
    else socket.write(bytes);
  });
  socket.on('close', stop);
  if (head.length > 0) serial.write(head);
  socket.on('data', (bytes: Buffer) => serial.write(bytes));
}

/** Lets a server listen, or throws what keeps it from that. */
export function listen(server: NetServer, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: NetServer): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()));
}
