import { type IncomingHttpHeaders, request } from 'node:http';
import WebSocket from 'ws';
import type { CredentialsAnswer } from '../../../src/daemon/api.ts';
import type { WebAccess } from '../../../src/daemon/api-watch.ts';
import type { SessionAnswer } from '../../../src/daemon/web/web-sessions.ts';
import type { TestDaemon } from '../harness.ts';

/** An answer of the dashboard. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What a browser would send, unless a test says otherwise; `undefined` leaves a header away. */
type Headers = Readonly<Record<string, string | undefined>>;

/** A browser at a daemon's dashboard: as well-behaved as its test lets it be. */
export class Browser {
  readonly origin: string;
  readonly #url: URL;
  cookie: string | undefined;
  csrf: string | undefined;

  constructor(url: string) {
    this.#url = new URL(url);
    this.origin = this.#url.origin;
  }

  /** Opens a daemon's dashboard. @returns a browser, and the ticket that came with the URL */
  static async open(daemon: TestDaemon): Promise<{ browser: Browser; ticket: string }> {
    const { url } = (await daemon.call<WebAccess>('POST', '/v1/web')).body;
    return { browser: new Browser(url), ticket: new URL(url).hash.replace('#ticket=', '') };
  }

  /** The same, logged in by its ticket. */
  static async admin(daemon: TestDaemon): Promise<Browser> {
    const { browser, ticket } = await Browser.open(daemon);
    await browser.logIn({ ticket });
    return browser;
  }

  /** The same, logged in as a user of a lab. */
  static async user(daemon: TestDaemon, lab: string, user: string): Promise<Browser> {
    const { browser } = await Browser.open(daemon);
    const { redfish } = (await daemon.call<CredentialsAnswer>('GET', `/v1/labs/${lab}/credentials`)).body;
    const password = redfish?.find(({ name }) => name === user)?.password;
    await browser.logIn({ lab, user, password });
    return browser;
  }

  async logIn(proof: unknown): Promise<WebAnswer> {
    const answer = await this.send('POST', '/login', proof);
    if (answer.status === 200) {
      this.cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
      this.csrf = (JSON.parse(answer.text) as SessionAnswer).csrf;
    }
    return answer;
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.send('GET', path)).text) as T;
  }

  send(method: string, path: string, body?: unknown, headers: Headers = {}): Promise<WebAnswer> {
    const own: Headers = {
      cookie: this.cookie,
      ...(method !== 'GET' && { origin: this.origin, 'x-csrf-token': this.csrf }),
      ...headers,
    };
    const given = Object.entries(own).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return new Promise((resolve, reject) => {
      const { hostname: host, port } = this.#url;
      const outgoing = request(
        { host, port, method, path, headers: Object.fromEntries(given), agent: false },
        incoming => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
          incoming.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    });
  }

  /** Opens a WebSocket that must not be refused. */
  async connect(path: string): Promise<OpenSocket> {
    const socket = await this.socket(path);
    if (typeof socket === 'number') throw new Error(`refused: ${socket}`);
    return socket;
  }

  /** Opens a WebSocket. @returns the status instead where it is refused */
  socket(path: string, headers: Headers = {}): Promise<OpenSocket | number> {
    const own: Headers = { cookie: this.cookie, origin: this.origin, ...headers };
    const given = Object.entries(own).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const socket = new WebSocket(`ws://${this.#url.host}${path}`, { headers: Object.fromEntries(given) });
    const open = new OpenSocket(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(open));
      socket.on('unexpected-response', (_request, answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      socket.on('error', reject);
    });
  }
}

/** A WebSocket, and all that has come by it. */
export class OpenSocket {
  readonly socket: WebSocket;
  received: Buffer = Buffer.alloc(0);
  #changed = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.received = Buffer.concat([this.received, data]);
      this.#changed();
    });
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  /** Resolves when a text has come. */
  until(part: string): Promise<void> {
    return new Promise(resolve => {
      this.#changed = () => {
        if (this.text.includes(part)) resolve();
      };
      this.#changed();
    });
  }

  /** Resolves when all that was sent before has been taken. */
  settled(): Promise<void> {
    return new Promise(resolve => {
      this.socket.once('pong', () => resolve());
      this.socket.ping();
    });
  }
}
