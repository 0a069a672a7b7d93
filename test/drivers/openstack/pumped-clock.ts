import { VirtualClock } from '../../../src/support/clock.ts';

/** Time that passes much faster than real time, by steps between which sockets get their turn: for a client and a server of one process. */
export class PumpedClock extends VirtualClock implements AsyncDisposable {
  #stopped = false;
  readonly #pumping: Promise<void>;

  /** @param step - milliseconds that pass each time */
  constructor(step = 100) {
    super();
    this.#pumping = this.#pump(step);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#pumping;
  }

  async #pump(step: number): Promise<void> {
    while (!this.#stopped) {
      await this.advance(step);
      await new Promise(resolve => setTimeout(resolve, 1));
    }
  }
}
