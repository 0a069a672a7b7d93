import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from './server.ts';

const opcode = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** The websockets behind serial consoles, as nova-serialproxy has them: bytes both ways, one client a server. */
export class SerialConsoles {
  readonly #url: () => string;
  readonly #tokens = new Map<string, Server>();
  readonly #taken = new Map<string, Duplex>();

  /** @param url - of the websocket server, such as `ws://127.0.0.1:6083` */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** URL of a new console; it can be used once. */
  open(server: Server): string {
    const token = randomUUID();
    this.#tokens.set(token, server);
    return `${this.#url()}/?token=${token}`;
  }

  /** Takes over a connection that asks to become a websocket. */
  accept(request: IncomingMessage, socket: Duplex): void {
    const token = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('token') ?? '';
    const server = this.#tokens.get(token);
    const key = request.headers['sec-websocket-key'];
    this.#tokens.delete(token);
    if (!server || key === undefined || !server.guest.running) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim());
    const protocol = protocols.includes('binary') ? 'Sec-WebSocket-Protocol: binary\r\n' : '';
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`,
    );
    // A machine's serial port has room for one; the newest wins.
    this.#taken.get(server.id)?.destroy();
    this.#taken.set(server.id, socket);
    this.#serve(server, socket);
  }

  close(): void {
    for (const socket of this.#taken.values()) socket.destroy();
  }

  #serve(server: Server, socket: Duplex): void {
    const stop = server.guest.onOutput(text => socket.write(frame(opcode.binary, Buffer.from(text))));
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const next = takeFrame(pending);
        if (!next) return;
        pending = Buffer.from(next.rest);
        switch (next.opcode) {
          case opcode.text:
          case opcode.binary:
            server.guest.onInput?.(next.payload);
            break;
          case opcode.ping:
            socket.write(frame(opcode.pong, next.payload));
            break;
          case opcode.close:
            socket.end(frame(opcode.close, next.payload));
            break;
        }
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      stop();
      if (this.#taken.get(server.id) === socket) this.#taken.delete(server.id);
    });
  }
}

/** One unmasked frame. @see RFC 6455 section 5.2 */
function frame(code: number, payload: Buffer): Buffer {
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | code;
  head[1] = long ? 126 : payload.length;
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** The first frame of what a client has sent, unmasked; `undefined` while it is not all there. */
function takeFrame(data: Buffer): { opcode: number; payload: Buffer; rest: Buffer } | undefined {
  if (data.length < 6) return undefined;
  const short = data.readUInt8(1) & 0x7f;
  const start = short === 126 ? 4 : 2;
  const length = short === 126 ? data.readUInt16BE(2) : short;
  const end = start + 4 + length;
  if (data.length < end) return undefined;
  const mask = data.subarray(start, start + 4);
  const payload = Buffer.from(
    data.subarray(start + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
  );
  return { opcode: data.readUInt8(0) & 0x0f, payload, rest: data.subarray(end) };
}
