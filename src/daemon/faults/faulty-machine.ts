import type { FaultOf } from '../../faults/fault.ts';
import type { FaultView, LiveFault } from '../../faults/faults.ts';
import type { NextBoot } from '../../node/boot.ts';
import {
  type Capabilities,
  type Driver,
  DriverError,
  type Hardware,
  type MachineAct,
  type MachineId,
  type Observation,
} from '../../node/driver.ts';
import type { PowerState } from '../../node/power.ts';
import type { SerialPort } from '../../node/serial.ts';
import type { Clock, Timer } from '../../support/clock.ts';
import { passing } from './passing.ts';

/** What of a driver a node uses. */
export type NodeDriver = Pick<Driver, 'act' | 'capabilities' | 'hardware' | 'serial'>;

/** What a {@link FaultyMachine} works with. */
export interface MachineParts {
  readonly driver: NodeDriver;
  readonly view: FaultView;
  readonly clock: Clock;
}

/**
 * A machine as faults let its node use and see it: what is commanded may not be done, and what is seen may not be so. The
 * node itself stays truthful: it tells what it has observed.
 */
export class FaultyMachine implements NodeDriver {
  readonly #parts: MachineParts;
  readonly #listeners = new Set<(observation: Observation) => void>();
  /** What was last seen in truth. */
  #power: (Observation & { type: 'power' }) | undefined;
  #boot: (Observation & { type: 'booted' }) | undefined;
  /** As what the power is seen on purpose; `undefined`: as it is. */
  #shown: PowerState | undefined;
  #timer: Timer | undefined;
  /** What the driver was last told to boot next, before that was forgotten. */
  #nextBoot: NextBoot | undefined;

  constructor(parts: MachineParts) {
    this.#parts = parts;
  }

  capabilities(machine: MachineId): Capabilities {
    return this.#parts.driver.capabilities(machine);
  }

  hardware(machine: MachineId): Hardware | undefined {
    return this.#parts.driver.hardware?.(machine);
  }

  serial(machine: MachineId): SerialPort {
    return this.#parts.driver.serial(machine);
  }

  async act(machine: MachineId, act: MachineAct, signal: AbortSignal): Promise<void> {
    const { view, clock } = this.#parts;
    if (view.live.length === 0) return this.#pass(machine, act, signal);
    const slow = view.find('driver-slow');
    if (slow) {
      slow.felt();
      await passing(view, slow, clock, slow.fault.delay, signal);
    }
    const errors = view.find('driver-errors');
    if (errors && errors.chance() < errors.fault.rate) {
      errors.felt();
      throw new DriverError(errors.fault.error, 'fails on purpose');
    }
    const ignored = ignoring(view, act);
    ignored?.felt();
    return ignored ? undefined : this.#pass(machine, act, signal);
  }

  /**
   * Tells a running machine again what to boot next, as its firmware shall know it now.
   * @throws DriverError
   */
  async tellBoot(machine: MachineId, signal: AbortSignal): Promise<void> {
    const boot = this.#nextBoot;
    const { actions } = this.capabilities(machine);
    if (!boot || this.#power?.power !== 'on' || !actions.includes('set-next-boot')) return;
    await this.#pass(machine, { action: 'set-next-boot', boot }, signal);
  }

  #pass(machine: MachineId, act: MachineAct, signal: AbortSignal): Promise<void> {
    const { driver, view } = this.#parts;
    if ('boot' in act) this.#nextBoot = act.boot;
    return driver.act(machine, forgetful(view, act), signal);
  }

  /** Calls back with what the node is to see. */
  onObservation(listener: (observation: Observation) => void): void {
    this.#listeners.add(listener);
  }

  /** Takes what the driver saw. */
  observe(observation: Observation): void {
    if (observation.type === 'power') this.#power = observation;
    if (observation.type === 'booted') this.#boot = { ...observation, earlier: true };
    if (this.#shown === undefined || !tellsOfPower(observation)) this.#tell(observation);
    else if (observation.type === 'booted' && this.#shown === 'on') this.#tell(observation);
  }

  /** Faults have come or gone. */
  changed(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { view } = this.#parts;
    const wrong = view.find('wrong-power-state');
    const flapping = view.find('flapping-power-state');
    if (wrong) this.#show(wrong.fault.shows, wrong);
    else if (flapping) this.#flap(flapping);
    else if (this.#shown !== undefined) this.#showTruth();
  }

  close(): void {
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  #flap(flapping: LiveFault<FaultOf<'flapping-power-state'>>): void {
    const now = this.#shown ?? this.#power?.power;
    this.#show(now === 'on' ? 'off' : 'on', flapping);
    this.#timer = this.#parts.clock.after(flapping.fault.every, () => this.#flap(flapping));
  }

  #show(power: PowerState, fault: LiveFault): void {
    if (power === this.#shown) return;
    this.#shown = power;
    fault.felt();
    this.#tell({ type: 'power', power });
  }

  /** What was not told meanwhile is made up for, the boot first: an override that it used is used. */
  #showTruth(): void {
    this.#shown = undefined;
    if (this.#boot) this.#tell(this.#boot);
    this.#tell(this.#power ?? { type: 'power', power: 'unknown' });
  }

  #tell(observation: Observation): void {
    for (const listener of this.#listeners) listener(observation);
  }
}

/** Whether it says what the power is now. */
function tellsOfPower(observation: Observation): boolean {
  return observation.type === 'power' || (observation.type === 'booted' && observation.earlier !== true);
}

/** The fault for which an act is not carried out. */
function ignoring(view: FaultView, { action }: MachineAct): LiveFault | undefined {
  const ignored = view.find('command-ignored');
  const powerAct = action !== 'set-next-boot' && action !== 'set-media';
  if (ignored && powerAct && (ignored.fault.actions ?? [action]).includes(action)) return ignored;
  const stuck = view.find('power-stuck');
  const changes = stuck?.fault.at === 'on' ? ['off', 'soft-off'] : ['on'];
  return changes.includes(action) ? stuck : undefined;
}

/** The act, booting as if no override was set, where those are forgotten. */
function forgetful(view: FaultView, act: MachineAct): MachineAct {
  const forgotten = 'boot' in act && act.boot.target !== 'default' && view.find('boot-device-forgotten');
  if (!forgotten) return act;
  forgotten.felt();
  return { ...act, boot: { ...act.boot, target: 'default' } };
}
