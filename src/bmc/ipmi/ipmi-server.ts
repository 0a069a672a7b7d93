import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { messageOf, QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { onBehalfOf } from '../../support/request-scope.ts';
import type { Remote, Send } from './session.ts';

/** What datagrams are for: an IpmiBmc. */
export interface Receiver {
  receive(datagram: Buffer, remote: Remote, send: Send): void;
}

/** A BMC's place on the network. */
export interface Endpoint {
  readonly address: string;
  /** 0 before it was bound lets the system choose. */
  readonly port: number;
}

/** The kernel's default holds some 280 small datagrams, which one busy moment of the process can overflow. Bytes. */
const receiveBuffer = 1024 * 1024;

/**
 * The IPMI listeners of a process: a UDP socket for each BMC, because a datagram does not tell which of several local
 * addresses it was sent to.
 */
export class IpmiServer implements AsyncDisposable {
  readonly #log: Logger;
  /** Takes each BMC off the network. */
  readonly #closers = new Set<() => Promise<void>>();
  /** Bound, and nobody's yet. */
  readonly #reserved = new Map<string, Socket>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Takes an endpoint for a BMC that comes later, so that nobody else gets it until then. At an address that this host
   * does not have yet, such as a bridge's that is about to be made, nobody else can have it either.
   * @returns whether it could be had
   */
  async reserve(endpoint: Endpoint): Promise<boolean> {
    try {
      this.#reserved.set(nameOf(endpoint), await bind(endpoint));
      return true;
    } catch (error) {
      return error instanceof QuintupleoError && error.code === 'IPMI_ADDRESS_NOT_HERE';
    }
  }

  /** Gives up what was reserved for a BMC that does not come. */
  async release(endpoint: Endpoint): Promise<void> {
    const socket = this.#reserved.get(nameOf(endpoint));
    this.#reserved.delete(nameOf(endpoint));
    if (socket) await closed(socket);
  }

  /**
   * Puts a BMC on the network.
   * @returns where it is, and how to take it off again
   * @throws QuintupleoError of family `platform` when the address cannot be had
   */
  async listen(
    endpoint: Endpoint,
    receiver: Receiver,
  ): Promise<{ readonly endpoint: Endpoint; close(): Promise<void> }> {
    const reserved = this.#reserved.get(nameOf(endpoint));
    this.#reserved.delete(nameOf(endpoint));
    const socket = reserved ?? (await bind(endpoint));
    let open = true;
    const close = async (): Promise<void> => {
      if (!open) return;
      open = false;
      this.#closers.delete(close);
      await closed(socket);
    };
    this.#closers.add(close);
    const where = nameOf({ ...endpoint, port: socket.address().port });
    socket.on('error', error => this.#log.warn({ err: error, where }, 'IPMI socket error'));
    const send: Send = (datagram, remote) => {
      // A client that has gone is not our concern: without a callback, nobody is told that sending failed.
      if (open) socket.send(datagram, remote.port, remote.address);
    };
    socket.on('message', (datagram, remote) => receiver.receive(datagram, remote, send));
    return { endpoint: { address: endpoint.address, port: socket.address().port }, close };
  }

  /** Takes all BMCs off the network, and gives up what was reserved. */
  async close(): Promise<void> {
    const reserved = [...this.#reserved.values()];
    this.#reserved.clear();
    await Promise.all([...Array.from(this.#closers, close => close()), ...reserved.map(closed)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function nameOf({ address, port }: Endpoint): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

async function bind(endpoint: Endpoint): Promise<Socket> {
  const family = isIPv6(endpoint.address) ? 6 : 4;
  // What comes in later is no part of the request that has made this BMC.
  const socket = onBehalfOf(undefined, () =>
    createSocket({
      type: `udp${family}`,
      recvBufferSize: receiveBuffer,
      // Addresses here are numbers already: asking the resolver for each datagram would cost as much as answering it.
      lookup: (address, _, callback) => callback(null, address, family),
    }),
  );
  try {
    const listening = once(socket, 'listening');
    socket.bind(endpoint.port, endpoint.address);
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw bindError(endpoint, error);
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.close(() => resolve()));
}

function bindError(endpoint: Endpoint, cause: unknown): QuintupleoError {
  const where = nameOf(endpoint);
  switch (systemCodeOf(cause)) {
    case 'EADDRINUSE':
      return new QuintupleoError(`cannot listen on ${where}: another program listens there`, {
        family: 'platform',
        code: 'IPMI_ADDRESS_IN_USE',
        remedy: `Stop that program (ss -ulpn 'sport = :${endpoint.port}' names it) or give the BMC another address or port.`,
        cause,
      });
    case 'EACCES':
      return new QuintupleoError(`cannot listen on ${where}: not allowed`, {
        family: 'platform',
        code: 'IPMI_PORT_NOT_ALLOWED',
        remedy: 'Ports below 1024 need CAP_NET_BIND_SERVICE: run as root, or give the BMC a higher port.',
        cause,
      });
    case 'EADDRNOTAVAIL':
      return new QuintupleoError(`cannot listen on ${where}: this host has no such address`, {
        family: 'platform',
        code: 'IPMI_ADDRESS_NOT_HERE',
        remedy: 'Add the address to an interface, or give the BMC one that this host has.',
        cause,
      });
    default:
      return new QuintupleoError(`cannot listen on ${where}: ${messageOf(cause)}`, {
        family: 'platform',
        code: 'IPMI_LISTEN_FAILED',
        remedy: 'Check the address and port of the BMC in the lab file.',
        cause,
      });
  }
}
