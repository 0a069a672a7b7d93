import { join } from 'node:path';
import { QuintupleoError } from './errors.ts';

/** Where things are kept. */
export interface Paths {
  /** What must survive a restart of the host. */
  readonly stateDirectory: string;
  /** Sockets and process IDs. */
  readonly runtimeDirectory: string;
  /** What can be made again: kernels, ramdisks and images built from Debian's packages. */
  readonly cacheDirectory: string;
  /** The daemon's control socket. */
  readonly controlSocket: string;
  /** What a daemon that was started in the background has to say. */
  readonly daemonLog: string;
}

// sun_path has 108 bytes, the last of which is zero. @see unix(7)
const longestSocketPath = 107;

/**
 * Where this user's daemon keeps things: the system's folders for root, those of the XDG base directories for others.
 * `QUINTUPLEO_STATE_DIR`, `QUINTUPLEO_RUNTIME_DIR` and `QUINTUPLEO_CACHE_DIR` override them.
 * @param home - the user's home directory
 * @throws QuintupleoError `SOCKET_PATH_TOO_LONG`
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function findPaths(
  env: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
  home: string,
): Paths {
  const choose = (override: string, system: string, own: string) =>
    absolute(env[override]) ?? (isRoot ? system : own);
  const base = (variable: string, fallback: string) =>
    join(absolute(env[variable]) ?? join(home, fallback), 'quintupleo');
  const stateDirectory = choose(
    'QUINTUPLEO_STATE_DIR',
    '/var/lib/quintupleo',
    base('XDG_STATE_HOME', '.local/state'),
  );
  const runtimeDirectory = choose(
    'QUINTUPLEO_RUNTIME_DIR',
    '/run/quintupleo',
    // Systems without a session manager have no runtime folder.
    absolute(env.XDG_RUNTIME_DIR) ? base('XDG_RUNTIME_DIR', '') : join(stateDirectory, 'run'),
  );
  const cacheDirectory = choose(
    'QUINTUPLEO_CACHE_DIR',
    '/var/cache/quintupleo',
    base('XDG_CACHE_HOME', '.cache'),
  );
  const controlSocket = join(runtimeDirectory, 'control.sock');
  if (Buffer.byteLength(controlSocket) > longestSocketPath) {
    throw new QuintupleoError(`the socket path ${controlSocket} is longer than ${longestSocketPath} bytes`, {
      family: 'user',
      code: 'SOCKET_PATH_TOO_LONG',
      remedy: 'Set QUINTUPLEO_RUNTIME_DIR to a shorter path.',
    });
  }
  return {
    stateDirectory,
    runtimeDirectory,
    cacheDirectory,
    controlSocket,
    daemonLog: join(stateDirectory, 'daemon.log'),
  };
}

/** The path, if it is one that counts: the XDG specification ignores relative ones. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}
