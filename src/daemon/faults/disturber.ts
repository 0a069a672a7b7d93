import { isDisturbance } from '../../faults/fault.ts';
import type { FaultView, LiveFault } from '../../faults/faults.ts';
import type { Disturbance } from '../../node/disturbance.ts';
import { type Driver, DriverError, type MachineId, mayPass } from '../../node/driver.ts';
import type { Clock, Timer } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { Turnstile } from '../../support/wait.ts';

/** What a {@link Disturber} works with. */
export interface DisturberParts {
  readonly machine: MachineId;
  readonly driver: Pick<Driver, 'capabilities' | 'disturb'>;
  readonly view: FaultView;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A fault that its machine's driver makes. */
interface Wanted {
  readonly live: LiveFault;
  readonly wrong: Disturbance;
}

/** Milliseconds after which a driver is asked again for what it could not do. */
const retryAfter = 5_000;

/** Milliseconds that a driver is given for what it was asked for when its node is no longer served. */
const longestEnd = 10_000;

/** Has a driver make the faults of a machine that only it can make, and lift them. */
export class Disturber {
  readonly #parts: DisturberParts;
  readonly #turnstile = new Turnstile();
  readonly #closing = new AbortController();
  #retry: Timer | undefined;
  /** Whether anything may be wrong with the machine. */
  #disturbed = false;
  #problem: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: DisturberParts) {
    this.#parts = parts;
  }

  /** Makes the machine as wrong as it shall be now, and no more; {@link settled} tells when that is done. */
  changed(): void {
    this.#retry?.cancel();
    void this.#turnstile.run(() => this.#disturb());
  }

  /** Resolves when the driver has done what it was asked for, as far as it could. */
  settled(): Promise<void> {
    return this.#turnstile.run(async () => undefined);
  }

  /** Nothing is wrong with the machine any more. A driver that cannot make it well is given up after a while. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const patience = this.#parts.clock.after(longestEnd, () => this.#closing.abort());
    await this.#turnstile.run(async () => {
      if (this.#disturbed) await this.#tell([]);
    });
    patience.cancel();
    this.#retry?.cancel();
    this.#closing.abort();
  }

  /** Never rejects. */
  async #disturb(): Promise<void> {
    const wanted = this.#wanted();
    const problem = await this.#tell(wanted);
    if (problem === undefined) return;
    if (isPassing(problem)) {
      for (const { live } of wanted) live.refuse(messageOf(problem));
      return;
    }
    // One that cannot be had keeps no other from being made, or lifted.
    const had: Wanted[] = [];
    for (const one of wanted) {
      const why = await this.#tell([...had, one]);
      if (why === undefined) had.push(one);
      else one.live.refuse(messageOf(why));
    }
    await this.#tell(had);
  }

  #wanted(): Wanted[] {
    const { machine, driver, view } = this.#parts;
    const possible = driver.capabilities(machine).disturbances ?? [];
    return view.live.flatMap(live => {
      if (!isDisturbance(live.fault)) return [];
      if (possible.includes(live.fault.kind)) return [{ live, wrong: live.fault }];
      live.refuse('not with machines of this driver');
      return [];
    });
  }

  /** @returns why the driver did not do it */
  async #tell(wanted: readonly Wanted[]): Promise<unknown> {
    const { machine, driver, clock, log } = this.#parts;
    const { signal } = this.#closing;
    if (!driver.disturb || (wanted.length === 0 && !this.#disturbed)) return undefined;
    this.#disturbed = true;
    try {
      const later = await driver.disturb(
        machine,
        wanted.map(({ wrong }) => wrong),
        signal,
      );
      for (const { live } of wanted) {
        const when = later.find(({ kind }) => kind === live.fault.kind)?.when;
        live.grant(when);
        if (when === undefined && live.times === 0) live.felt();
      }
      this.#disturbed = wanted.length > 0;
      this.#problem = undefined;
      return undefined;
    } catch (error) {
      if (signal.aborted) return error;
      const problem = messageOf(error);
      if (problem !== this.#problem)
        log.warn({ machine, error: problem }, 'a machine is not as its faults want');
      this.#problem = problem;
      this.#retry?.cancel();
      if (!(error instanceof DriverError) || mayPass(error.kind))
        this.#retry = clock.after(retryAfter, () => this.changed());
      return error;
    }
  }
}

function isPassing(error: unknown): boolean {
  return !(error instanceof DriverError) || mayPass(error.kind);
}
