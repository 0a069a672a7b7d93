import type { Clock, Timer } from '../../../support/clock.ts';
import type { ServerPoller } from '../server-poller.ts';

/** How long one task of Nova's makes the poller hurry: a task that never ends must not. Milliseconds. */
const longest = 300_000;

/** Makes the poller hurry while Nova does something with one server, whoever has asked for it. */
export class TransitionHurry {
  readonly #poller: ServerPoller;
  readonly #clock: Clock;
  #current: { readonly end: () => void; readonly timer: Timer; readonly task: string } | undefined;

  constructor(poller: ServerPoller, clock: Clock) {
    this.#poller = poller;
    this.#clock = clock;
  }

  /** @param task - what Nova is doing now; `undefined`: nothing */
  follow(task: string | undefined): void {
    if (task === this.#current?.task) return;
    this.#current?.timer.cancel();
    this.#current?.end();
    this.#current = undefined;
    if (task === undefined) return;
    const end = this.#poller.hurry();
    this.#current = { end, task, timer: this.#clock.after(longest, end) };
  }
}
