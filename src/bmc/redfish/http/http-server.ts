import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import { createServer, type Socket, type Server as SocketServer } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Identity } from '../../../support/certificate.ts';
import { messageOf, systemCodeOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { onBehalfOf } from '../../../support/request-scope.ts';
import type { RedfishRequest, RedfishResponse } from '../protocol/request.ts';

/** How a {@link RedfishHttp} treats clients. Times are in milliseconds. */
export interface HttpLimits {
  /** Until the head of a request has come; of the first one, including TLS. */
  readonly headersTimeout: number;
  /** Until all of a request has come. */
  readonly requestTimeout: number;
  /** Until the next request of a connection begins. */
  readonly keepAliveTimeout: number;
  /** How often the times above are looked at. */
  readonly checkInterval: number;
  /** Connections at a time to one address and port. */
  readonly connections: number;
  /** How many of them one client may have: others find room, too. */
  readonly connectionsOfClient: number;
}

/** What is right for a controller. */
export const usualLimits: HttpLimits = {
  headersTimeout: 15_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 30_000,
  checkInterval: 5_000,
  connections: 256,
  connectionsOfClient: 192,
};

/** What a {@link RedfishHttp} works with. */
export interface HttpParts {
  /** With the certificates that lead to its root, if there are any; `undefined`: plain HTTP. */
  readonly tls: Identity | undefined;
  readonly log: Logger;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** Who answers the requests that come to an address and port. */
export interface RequestHandler {
  /** Whether a connection is taken at all; left away: it is. */
  accepts?(): boolean;
  handle(request: RedfishRequest): Promise<RedfishResponse>;
}

/** An address and port at which requests are answered. */
export interface HttpListener {
  /** The one that was asked for, or that was free when 0 was asked for. */
  readonly port: number;
  /** Ends it and its connections, and the requests that are under way. */
  close(): Promise<void>;
}

/** Most bytes of a request's head. */
const longestHead = 16 * 1024;

/**
 * One HTTP or HTTPS server for any number of addresses: a thousand controllers cost a thousand listening sockets and
 * one server with one TLS context.
 */
export class RedfishHttp implements AsyncDisposable {
  readonly #server: Server;
  readonly #log: Logger;
  readonly #limits: HttpLimits;
  readonly #listeners = new Set<HttpListener>();
  /** Who answers on a connection, by its two ends: the server sees TLS's sockets, not those that were accepted. */
  readonly #handlers = new Map<string, RequestHandler>();

  constructor({ tls, log, limits }: HttpParts) {
    this.#log = log;
    this.#limits = { ...usualLimits, ...limits };
    const { headersTimeout, requestTimeout, keepAliveTimeout, checkInterval } = this.#limits;
    const options = {
      headersTimeout,
      requestTimeout,
      keepAliveTimeout,
      connectionsCheckingInterval: checkInterval,
      maxHeaderSize: longestHead,
    };
    const onRequest = (incoming: IncomingMessage, response: ServerResponse) =>
      void this.#onRequest(incoming, response);
    this.#server = tls
      ? createHttpsServer(
          {
            ...options,
            key: tls.key,
            cert: tls.certificate,
            minVersion: 'TLSv1.2',
            handshakeTimeout: headersTimeout,
          },
          onRequest,
        )
      : createHttpServer(options, onRequest);
    this.#server.on('clientError', refuse);
    this.#server.on('tlsClientError', (error, socket) => {
      this.#log.debug({ remote: socket.remoteAddress, error: messageOf(error) }, 'no TLS with a client');
      socket.destroy();
    });
    // It never listens itself, but keeps time of slow clients only once it has been told that it does.
    this.#server.emit('listening');
  }

  /** Shows another certificate to those who connect from now on. Those that are connected stay. */
  setCertificate({ key, certificate }: Identity): void {
    if (this.#server instanceof HttpsServer) {
      this.#server.setSecureContext({ key, cert: certificate, minVersion: 'TLSv1.2' });
    }
  }

  /**
   * Answers requests at an address and port.
   * @param port - 0 takes one that is free
   * @throws the system's error, such as `EADDRINUSE`
   */
  async listen(
    { address, port }: { readonly address: string; readonly port: number },
    handler: RequestHandler,
  ): Promise<HttpListener> {
    const sockets = new Set<Socket>();
    const acceptor = createServer({ noDelay: true }, socket => {
      const { remoteAddress } = socket;
      const before = [...sockets].filter(other => other.remoteAddress === remoteAddress).length;
      if (before >= this.#limits.connectionsOfClient) {
        socket.destroy();
        return;
      }
      if (handler.accepts?.() === false) {
        socket.resetAndDestroy();
        return;
      }
      const ends = endsOf(socket);
      this.#handlers.set(ends, handler);
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        this.#handlers.delete(ends);
      });
      this.#server.emit('connection', socket);
    });
    acceptor.maxConnections = this.#limits.connections;
    await listening(acceptor, address, port);
    acceptor.on('error', error =>
      this.#log.warn({ address, error: messageOf(error) }, 'cannot take a client'),
    );
    const bound = acceptor.address();
    const listener: HttpListener = {
      port: bound !== null && typeof bound === 'object' ? bound.port : port,
      close: async () => {
        this.#listeners.delete(listener);
        const closed = new Promise<void>(resolve => acceptor.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await closed;
      },
    };
    this.#listeners.add(listener);
    return listener;
  }

  /** Ends all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#listeners].map(listener => listener.close()));
    this.#server.close();
  }

  /** Never rejects. */
  async #onRequest(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = incoming;
    const handler = this.#handlers.get(endsOf(socket));
    if (!handler) {
      socket.destroy();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const answer = await handler.handle({
        method: incoming.method ?? '',
        url: pathOf(incoming.url ?? ''),
        headers: incoming.headers as Readonly<Record<string, string | undefined>>,
        // What is left unread is read and forgotten once the request has been answered.
        body: incoming.iterator({ destroyOnReturn: false }),
        remote: socket.remoteAddress ?? '',
        remotePort: socket.remotePort,
        signal: gone.signal,
      });
      await send(answer, response);
    } catch (error) {
      // Clients go away as they like.
      if (!gone.signal.aborted) this.#log.warn({ error: messageOf(error) }, 'an answer could not be sent');
      socket.destroy();
    }
  }
}

async function send({ status, headers, body }: RedfishResponse, response: ServerResponse): Promise<void> {
  if (status === 413) response.shouldKeepAlive = false;
  response.writeHead(status, headers);
  if (body === undefined || Buffer.isBuffer(body)) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  await pipeline(Readable.from(body), response);
}

/** Tells a client that what it sends is no request of HTTP, or none that this server knows, or comes too slowly. */
function refuse(error: Error, socket: Duplex): void {
  const status = refusals.get(systemCodeOf(error) ?? '') ?? 400;
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
  if (socket.writable) socket.end(text, () => socket.destroy());
  else socket.destroy();
}

const refusals: ReadonlyMap<string, number> = new Map([
  ['HPE_INVALID_METHOD', 501],
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** The path of a target that may be a whole URL. @see RFC 9112 §3.2.2 (absolute-form) */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '');
}

function listening(server: SocketServer, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = () => {
      server.off('error', reject);
      resolve();
    };
    // What comes in later is no part of the request that has made this service.
    onBehalfOf(undefined, () => server.listen({ host: address, port }, done));
  });
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
