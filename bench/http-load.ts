import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { cpuTime, processTime } from './proc.ts';

/** A server that answers HTTP in a process of its own. */
export interface HttpPlace {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
  /** Whether its threads come and go, so that only the process knows what they took. */
  readonly threadsEnd?: boolean;
}

/** A request as the bytes that are sent, and what its answer has to be. */
export interface HttpRequest {
  readonly bytes: Buffer;
  readonly status: number;
}

/** What a load cost. */
export interface HttpCost {
  /** Microseconds of the server's processor time for each request. */
  readonly cpu: number;
  readonly perSecond: number;
  /** Milliseconds that half, and 99 of 100, of the answers took at most. */
  readonly p50: number;
  readonly p99: number;
}

/** A request's bytes, as a client with Basic authentication and a connection that it keeps sends them. */
export function httpRequest(
  method: string,
  path: string,
  login: { readonly user: string; readonly password: string },
  body?: object,
): Buffer {
  const content = body === undefined ? '' : JSON.stringify(body);
  const credentials = Buffer.from(`${login.user}:${login.password}`).toString('base64');
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: bench',
    `Authorization: Basic ${credentials}`,
    'Accept: application/json',
    ...(body ? ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(content)}`] : []),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${content}`);
}

/**
 * Sends a request `count` times over so many connections, one after the other on each.
 * @throws Error when an answer is missing or has another status
 */
export async function sendHttpLoad(
  place: HttpPlace,
  request: HttpRequest,
  count: number,
  connections: number,
): Promise<HttpCost> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(place)));
  const share = Math.ceil(count / connections);
  const times: number[] = [];
  const timeOf = place.threadsEnd ? processTime : cpuTime;
  const cpuBefore = timeOf(place.pid);
  const startedAt = performance.now();
  await Promise.all(
    open.map(async connection => {
      for (let sent = 0; sent < share; sent++) {
        const sentAt = performance.now();
        const status = await connection.ask(request.bytes);
        if (status !== request.status) throw new Error(`${place.port} answers ${status}`);
        times.push(performance.now() - sentAt);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const total = share * connections;
  const cpu = (timeOf(place.pid) - cpuBefore) / total;
  for (const connection of open) connection.close();
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return { cpu, perSecond: total / seconds, p50: at(0.5), p99: at(0.99) };
}

/** The body of one answer. */
export async function fetchBody(place: HttpPlace, request: HttpRequest): Promise<Buffer> {
  const connection = await Connection.open(place);
  await connection.ask(request.bytes);
  connection.close();
  return connection.body;
}

/** The least of an HTTP client, so that it takes little of the machine that the server shares with it. */
class Connection {
  readonly #place: HttpPlace;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #wake: ((status: number) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  body: Buffer = Buffer.alloc(0);

  private constructor(place: HttpPlace) {
    this.#place = place;
  }

  static async open(place: HttpPlace): Promise<Connection> {
    const connection = new Connection(place);
    connection.#socket = await connection.#connect();
    return connection;
  }

  /** The status of the answer. A server that ends its connections after each answer gets a new one for each. */
  async ask(bytes: Buffer): Promise<number> {
    this.#socket ??= await this.#connect();
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      this.#fail = reject;
      socket.write(bytes);
    });
  }

  close(): void {
    this.#fail = undefined;
    this.#socket?.destroy();
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ host: this.#place.address, port: this.#place.port });
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const gone = (error: Error) => {
      if (socket === this.#socket) this.#fail?.(error);
    };
    socket.on('data', bytes => this.#take(bytes));
    socket.on('close', () => gone(new Error('the server closed a connection')));
    socket.on('error', gone);
    return socket;
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.toString('latin1', 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    this.body = this.#received.subarray(end + 4, end + 4 + length);
    this.#received = this.#received.subarray(end + 4 + length);
    if (/^connection: *close/im.test(head)) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    this.#wake?.(Number(head.slice(9, 12)));
  }
}
