import type { Clock, Timer } from '../support/clock.ts';

/** How long a daemon that has had no lab yet waits for one after the last request, before it ends. Milliseconds. */
const idleTime = 15_000;
const idleInterval = 200;

/** What clients are asking of a daemon. */
export class Traffic {
  readonly #clock: Clock;
  #underWay = 0;
  #quietSince: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#quietSince = clock.now();
  }

  /** A request begins. @returns to be called when it has been answered, or its client has gone */
  begin(): () => void {
    this.#underWay++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#underWay--;
      this.#quietSince = this.#clock.now();
    };
  }

  /** Milliseconds since the last request ended, or since the beginning; `undefined` while one is under way. */
  quiet(): number | undefined {
    return this.#underWay > 0 ? undefined : this.#clock.now() - this.#quietSince;
  }
}

/** Ends a daemon at once when its last lab is gone, and after a while when none came; never during a request. */
export function watchIdle(
  labs: { readonly size: number },
  traffic: Traffic,
  clock: Clock,
  end: () => void,
): Timer {
  let served = labs.size > 0;
  const look = () => {
    served ||= labs.size > 0;
    const quiet = traffic.quiet();
    if (labs.size === 0 && quiet !== undefined && (served || quiet >= idleTime)) end();
    else timer = clock.after(idleInterval, look);
  };
  let timer = clock.after(idleInterval, look);
  return { cancel: () => timer.cancel() };
}
