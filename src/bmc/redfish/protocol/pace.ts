import { setImmediate } from 'node:timers/promises';

/** How many steps are done in one go. */
const stride = 16;

/** Work of many steps in short goes: between them the daemon does what else there is to do. */
export class Pace {
  readonly #signal: AbortSignal;
  #steps = 0;

  /** @param signal - aborts when nobody wants the work any more */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** To be awaited after each step. @throws the signal's abort */
  async step(): Promise<void> {
    if (++this.#steps % stride === 0) await setImmediate(undefined, { signal: this.#signal });
  }
}
