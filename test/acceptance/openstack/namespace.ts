import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A network namespace: a machine of somebody else's, as far as networks go. */
export interface Namespace extends AsyncDisposable {
  readonly name: string;
  /** Runs a program in it to its end. @returns what it printed. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<string>;
}

export async function createNamespace(name: string): Promise<Namespace> {
  // A run that was killed has left its own behind.
  await run('ip', ['netns', 'delete', name]).catch(() => undefined);
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  return {
    name,
    run: async (program, ...args) => {
      const { stdout } = await run('ip', ['netns', 'exec', name, program, ...args], { timeout: 60_000 });
      return stdout;
    },
    [Symbol.asyncDispose]: async () => {
      await run('ip', ['netns', 'delete', name]);
    },
  };
}
