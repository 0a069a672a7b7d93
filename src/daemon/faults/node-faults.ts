import type { Accounts } from '../../bmc/accounts.ts';
import type { Receiver } from '../../bmc/ipmi/ipmi-server.ts';
import { type Fault, type FaultOf, isDisturbance } from '../../faults/fault.ts';
import type { Faults, FaultView, LiveFault } from '../../faults/faults.ts';
import type { Driver, MachineId } from '../../node/driver.ts';
import { type SensorSpec, sensors } from '../../node/sensors.ts';
import type { Clock, Timer } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import type { BmcRim, KeptMemory } from '../bmc-endpoint.ts';
import { Disturber } from './disturber.ts';
import { FaultyAccounts, FaultyMemory } from './faulty-controller.ts';
import { FaultyMachine } from './faulty-machine.ts';
import { FaultyReceiver } from './faulty-receiver.ts';

/** What the faults of a node work with. */
export interface NodeFaultsParts {
  readonly lab: string;
  readonly node: string;
  readonly machine: MachineId;
  readonly driver: Pick<Driver, 'act' | 'capabilities' | 'hardware' | 'serial' | 'disturb'>;
  readonly faults: Faults;
  /** A password that nobody knows: at most 16 bytes. */
  readonly unknownPassword: Buffer;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * What makes a node's faults felt: a rim around its machine and around each face of its BMC. Without faults, all
 * passes through.
 */
export class NodeFaults implements BmcRim {
  readonly machine: FaultyMachine;
  readonly #parts: NodeFaultsParts;
  readonly #view: FaultView;
  readonly #disturber: Disturber;
  readonly #closing = new AbortController();
  #memory: FaultyMemory | undefined;
  #restart: () => void = () => undefined;
  #stopListening: () => void = () => undefined;
  #resets: Timer | undefined;

  constructor(parts: NodeFaultsParts) {
    this.#parts = parts;
    const { faults, lab, node, machine, driver, clock, log } = parts;
    this.#view = faults.view(lab, node);
    this.machine = new FaultyMachine({ driver, view: this.#view, clock });
    this.#disturber = new Disturber({ machine, driver, view: this.#view, clock, log });
  }

  /** The users whom IPMI logins find. */
  accounts(accounts: Accounts): Accounts {
    return new FaultyAccounts(accounts, this.#view, this.#parts.unknownPassword);
  }

  /** The BMC's memory, with its clock. */
  memory(memory: KeptMemory): KeptMemory {
    this.#memory = new FaultyMemory(memory, this.#view);
    return this.#memory;
  }

  /** The BMC's IPMI face. */
  receiver(receiver: Receiver): Receiver {
    return new FaultyReceiver(receiver, this.#view, this.#parts.clock);
  }

  /**
   * The node is served: what was injected before is felt from now on.
   * @param restart - restarts the BMC
   */
  begin(restart: () => void): void {
    this.#restart = restart;
    this.#stopListening = this.#view.onChange(fault => this.#make(fault));
    for (const { fault } of this.#view.live) this.#make(fault);
  }

  /** Has the node's sensors read what they read now, by the faults that there are. */
  readSensors(names: readonly string[]): void {
    for (const name of names) this.#setSensor(name);
  }

  /** Resolves when the driver has done what it was asked for. */
  settled(): Promise<void> {
    return this.#disturber.settled();
  }

  /** The node is served no more, and its machine is well again, or its driver was given up after a while. */
  close(): Promise<void> {
    this.#stopListening();
    this.#resets?.cancel();
    this.#closing.abort();
    this.machine.close();
    return this.#disturber.close();
  }

  /** Does what has to be done once, as such a fault comes or goes: all else is asked for where it is felt. */
  #make(fault: Fault): void {
    if (isDisturbance(fault)) this.#disturber.changed();
    switch (fault.kind) {
      case 'wrong-power-state':
      case 'flapping-power-state':
        this.machine.changed();
        break;
      case 'boot-device-forgotten':
        this.#tellBoot();
        break;
      case 'clock-skew':
        this.#memory?.skewed();
        this.#view.find('clock-skew')?.felt();
        break;
      case 'bmc-resets':
        this.#resets?.cancel();
        this.#resetLater();
        break;
      case 'sensor-over-threshold':
        this.#setSensor(fault.sensor);
        break;
    }
  }

  /** The node believes that its machine knows what to boot next. */
  #tellBoot(): void {
    const { machine, log } = this.#parts;
    this.machine.tellBoot(machine, this.#closing.signal).catch((error: unknown) => {
      log.warn({ machine, error: messageOf(error) }, 'a machine was not told what to boot next');
    });
  }

  #resetLater(): void {
    const resets = this.#view.find('bmc-resets');
    this.#resets = resets && this.#parts.clock.after(resets.fault.every, () => this.#reset(resets));
  }

  #reset(resets: LiveFault): void {
    resets.felt();
    this.#restart();
    this.#resetLater();
  }

  #setSensor(name: string): void {
    const live = this.#view.live.findLast(
      ({ fault }) => fault.kind === 'sensor-over-threshold' && fault.sensor === name,
    );
    const fault = live?.fault as FaultOf<'sensor-over-threshold'> | undefined;
    live?.felt();
    this.machine.observe({ type: 'sensor', name, reading: fault && (fault.value ?? beyondLimits(name)) });
  }
}

/** A reading at which a sensor is beyond its critical limit, or as far as it can read. */
function beyondLimits(name: string): number | undefined {
  const sensor: SensorSpec | undefined = sensors.find(one => one.name === name);
  if (!sensor) return undefined;
  const { thresholds, maximum, minimum } = sensor;
  if (thresholds.upperCritical !== undefined)
    return Math.min(Math.ceil(thresholds.upperCritical * 1.02), maximum);
  if (thresholds.lowerCritical !== undefined)
    return Math.max(Math.floor(thresholds.lowerCritical / 2), minimum);
  return maximum;
}
