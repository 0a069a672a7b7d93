import type { BootFetch } from '../boot/director.ts';
import type { BootFetchCount, BootProgressStep } from './api.ts';

/** How much is remembered of one network card. */
const mostSteps = 8;

/** What network cards have fetched from the boot director: the last of each, and how often in all. In memory only. */
export class BootFetches {
  readonly #byMac = new Map<string, readonly BootProgressStep[]>();
  readonly #counts = new Map<string, BootFetchCount>();

  /** Counts a request; what came of the card of a node is remembered. */
  take(fetch: BootFetch, isNode: boolean): void {
    const { what, answer, status, mac } = fetch;
    const key = `${what} ${answer} ${status}`;
    this.#counts.set(key, { what, answer, status, count: (this.#counts.get(key)?.count ?? 0) + 1 });
    if (mac === undefined || !isNode) return;
    const steps = this.#byMac.get(mac) ?? [];
    const last = steps.at(-1);
    const step: BootProgressStep = { ...pick(fetch), mac, times: 1 };
    // A large file comes in pieces, and who gets no answer asks again.
    const more = last && isSame(last, step) ? { ...step, times: last.times + 1 } : undefined;
    this.#byMac.set(mac, more ? [...steps.slice(0, -1), more] : [...steps.slice(1 - mostSteps), step]);
  }

  /** What these cards have fetched lately, oldest first. */
  of(macs: readonly string[]): readonly BootProgressStep[] {
    return macs.flatMap(mac => this.#byMac.get(mac) ?? []).sort((one, other) => one.at - other.at);
  }

  forget(macs: readonly string[]): void {
    for (const mac of macs) this.#byMac.delete(mac);
  }

  counts(): readonly BootFetchCount[] {
    return [...this.#counts.values()];
  }
}

/**
 * What a node's event log says of a fetch; `undefined` for what is no step of a boot: a refusal, a report.
 */
export function stepOf({ what, answer, file, status }: BootFetch): string | undefined {
  if (status >= 400) return undefined;
  switch (what) {
    case 'firmware':
      return `firmware asked what to boot: ${answer}`;
    case 'boot':
      return `the boot loader asked what to boot: ${answer}`;
    case 'deploy':
      return `fetched ${file}`;
    case 'media':
      return 'fetched from its virtual media';
    default:
      return undefined;
  }
}

function pick({ at, what, answer, file, status }: BootFetch) {
  return { at, what, answer, file, status };
}

function isSame(one: BootProgressStep, other: BootProgressStep): boolean {
  return (
    one.what === other.what &&
    one.answer === other.answer &&
    one.file === other.file &&
    one.status === other.status
  );
}
