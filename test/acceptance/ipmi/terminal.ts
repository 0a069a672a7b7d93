import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** Longest wait for something to appear. Milliseconds. */
const bound = 30_000;

/** A program that runs in a terminal, as for somebody who sits before it. */
export class Terminal implements AsyncDisposable {
  /** Resolves when the program has ended, with its exit status. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();
  #text = '';
  #over = false;

  constructor(command: readonly string[]) {
    const line = command.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    this.#child = spawn('script', ['-qefc', line, '/dev/null'], { stdio: 'pipe' });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#look();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', status => {
        this.#over = true;
        this.#look();
        resolve(status ?? -1);
      });
    });
  }

  /** All that has appeared. */
  get text(): string {
    return this.#text;
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits until the text appears, so many times. */
  async until(wanted: string, times = 1): Promise<void> {
    const timeout = AbortSignal.timeout(bound);
    const wake = () => this.#look();
    timeout.addEventListener('abort', wake, { once: true });
    while (this.#text.split(wanted).length <= times) {
      if (this.#over || timeout.aborted) {
        throw new Error(`"${wanted}" did not appear ${times} times before the end in: ${this.#text}`);
      }
      await new Promise<void>(resolve => this.#watchers.add(resolve));
    }
    timeout.removeEventListener('abort', wake);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill('SIGKILL');
    await this.ended;
  }

  #look(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}
