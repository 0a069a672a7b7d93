import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** How a client ended and all that it printed, both streams. */
export interface Ended {
  /** `undefined` for one that had to be killed. */
  readonly status: number | undefined;
  readonly text: string;
}

/** Longest run of a client: far above what its own retries take. Milliseconds. */
const bound = 60_000;

/** Whether a program of `/usr/bin` or `/usr/sbin` is installed. */
export function hasProgram(name: string): boolean {
  return ['/usr/bin', '/usr/sbin'].some(folder => existsSync(`${folder}/${name}`));
}

/**
 * Runs a client to its end.
 * @param folder - where it runs and may leave files; also its home
 */
export function runClient(command: readonly string[], folder = '/'): Promise<Ended> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: bound,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', status =>
      resolve({ status: status ?? undefined, text: Buffer.concat(chunks).toString() }),
    );
  });
}
