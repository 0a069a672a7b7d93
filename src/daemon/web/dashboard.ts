import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Identity } from '../../support/certificate.ts';
import type { Clock } from '../../support/clock.ts';
import { writeFileAtomically } from '../../support/document.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { Turnstile } from '../../support/wait.ts';
import type { WebAccess } from '../api-watch.ts';
import { type Control, listen } from '../control-server.ts';
import type { NodeWatch } from '../watch/watch-stream.ts';
import { StaticFiles } from './static-files.ts';
import { webApp } from './web-app.ts';
import { type LoginLab, WebLogins } from './web-logins.ts';
import { WebSessions } from './web-sessions.ts';
import { answerWebSockets, type WebSocketParts } from './web-sockets.ts';

/** What the dashboard works with. */
export interface DashboardParts {
  readonly api: Hono;
  readonly labs: () => readonly LoginLab[];
  readonly watch: NodeWatch;
  readonly serialOf: Control['serialOf'];
  readonly remoteOf: Control['remoteOf'];
  /** How a node's screen can be seen now. */
  readonly screenOf: WebSocketParts['screenOf'];
  /** By which this daemon is known, off the loopback interface. */
  readonly identity: () => Promise<Identity>;
  /** Path of the file with the token by which metrics are read from elsewhere; made when it is needed. */
  readonly metricsToken: string;
  /** Where the built dashboard is. */
  readonly folder?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where the dashboard listens. */
export interface WebPlace {
  /** An IP address. */
  readonly address: string;
  /** TCP; 0 takes a free one. */
  readonly port: number;
}

/** Where it listens unless somebody says otherwise; if that is taken, at any free port. */
const usualPlace: WebPlace = { address: '127.0.0.1', port: 8625 };

/**
 * How long a client may take to send its request's head and the whole of it, and how long nothing may pass: a power
 * command may be waited for, and so may an image that is fetched. Milliseconds.
 */
const headTime = 10_000;
const requestTime = 30_000;
const silentTime = 15 * 60_000;

const mostConnections = 1024;

interface Listening {
  readonly server: Server;
  readonly url: string;
  /** Ends the consoles and screens, and every connection. */
  readonly end: () => void;
}

/** The dashboard's listener, which is there from when it is first asked for. */
export class Dashboard implements AsyncDisposable {
  readonly #parts: DashboardParts;
  readonly #sessions: WebSessions;
  readonly #turnstile = new Turnstile();
  #listening: Listening | undefined;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
    this.#sessions = new WebSessions(parts.clock);
  }

  /**
   * Listens, if it does not yet.
   * @returns the dashboard's URL
   * @throws QuintupleoError `WEB_DEAF`
   */
  open(place?: WebPlace): Promise<string> {
    return this.#turnstile.run(async () => {
      if (this.#listening) return this.#listening.url;
      this.#listening = place
        ? await this.#listen(place)
        : await this.#listen(usualPlace).catch(() => this.#listen({ ...usualPlace, port: 0 }));
      this.#parts.log.info({ url: this.#listening.url }, 'dashboard');
      return this.#listening.url;
    });
  }

  /** Lets in whoever opens the URL that it answers, once. */
  async access(): Promise<WebAccess> {
    const url = await this.open();
    return { url: `${url}#ticket=${this.#sessions.ticket()}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turnstile.run(async () => {
      const { server, end } = this.#listening ?? {};
      this.#listening = undefined;
      if (!server) return;
      end?.();
      await new Promise<void>(resolve => server.close(() => resolve()));
    });
  }

  async #listen({ address, port }: WebPlace): Promise<Listening> {
    const tls = !isLoopback(address);
    // What may fail comes before somebody may connect.
    const files = await StaticFiles.read(this.#parts.folder);
    const token = tls ? await tokenOf(this.#parts.metricsToken) : undefined;
    let app: ReturnType<typeof webApp> | undefined;
    const server = await this.#server(tls, (request, env) =>
      app ? app.fetch(request, env) : new Response(null, { status: 503 }),
    );
    // HTTP servers know those alone that have come to HTTP: not who says nothing under TLS.
    const connections = new Set<Socket>();
    server.on('connection', socket => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
    try {
      await listen(server, { host: address, port });
    } catch (error) {
      throw new QuintupleoError(`the dashboard cannot listen on ${address}:${port}: ${messageOf(error)}`, {
        family: 'config',
        code: 'WEB_DEAF',
        remedy: 'Choose another address or port.',
        cause: error,
      });
    }
    const bound = server.address();
    const chosen = typeof bound === 'object' ? (bound?.port ?? port) : port;
    // Browsers send what a host has set to all of its ports.
    const cookie = `quintupleo-${chosen}`;
    const shared = { ...this.#parts, sessions: this.#sessions, tls, cookie };
    app = webApp({
      ...shared,
      logins: new WebLogins(this.#parts.labs, this.#sessions),
      files,
      token,
    });
    const endWebSockets = answerWebSockets(server, shared);
    const end = () => {
      endWebSockets();
      server.closeAllConnections();
      for (const socket of connections) socket.destroy();
    };
    return { server, url: urlOf(tls, address, chosen), end };
  }

  async #server(
    tls: boolean,
    fetch: (request: Request, env: object) => Response | Promise<Response>,
  ): Promise<Server> {
    const limits = { requestTimeout: requestTime, headersTimeout: headTime };
    const { key, certificate } = tls ? await this.#parts.identity() : {};
    const how =
      key === undefined
        ? { createServer, serverOptions: limits }
        : {
            createServer: createTlsServer,
            serverOptions: {
              ...limits,
              handshakeTimeout: headTime,
              key,
              cert: certificate,
              minVersion: 'TLSv1.2' as const,
            },
          };
    const server = createAdaptorServer({ fetch, ...how }) as Server;
    server.maxConnections = mostConnections;
    server.timeout = silentTime;
    return server;
  }
}

function isLoopback(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address) || address === '::1';
}

/** Where a browser on this host finds it. */
function urlOf(tls: boolean, address: string, port: number): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  const host = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `${tls ? 'https' : 'http'}://${host}:${port}/`;
}

/** Plain text, as Prometheus reads its `credentials_file`. */
async function tokenOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    const token = randomBytes(32).toString('base64url');
    await writeFileAtomically(file, `${token}\n`);
    return token;
  }
}
