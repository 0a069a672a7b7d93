import { createServer, type Server } from 'node:net';
import { systemCodeOf } from '../support/errors.ts';
import type { Place } from './port-choice.ts';

/** TCP ports that are held for services that come later, so that nobody else gets them until then. */
export class TcpReservations implements AsyncDisposable {
  readonly #held = new Map<string, Server>();

  /**
   * Takes a port. At an address that this host does not have yet, such as a bridge's that is about to be made, nobody
   * else can have it either.
   * @returns whether it could be had
   */
  async reserve(place: Place): Promise<boolean> {
    const server = createServer(socket => socket.destroy());
    const problem = await new Promise<unknown>(resolve => {
      // Errors that come once it listens, such as too few descriptors for a connection, are nobody's concern.
      server.on('error', resolve);
      server.listen({ host: place.address, port: place.port }, () => resolve(undefined));
    });
    if (problem === undefined) this.#held.set(nameOf(place), server);
    return problem === undefined || systemCodeOf(problem) === 'EADDRNOTAVAIL';
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
