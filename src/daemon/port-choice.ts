import { createSocket } from 'node:dgram';
import { QuintupleoError } from '../support/errors.ts';

/** Where ports that nobody chose begin: below the ephemeral range, and away from those that people choose. */
const firstPort = 16_230;
const lastPort = 32_767;

/** A place on the network. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Somebody who shall listen. */
export interface Listener {
  /** Unlike that of any other one. */
  readonly name: string;
  readonly address: string;
  /** `undefined`: a free one is chosen. */
  readonly port: number | undefined;
}

/** What ports are chosen by. */
export interface PortChoice {
  /** Those that were chosen before, by the listener's name. */
  readonly kept: Readonly<Record<string, number>>;
  /** Endpoints `ADDRESS:PORT` that belong to others. */
  readonly taken: ReadonlySet<string>;
  /** Takes an endpoint until its owner listens there; says whether it could be had. */
  readonly reserve: (place: Place) => Promise<boolean>;
}

/**
 * Chooses a free port for everybody who has none, and keeps those that were chosen before.
 * @returns the chosen ones, by the listener's name
 * @throws QuintupleoError `NO_FREE_PORT`
 */
export async function choosePorts(
  listeners: readonly Listener[],
  { kept, taken, reserve }: PortChoice,
): Promise<Record<string, number>> {
  const mine = new Set(listeners.map(({ address, port }) => `${address}:${port}`));
  const ports: Record<string, number> = {};
  const next = new Map<string, number>();
  for (const { name, address, port: given } of listeners) {
    if (given !== undefined) continue;
    const before = kept[name];
    let port = before ?? next.get(address) ?? firstPort;
    const isFree = async () => {
      const endpoint = `${address}:${port}`;
      if (taken.has(endpoint) || mine.has(endpoint)) return false;
      return before !== undefined || reserve({ address, port });
    };
    while (!(await isFree())) {
      if (++port > lastPort) {
        throw new QuintupleoError(`no free port on ${address} for ${name}`, {
          family: 'platform',
          code: 'NO_FREE_PORT',
          remedy: 'Give the BMCs addresses of their own in the lab file: all of 127.0.0.0/8 can be used.',
        });
      }
    }
    ports[name] = port;
    mine.add(`${address}:${port}`);
    next.set(address, port + 1);
  }
  return ports;
}

/** Whether nobody has that UDP port. */
export function canBind({ address, port }: Place): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
