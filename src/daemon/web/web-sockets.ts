import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import { type Duplex, duplexPair, pipeline } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { MachineScreen } from '../../node/driver.ts';
import { follow, type SerialPort } from '../../node/serial.ts';
import type { Clock } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { within } from '../../support/wait.ts';
import type { RemoteLab } from '../remote-lab.ts';
import { sessionLook } from './web-app.ts';
import { cookieOf, isOurHost, isOwnOrigin } from './web-guard.ts';
import { reaches, SessionShares, type WebRole, type WebSession, type WebSessions } from './web-sessions.ts';

/** What consoles and screens in the browser work with. */
export interface WebSocketParts {
  readonly sessions: WebSessions;
  /** Throws if there is no such node. */
  readonly serialOf: (lab: string, node: string) => SerialPort;
  /** Throws if there is no such lab. */
  readonly remoteOf: (lab: string) => RemoteLab | undefined;
  /** How a node's screen can be seen now; throws if there is no such node. */
  readonly screenOf: (lab: string, node: string, signal: AbortSignal) => Promise<MachineScreen>;
  readonly tls: boolean;
  readonly cookie: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How far a browser may lag behind before it is cut off, and what it may send at once. Bytes. */
const mostUnsent = 4 * 1024 * 1024;
const mostMessage = 256 * 1024;

/** Most consoles and screens that are open at a time: of all, and of one session. */
const mostSockets = 512;
const mostOfSession = 32;

/** How long a service may take to give a console, and a browser to answer a close. Milliseconds. */
const openTime = 30_000;
const closeTime = 1_000;

/** Close codes of our own. @see RFC 6455 §7.4.2 */
const sessionEnded = 4401;
const failed = 4500;

interface Asked {
  readonly session: WebSession;
  readonly role: WebRole;
  readonly path: string;
  readonly lab: string;
  readonly node: string;
  readonly what: 'console' | 'screen';
}

/** The role that each needs: what a screen is sent cannot be told from what is typed. */
const needed: Readonly<Record<Asked['what'], WebRole>> = { console: 'ReadOnly', screen: 'Operator' };

/** Lets an HTTP server answer the WebSockets of consoles and screens. @returns ends them all */
export function answerWebSockets(server: Server, parts: WebSocketParts): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostMessage, perMessageDeflate: false });
  const shares = new SessionShares(mostOfSession);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const asked = sockets.clients.size < mostSockets ? lookInto(request, parts) : 503;
    const giveBack = typeof asked === 'number' ? undefined : shares.take(asked.session);
    if (typeof asked === 'number' || !giveBack) {
      const status = typeof asked === 'number' ? asked : 503;
      // HTTP servers leave an upgraded connection to us, and their half of it open.
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
      return;
    }
    socket.on('close', giveBack);
    sockets.handleUpgrade(request, socket, head, client => {
      client.on('error', () => client.terminate());
      watchSession(client, asked, parts);
      const left = new AbortController();
      client.on('close', () => left.abort());
      const serve = asked.what === 'console' ? serveConsole : serveScreen;
      serve(client, asked, parts, left.signal).catch((error: unknown) => {
        if (left.signal.aborted) return;
        parts.log.warn({ path: asked.path, error: messageOf(error) }, 'no console or screen');
        // A reason may have 123 bytes: what went wrong is in the log.
        client.close(failed, `no ${asked.what}`);
      });
    });
  });
  return () => {
    for (const client of sockets.clients) client.terminate();
    sockets.close();
  };
}

/** What a request asks for, or the status of its refusal. */
function lookInto({ headers, url }: IncomingMessage, parts: WebSocketParts): Asked | 401 | 403 | 404 | 421 {
  const { sessions, cookie, tls } = parts;
  if (!isOurHost(headers.host, tls)) return 421;
  if (!isOwnOrigin(headers, tls)) return 403;
  const token = cookieOf(headers.cookie, cookie);
  const found = token === undefined ? undefined : sessions.find(token);
  if (!found) return 401;
  const [path, lab, node, what] =
    /^\/v1\/labs\/([^/?#]+)\/nodes\/([^/?#]+)\/(console|screen)$/.exec(url ?? '') ?? [];
  const names = decoded(lab, node);
  if (path === undefined || !names || found.session.labs?.has(names.lab) === false) return 404;
  const kind = what === 'screen' ? 'screen' : 'console';
  if (!reaches(found.role, needed[kind])) return 403;
  return { ...found, ...names, path, what: kind };
}

function decoded(lab = '', node = ''): { lab: string; node: string } | undefined {
  try {
    return { lab: decodeURIComponent(lab), node: decodeURIComponent(node) };
  } catch {
    return undefined;
  }
}

/** First what the console has kept, then what the node sends; what is typed reaches it from those who may. */
async function serveConsole(
  client: WebSocket,
  asked: Asked,
  parts: WebSocketParts,
  left: AbortSignal,
): Promise<void> {
  const { lab, node, path, session } = asked;
  const mayType = () => reaches(parts.sessions.roleOf(session) ?? 'ReadOnly', 'Operator');
  const send = (bytes: Uint8Array) => {
    if (client.bufferedAmount > mostUnsent) client.terminate();
    else if (bytes.length > 0) client.send(bytes);
  };
  const remote = parts.remoteOf(lab);
  if (remote) {
    const console = await openRemote(remote, path, parts.clock, left);
    client.on('close', () => console.destroy());
    // It was paused when its answer had been read.
    console
      .on('data', send)
      .on('close', () => client.close())
      .resume();
    client.on('message', data => {
      if (mayType()) console.write(bytesOf(data));
    });
    return;
  }
  const serial = parts.serialOf(lab, node);
  client.on('close', follow(serial, send));
  client.on('message', data => {
    if (mayType()) serial.write(bytesOf(data));
  });
}

/** What the screen's RFB server and the browser say to each other is theirs. */
async function serveScreen(
  client: WebSocket,
  asked: Asked,
  parts: WebSocketParts,
  left: AbortSignal,
): Promise<void> {
  const stream = createWebSocketStream(client);
  stream.on('error', () => client.terminate());
  const screen = await parts.screenOf(asked.lab, asked.node, left);
  left.throwIfAborted();
  if (screen.kind !== 'vnc') throw new Error('it has no screen that can be shown here');
  const server = connect(screen.socket);
  // Each side waits for the other: nothing piles up here.
  pipeline(stream, server, stream, () => client.close());
}

/** A console that another daemon serves, after its answer to our asking for it. */
async function openRemote(remote: RemoteLab, path: string, clock: Clock, left: AbortSignal): Promise<Duplex> {
  const [near, far] = duplexPair();
  // Neither end hears by itself that the other is gone.
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
  const opened = remote.tunnel(path, far, Buffer.alloc(0)).then(() => takeAnswer(near));
  try {
    await within(clock, openTime, opened, () => new Error('the service does not answer in time'), left);
    return near;
  } catch (error) {
    near.destroy();
    throw error;
  }
}

/** Reads an answer's head, and leaves what comes after it. */
async function takeAnswer(stream: Duplex): Promise<void> {
  let answer = Buffer.alloc(0);
  for (;;) {
    answer = Buffer.concat([answer, await nextBytes(stream)]);
    const end = answer.indexOf('\r\n\r\n');
    if (end >= 0) {
      if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error('the service refuses it');
      stream.unshift(answer.subarray(end + 4));
      return;
    }
    if (answer.length > mostMessage) throw new Error('the service does not answer as it should');
  }
}

function nextBytes(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error('the service has ended the connection'));
    stream.once('close', end);
    stream.once('data', (bytes: Buffer) => {
      stream.pause();
      stream.off('close', end);
      resolve(bytes);
    });
    stream.resume();
  });
}

/** Ends a connection soon after its session has, or may no longer have it, and when its browser is gone. */
function watchSession(
  client: WebSocket,
  { session, what }: Asked,
  { sessions, clock }: WebSocketParts,
): void {
  let alive = true;
  client.on('pong', () => {
    alive = true;
  });
  const look = () => {
    const role = sessions.roleOf(session);
    if (!role || !reaches(role, needed[what])) {
      client.close(sessionEnded, 'the session may no longer have it');
      timer = clock.after(closeTime, () => client.terminate());
    } else if (!alive) client.terminate();
    else {
      alive = false;
      client.ping();
      timer = clock.after(sessionLook, look);
    }
  };
  let timer = clock.after(sessionLook, look);
  client.on('close', () => timer.cancel());
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
