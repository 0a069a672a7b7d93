import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';

const run = promisify(execFile);
const virsh = ['-q', '-c', 'qemu:///system'];

/** Whether a machine runs. */
export type Power = 'on' | 'off';

/** A machine's power, from a moment on. */
interface Change {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly power: Power;
}

/** What somebody said about a machine's power, and when. Times in milliseconds since the epoch. */
export interface Answer {
  readonly asked: number;
  readonly answered: number;
  readonly power: Power;
}

/** libvirt's words for what has happened to a machine. What is not here does not change its power. */
const meaning: Readonly<Record<string, Power>> = {
  Started: 'on',
  Resumed: 'on',
  Stopped: 'off',
  Crashed: 'off',
  Undefined: 'off',
};

/**
 * When machines of the emulating host were on and off, as libvirt itself tells: every event, so that no state is too
 * short to be seen. Machines are named by libvirt's names, which {@link domainOf} finds.
 */
export class PowerTruth implements AsyncDisposable {
  readonly #virsh: ChildProcess;
  readonly #changes = new Map<string, Change[]>();

  private constructor(child: ChildProcess) {
    this.#virsh = child;
  }

  /** Begins to listen, and returns when it does. */
  static async watch(): Promise<PowerTruth> {
    // Without a terminal, virsh would keep its lines to itself until they are many.
    const args = ['-oL', 'virsh', ...virsh.slice(1), 'event', '--all', '--loop'];
    const truth = new PowerTruth(spawn('stdbuf', args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    truth.#listen();
    await truth.#readPresent();
    return truth;
  }

  /** The power that a machine has now. */
  now(domain: string): Power {
    return this.#changes.get(domain)?.at(-1)?.power ?? 'off';
  }

  /** Whether the machine had that power at any moment of a span of time. */
  held(domain: string, power: Power, from: number, to: number): boolean {
    const changes = this.#changes.get(domain) ?? [];
    const first = changes.findLastIndex(({ at }) => at <= from);
    const span = changes.slice(Math.max(first, 0)).filter(({ at }) => at <= to);
    // Before its first event a machine that libvirt did not know was off.
    if (first === -1 && power === 'off') return true;
    return span.some(change => change.power === power);
  }

  /** Waits until the machine has that power. @throws Error when it has not within that many milliseconds */
  async until(domain: string, power: Power, within = 60_000): Promise<number> {
    const began = Date.now();
    const seen = await poll(systemClock, { every: 20, within }, async () =>
      this.now(domain) === power ? true : undefined,
    );
    if (!seen) throw new Error(`${domain} is not ${power} after ${within} ms: ${this.history(domain)}`);
    return Date.now() - began;
  }

  /** Answers that were the truth at no moment between `lag` milliseconds before they were asked for and their arrival. */
  lies(domain: string, answers: readonly Answer[], lag: number): readonly Answer[] {
    return answers.filter(({ asked, answered, power }) => !this.held(domain, power, asked - lag, answered));
  }

  /** The machine's changes, for messages. */
  history(domain: string): string {
    const changes = this.#changes.get(domain) ?? [];
    return changes.map(({ at, power }) => `${new Date(at).toISOString()} ${power}`).join(', ');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise(resolve => {
      this.#virsh.once('close', () => resolve());
      this.#virsh.kill('SIGTERM');
    });
  }

  #listen(): void {
    if (!this.#virsh.stdout) throw new Error('virsh has no output');
    createInterface(this.#virsh.stdout).on('line', line => {
      const [, domain, what] = /event 'lifecycle' for domain '([^']+)': (\w+)/.exec(line) ?? [];
      const power = meaning[what ?? ''];
      if (domain !== undefined && power !== undefined) this.#add(domain, power);
    });
  }

  async #readPresent(): Promise<void> {
    const { stdout } = await run('virsh', [...virsh, 'list', '--state-running', '--name']);
    for (const domain of stdout.split('\n').filter(Boolean)) {
      if (!this.#changes.has(domain)) this.#add(domain, 'on');
    }
  }

  #add(domain: string, power: Power): void {
    const changes = this.#changes.get(domain) ?? [];
    if (changes.at(-1)?.power !== power) changes.push({ at: Date.now(), power });
    this.#changes.set(domain, changes);
  }
}

/** Asks somebody for a machine's power again and again, and remembers what was said. */
export class Questioner {
  readonly answers: Answer[] = [];
  readonly #end = new AbortController();
  readonly #asking: Promise<void>;

  /** @param ask - `undefined` for no answer */
  constructor(ask: () => Promise<Power | undefined>) {
    this.#asking = this.#repeat(ask);
  }

  /** Ends the questions. @returns every answer */
  async stop(): Promise<readonly Answer[]> {
    this.#end.abort();
    await this.#asking;
    return this.answers;
  }

  async #repeat(ask: () => Promise<Power | undefined>): Promise<void> {
    while (!this.#end.signal.aborted) {
      const asked = Date.now();
      const power = await ask();
      if (power !== undefined) this.answers.push({ asked, answered: Date.now(), power });
    }
  }
}

/** libvirt's name of the machine behind a server. */
export async function domainOf(server: string): Promise<string> {
  const { stdout } = await run('virsh', [...virsh, 'domname', server]);
  return stdout.trim();
}

/** Ends a machine as a crash of its host would: without a word to Nova. */
export async function crash(domain: string): Promise<void> {
  await run('virsh', [...virsh, 'destroy', domain]);
}
