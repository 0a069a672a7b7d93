import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Transport } from '../test/bmc/ipmi/client.ts';

/** Where a BMC is. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** How long an answer may take. Milliseconds; pyghmi needs more than a moment when fifty clients ask at once. */
const patience = 5_000;

/** A client's UDP socket: talks with any number of BMCs, one exchange at a time with each. */
export class Wire {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (datagram: Buffer) => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (datagram, { address, port }) => {
      const key = `${address}:${port}`;
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      waiting?.(datagram);
    });
  }

  static async open(): Promise<Wire> {
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: 4 * 1024 * 1024,
      lookup: (address, _, callback) => callback(null, address, 4),
    });
    const listening = once(socket, 'listening');
    socket.bind(0, '127.0.0.1');
    await listening;
    return new Wire(socket);
  }

  /** Sends a datagram; the next one that comes from there is its answer. */
  send(datagram: Buffer, { address, port }: Place, answered: (datagram: Buffer) => void): void {
    this.#waiting.set(`${address}:${port}`, answered);
    this.#socket.send(datagram, port, address);
  }

  /** A client's way to one BMC. */
  to(place: Place): Transport {
    return {
      exchange: datagram =>
        new Promise(resolve => {
          const timer = setTimeout(() => {
            this.#waiting.delete(`${place.address}:${place.port}`);
            resolve(undefined);
          }, patience);
          this.send(datagram, place, answer => {
            clearTimeout(timer);
            resolve(answer);
          });
        }),
    };
  }

  close(): void {
    this.#socket.close();
  }
}
