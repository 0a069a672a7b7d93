import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../../src/daemon/api.ts';
import { runDaemon } from '../../src/daemon/daemon.ts';
import type { LabDefinition, RedfishDefinition } from '../../src/lab/definition.ts';
import type { Logger } from '../../src/support/log.ts';
import { findPaths, type Paths } from '../../src/support/paths.ts';

/** A daemon in this process, with folders of its own. */
export interface TestDaemon extends AsyncDisposable {
  readonly paths: Paths;
  /** Ends the daemon; its folders stay, so that another one can be started on them. */
  stop(): Promise<void>;
  call<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** Calls what answers with progress. */
  run(method: string, path: string, body?: unknown): Promise<Progress[]>;
}

/** Starts a daemon, on the folders of an earlier one if given. */
export async function startDaemon(before?: Paths, log?: Logger): Promise<TestDaemon> {
  const folder = before ? undefined : await mkdtemp(join(tmpdir(), 'quintupleo-test-'));
  const paths =
    before ??
    findPaths(
      {
        QUINTUPLEO_STATE_DIR: `${folder}/state`,
        QUINTUPLEO_RUNTIME_DIR: `${folder}/run`,
        QUINTUPLEO_CACHE_DIR: `${folder}/cache`,
      },
      false,
      '/',
    );
  const end = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    ended = runDaemon({
      paths,
      logLevel: 'silent',
      log,
      signal: end.signal,
      idleExit: false,
      onReady: resolve,
    });
    ended.catch(reject);
  });
  const send = (method: string, path: string, body: unknown) =>
    sendRequest(paths.controlSocket, method, path, body);
  const stop = async () => {
    end.abort();
    await ended;
  };
  return {
    paths,
    stop,
    call: async <T>(method: string, path: string, body?: unknown) => {
      const { status, text } = await send(method, path, body);
      return { status, body: (text === '' ? undefined : JSON.parse(text)) as T };
    },
    run: async (method, path, body) => {
      const { text } = await send(method, path, body);
      return text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Progress);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(join(paths.stateDirectory, '..'), { recursive: true, force: true });
    },
  };
}

/** A lab of simulated nodes `node-1` …, whose BMCs have the user admin with that password. */
export function simulatedLab(
  count: number,
  change: Partial<LabDefinition['bmcs'][string]['ipmi']> = {},
): LabDefinition {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  return {
    source: '/lab.yaml',
    driver: { name: 'simulated', latency: 0, faultRate: 0, seed: 1 },
    spec: {
      name: 'test',
      networks: [{ name: 'provisioning', cidr: '192.0.2.0/24', dhcp: true }],
      nodes: names.map((name, index) => ({
        name,
        uuid: `8c4f6f2e-4a53-4b3a-9e8e-${(index + 1).toString(16).padStart(12, '0')}`,
        cpus: 1,
        memory: 2 ** 29,
        disks: [{ name: 'root', size: 2 ** 30 }],
        nics: [
          {
            mac: `52:54:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
            network: 'provisioning',
          },
        ],
        firmware: 'bios' as const,
      })),
    },
    bmcs: Object.fromEntries(
      names.map(name => [
        name,
        {
          users: [{ name: 'admin', password: undefined, privilege: 'administrator' as const }],
          ipmi: {
            address: '127.0.0.1',
            port: undefined,
            cipherSuites: [3, 17],
            ipmi15: false,
            kg: undefined,
            sessionTimeout: 60_000,
            maximumSessions: 16,
            channelPrivilege: 'administrator' as const,
            ...change,
          },
        },
      ]),
    ),
  };
}

/** The same with all Redfish services: that of the lab, and one for each node. */
export function redfishLab(count: number, change: Partial<RedfishDefinition> = {}): LabDefinition {
  const lab = simulatedLab(count);
  const users = [{ name: 'admin', password: undefined, privilege: 'administrator' as const }];
  return {
    ...lab,
    bmcs: Object.fromEntries(
      Object.entries(lab.bmcs).map(([name, bmc]) => [
        name,
        { ...bmc, redfish: { address: '127.0.0.1', port: undefined } },
      ]),
    ),
    redfish: {
      service: { address: '127.0.0.1', port: undefined, users },
      tls: true,
      identity: undefined,
      sessionTimeout: 1_800_000,
      destinations: undefined,
      mediaLimit: 2 ** 30,
      ...change,
    },
  };
}

function sendRequest(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false }, incoming => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
