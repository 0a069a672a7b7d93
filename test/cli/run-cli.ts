import { PassThrough } from 'node:stream';
import type { Cli } from '../../src/cli/cli.ts';
import { run } from '../../src/cli/main.ts';
import { version } from '../../src/support/version.ts';

/** What a command left behind. */
export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** How to run a command. */
export interface RunOptions {
  /** Folder of the daemon's socket, and the working directory. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  readonly entry?: string;
  /** What is typed. */
  readonly input?: PassThrough;
  readonly rawMode?: (raw: boolean) => void;
}

/** Runs a command in this process. */
export async function cli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { context, written } = cliContext(options);
  const status = await run(args, context);
  return { status, ...written };
}

/** What a command works with, and what it has written so far. */
export function cliContext(options: RunOptions = {}): {
  context: Cli;
  written: { out: string; err: string };
} {
  const { folder = '/nowhere', terminal = false } = options;
  const written = { out: '', err: '' };
  const output = (name: 'out' | 'err') => ({
    isTTY: terminal,
    columns: 100,
    write(data: string | Uint8Array) {
      written[name] += Buffer.from(data).toString();
    },
  });
  const context: Cli = {
    program: 'quintupleo',
    out: output('out'),
    err: output('err'),
    input: Object.assign(options.input ?? new PassThrough(), {
      isTTY: terminal,
      setRawMode: options.rawMode ?? (() => undefined),
    }),
    env: options.env ?? {},
    cwd: folder,
    paths: () => ({
      stateDirectory: `${folder}/state`,
      runtimeDirectory: folder,
      cacheDirectory: `${folder}/cache`,
      controlSocket: `${folder}/control.sock`,
      daemonLog: `${folder}/state/daemon.log`,
    }),
    signal: options.signal ?? new AbortController().signal,
    entry: options.entry ?? '/nowhere.js',
    exit: 'ok',
  };
  return { context, written };
}

/** What a daemon of this version says of itself. */
export const daemonStatus = {
  version,
  // Larger than any process ID: a daemon that has ended.
  pid: 2_000_000_000,
  startedAt: 0,
  stateDirectory: '/state',
  endsWhenIdle: true,
  dropped: {},
};
