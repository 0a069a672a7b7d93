import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonStatus, Progress } from '../src/daemon/api.ts';
import type { LabDefinition } from '../src/lab/definition.ts';
import { residentMemory } from './proc.ts';

/** Folders of a daemon that outlive it. */
export interface BenchState extends AsyncDisposable {
  readonly folder: string;
}

/** Makes folders for daemons. */
export async function createState(): Promise<BenchState> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-bench-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** This project's daemon in a process of its own. */
export class BenchDaemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #socket: string;
  readonly pid: number;

  private constructor(child: ChildProcess, socket: string, pid: number) {
    this.#child = child;
    this.#socket = socket;
    this.pid = pid;
  }

  /** Resolves when it serves the labs that were kept. */
  static async start({ folder }: BenchState): Promise<BenchDaemon> {
    const child = fork(new URL('daemon-process.js', import.meta.url), {
      execArgv: ['--expose-gc'],
      env: {
        ...process.env,
        QUINTUPLEO_STATE_DIR: `${folder}/state`,
        QUINTUPLEO_RUNTIME_DIR: `${folder}/run`,
        QUINTUPLEO_CACHE_DIR: `${folder}/cache`,
      },
    });
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (message !== 'ready' || child.pid === undefined) throw new Error('the daemon did not start');
    return new BenchDaemon(child, `${folder}/run/control.sock`, child.pid);
  }

  /** Makes a lab. @throws Error when it cannot */
  async apply(definition: LabDefinition): Promise<void> {
    const answer = await send(this.#socket, 'POST', '/v1/labs/apply', definition);
    const last = JSON.parse(answer.trim().split('\n').at(-1) ?? '{}') as Progress;
    if (last.type !== 'done') throw new Error(`the lab is not up: ${JSON.stringify(last)}`);
  }

  async status(): Promise<DaemonStatus> {
    return JSON.parse(await send(this.#socket, 'GET', '/v1/daemon')) as DaemonStatus;
  }

  /** Memory without garbage: bytes that are in RAM. */
  async memory(): Promise<number> {
    const cleaned = once(this.#child, 'message');
    this.#child.send('clean');
    await cleaned;
    return residentMemory(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

/** User and password of every BMC here. */
export const login = { user: 'admin', password: 'secret' } as const;

/** UDP port of every BMC of a lab. */
export const bmcPort = 6623;

/** Loopback address of a BMC, each its own. */
export function bmcAddress(index: number): string {
  return `127.${100 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`;
}

/** A lab of simulated nodes whose BMCs are at {@link bmcAddress}, from 1. */
export function benchLab(count: number): LabDefinition {
  const nodes = Array.from({ length: count }, (_, at) => ({
    name: `node-${at + 1}`,
    uuid: `8c4f6f2e-4a53-4b3a-9e8e-${(at + 1).toString(16).padStart(12, '0')}`,
    cpus: 2,
    memory: 2 ** 32,
    disks: [{ name: 'root', size: 2 ** 34 }],
    nics: [{ mac: macOf(at), network: 'provisioning' }],
    firmware: 'bios' as const,
  }));
  const bmcs = nodes.map(({ name }, at) => [
    name,
    {
      users: [{ ...login, name: login.user, privilege: 'administrator' }],
      ipmi: {
        address: bmcAddress(at + 1),
        port: bmcPort,
        cipherSuites: [3, 17],
        ipmi15: false,
        kg: undefined,
        sessionTimeout: 60_000,
        maximumSessions: 63,
        channelPrivilege: 'administrator',
      },
    },
  ]);
  return {
    source: '/bench.yaml',
    driver: { name: 'simulated', latency: 0, faultRate: 0, seed: 1 },
    spec: {
      name: 'bench',
      networks: [{ name: 'provisioning', cidr: '10.0.0.0/8', dhcp: true }],
      nodes,
    },
    bmcs: Object.fromEntries(bmcs),
  };
}

function macOf(at: number): string {
  const bytes = [0x52, 0x54, 0, at >> 16, (at >> 8) & 0xff, at & 0xff];
  return bytes.map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

function send(socketPath: string, method: string, path: string, body?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false }, incoming => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => resolve(Buffer.concat(chunks).toString()));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
