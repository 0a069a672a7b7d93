import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { LabStatus, NodeStatus, Progress } from '../../src/daemon/api.ts';
import type { WatchMessage } from '../../src/daemon/api-watch.ts';
import { noOverride } from '../../src/node/boot.ts';

/** What a fake daemon was asked. */
export interface Asked {
  /** `GET /v1/labs`. */
  readonly what: string;
  readonly body: unknown;
}

/** An answer: a value as JSON, lines of progress, or a refusal. */
export type Answer =
  | { readonly json: unknown; readonly status?: number }
  | {
      readonly progress: readonly (Progress | WatchMessage)[];
      /** Is called before the answer. */
      readonly before?: () => void;
      /** Breaks the connection after them. */
      readonly cut?: boolean;
      /** Is called after them, and the answer stays open. */
      readonly open?: () => void;
    }
  | { readonly bytes: string };

/** A daemon that gives the answers it was made with, over a real socket. */
export interface FakeDaemon extends AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  readonly asked: Asked[];
  readonly answers: Map<string, Answer>;
  /** Called with each console that is attached. */
  onConsole: (stream: Duplex) => void;
}

export async function fakeDaemon(answers: Readonly<Record<string, Answer>> = {}): Promise<FakeDaemon> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'));
  const socket = join(folder, 'control.sock');
  const server = createServer((request, response) => void answer(request, response));
  const daemon: FakeDaemon = {
    folder,
    socket,
    asked: [],
    answers: new Map(Object.entries(answers)),
    onConsole: stream => stream.end(),
    async [Symbol.asyncDispose]() {
      for (const stream of consoles) stream.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const what = `${request.method} ${request.url}`;
    daemon.asked.push({ what, body: text === '' ? undefined : JSON.parse(text) });
    const given = daemon.answers.get(what) ?? {
      json: { code: 'NOT_FOUND', message: `there is no ${what}` },
      status: 404,
    };
    if ('json' in given) {
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(given.json));
    } else if ('bytes' in given) {
      response.end(given.bytes);
    } else {
      given.before?.();
      for (const line of given.progress) response.write(`${JSON.stringify(line)}\n`);
      if (given.open) given.open();
      else if (given.cut) response.destroy();
      else response.end();
    }
  }
  const consoles = new Set<Duplex>();
  server.on('upgrade', (request, stream) => {
    consoles.add(stream);
    // Clients go when they like.
    stream.on('error', () => stream.destroy());
    daemon.asked.push({ what: `UPGRADE ${request.url}`, body: undefined });
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: console\r\n\r\n');
    daemon.onConsole(stream);
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  return daemon;
}

/** A node as the daemon shows it. */
export function nodeStatus(lab: string, name: string, change: Partial<NodeStatus> = {}): NodeStatus {
  return {
    lab,
    name,
    spec: {
      name,
      uuid: '00000000-0000-5000-8000-000000000000',
      cpus: 1,
      memory: 2 ** 29,
      disks: [{ name: 'disk-0', size: 2 ** 30 }],
      nics: [{ mac: '52:54:00:00:00:01', network: 'provisioning' }],
      firmware: 'bios',
    },
    power: 'off',
    operation: undefined,
    lastResult: undefined,
    boot: noOverride,
    firmware: 'bios',
    bmc: { address: '127.0.0.1', port: 6230, users: ['admin'], problem: undefined },
    consoleLog: undefined,
    ...change,
  };
}

/** A lab as the daemon shows it. */
export function labStatus(
  name: string,
  nodes: readonly NodeStatus[],
  change: Partial<LabStatus> = {},
): LabStatus {
  return {
    ...{ name, phase: 'up', message: '', driver: 'qemu', facts: { accelerator: 'kvm' } },
    ...{ source: `/labs/${name}.yaml`, nodes },
    ...change,
  };
}
