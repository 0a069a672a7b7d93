import { WebSocket } from 'undici';

/** A connection to a serial port through Nova's proxy. */
export interface SerialSocket {
  send(bytes: Uint8Array): void;
  close(): void;
  /** Resolves when the connection has ended, by whomever. */
  readonly ended: Promise<void>;
}

/**
 * Connects to the serial port of a machine.
 * @param url - as Nova's remote-consoles tells it, secret included
 * @param take - gets what the machine sends
 * @returns `undefined` when no connection could be made
 */
export async function connectSerial(
  url: string,
  take: (bytes: Buffer) => void,
): Promise<SerialSocket | undefined> {
  // The proxy speaks text encodings too; raw bytes go by the name of `binary`.
  const socket = new WebSocket(url, 'binary');
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    take(typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer));
  });
  const ended = new Promise<void>(resolve => {
    socket.addEventListener('close', () => resolve(), { once: true });
    socket.addEventListener('error', () => resolve(), { once: true });
  });
  const opened = new Promise<true>(resolve => {
    socket.addEventListener('open', () => resolve(true), { once: true });
  });
  if (!(await Promise.race([opened, ended.then(() => false)]))) return undefined;
  return {
    send: bytes => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
    },
    close: () => socket.close(),
    ended,
  };
}
