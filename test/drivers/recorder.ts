import type { Driver, MachineId, Observation } from '../../src/node/driver.ts';

/** Everything that a driver tells, in order, and a way to wait for what it will tell. */
export class Recorder {
  readonly seen: { machine: MachineId; observation: Observation }[] = [];
  readonly #abort = new AbortController();
  readonly #waiting = new Set<() => void>();

  /** Begins to watch. */
  static async of(driver: Driver): Promise<Recorder> {
    const recorder = new Recorder();
    await driver.watch(
      (machine, observation) => recorder.#take(machine, observation),
      recorder.#abort.signal,
    );
    return recorder;
  }

  /** All that was seen of one kind, loads aside; the newest last. */
  of<T extends Observation['type']>(machine: MachineId, type: T): Extract<Observation, { type: T }>[] {
    return this.seen
      .filter(entry => entry.machine === machine)
      .map(entry => entry.observation)
      .filter((observation): observation is Extract<Observation, { type: T }> => observation.type === type);
  }

  /** The power state last seen. */
  power(machine: MachineId): string | undefined {
    return this.of(machine, 'power').at(-1)?.power;
  }

  /** Waits until the power state last seen is that one; the test's own time limit bounds the wait. */
  async untilPower(machine: MachineId, power: 'on' | 'off'): Promise<void> {
    await this.until(() => this.power(machine) === power);
  }

  /** Waits until something holds that can only change when something is seen. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  /** Forgets what was seen. */
  clear(): void {
    this.seen.length = 0;
  }

  /** Watches no longer. */
  stop(): void {
    this.#abort.abort();
  }

  #take(machine: MachineId, observation: Observation): void {
    this.seen.push({ machine, observation });
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
