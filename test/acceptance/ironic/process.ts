import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';

/** How long a program may take to end when it is told to. Milliseconds. */
const patience = 20_000;

const path = '/usr/sbin:/usr/bin:/sbin:/bin';

/** A program that runs until the tests are over, with its output in a file. */
export class Background implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /**
   * @param log - file to which its output is added
   * @param programs - folder of programs that it finds before the system's
   */
  static async start(
    program: string,
    args: readonly string[],
    log: string,
    programs?: string,
  ): Promise<Background> {
    const output = await open(log, 'a');
    try {
      const child = spawn(program, args, {
        // Debian's Python programs need Debian's Python, and nothing here may leave by a proxy.
        env: {
          PATH: programs === undefined ? path : `${programs}:${path}`,
          LC_ALL: 'C.UTF-8',
          HOME: '/root',
        },
        stdio: ['ignore', output.fd, output.fd],
        detached: true,
      });
      await once(child, 'spawn');
      return new Background(child);
    } finally {
      await output.close();
    }
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'close');
    const { pid } = this.#child;
    if (pid === undefined) return;
    // With all that it has started.
    process.kill(-pid, 'SIGTERM');
    const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), patience);
    await ended;
    clearTimeout(timer);
  }
}
