import { createServer, type Server } from 'node:net';
import type { Place } from './port-choice.ts';

/** TCP ports that are held for services that come later, so that nobody else gets them until then. */
export class TcpReservations implements AsyncDisposable {
  readonly #held = new Map<string, Server>();

  /** @returns whether the port could be had */
  async reserve(place: Place): Promise<boolean> {
    const server = createServer(socket => socket.destroy());
    const isFree = await new Promise<boolean>(resolve => {
      // Errors that come once it listens, such as too few descriptors for a connection, are nobody's concern.
      server.on('error', () => resolve(false));
      server.listen({ host: place.address, port: place.port }, () => resolve(true));
    });
    if (isFree) this.#held.set(nameOf(place), server);
    return isFree;
  }

  /** Lets go of a port; of one that is not held, nothing comes. */
  async release(place: Place): Promise<void> {
    const server = this.#held.get(nameOf(place));
    this.#held.delete(nameOf(place));
    if (server) await new Promise(resolve => server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  }
}

function nameOf({ address, port }: Place): string {
  return `${address}:${port}`;
}
