import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { LabStatus } from '../../../src/daemon/api.ts';

/** A node's power since a moment, in milliseconds of the epoch. */
interface Period {
  readonly since: number;
  readonly power: string;
}

/** What the nodes of a lab have been, as the daemon has seen it. */
export class PowerTruth {
  readonly #socket: string;
  readonly #lab: string;
  readonly #periods = new Map<string, Period[]>();

  /** @param socket - the daemon's control socket */
  constructor(socket: string, lab: string) {
    this.#socket = socket;
    this.#lab = lab;
  }

  async look(): Promise<void> {
    const before = Date.now();
    for (const { name, power } of (await this.#status()).nodes) {
      const periods = this.#periods.get(name) ?? [];
      if (periods.at(-1)?.power !== power) periods.push({ since: before, power });
      this.#periods.set(name, periods);
    }
  }

  /** Whether a node has been in that state at any time since then. */
  was(node: string, power: string, since: number): boolean {
    const periods = this.#periods.get(node) ?? [];
    return periods.some(({ power: one }, index) => {
      const end = periods[index + 1]?.since ?? Number.POSITIVE_INFINITY;
      return one === power && end >= since;
    });
  }

  /** A node's power now. */
  of(node: string): string | undefined {
    return this.#periods.get(node)?.at(-1)?.power;
  }

  /** How often a node's power has changed, all nodes together. */
  get changes(): number {
    return [...this.#periods.values()].reduce((sum, { length }) => sum + length - 1, 0);
  }

  #status(): Promise<LabStatus> {
    const asked = { socketPath: this.#socket, path: `/v1/labs/${this.#lab}`, timeout: 10_000 };
    return new Promise((resolve, reject) => {
      request(asked, answer => {
        text(answer).then(body => resolve(JSON.parse(body) as LabStatus), reject);
      })
        .on('error', reject)
        .end();
    });
  }
}
