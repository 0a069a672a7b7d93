import { join } from 'node:path';
import type { NextBoot } from '../../node/boot.ts';
import type { Disturbance, LaterDisturbance } from '../../node/disturbance.ts';
import {
  type Capabilities,
  type Change,
  type Driver,
  DriverError,
  type MachineAct,
  type MachineId,
  machineId,
  type Observation,
  type Resource,
} from '../../node/driver.ts';
import { noChange } from '../../node/firmware-settings.ts';
import type { SerialPort } from '../../node/serial.ts';
import type { LabSpec } from '../../node/spec.ts';
import type { Clock } from '../../support/clock.ts';
import { type Document, fileDocument } from '../../support/document.ts';
import { createRandom } from '../../support/random.ts';
import { complaints, hangs, hindrance } from './simulated-disturbances.ts';
import { SimulatedSerial } from './simulated-serial.ts';

/** How simulated machines behave. */
export interface SimulatedOptions {
  /** Where labs are kept, one document a lab; `undefined` keeps nothing. */
  readonly stateDirectory: string | undefined;
  readonly clock: Clock;
  /** Milliseconds from a call to its effect. */
  readonly latency: number;
  /** Share of calls that fail with a transient error, 0 to 1. */
  readonly faultRate: number;
  readonly seed: number;
}

/** A simulated lab as it is kept: what it has, and from what those of its machines that are on have booted. */
interface KeptLab {
  readonly resources: readonly Resource[];
  readonly on: Readonly<Record<string, NextBoot>>;
}

interface Lab {
  /** By kind and name. */
  readonly resources: Map<string, Resource>;
  readonly document: Document<KeptLab> | undefined;
  /** The write that is under way, and whether something changed since it began. */
  writing: Promise<void> | undefined;
  dirty: boolean;
}

interface Machine {
  power: 'on' | 'off';
  nextBoot: NextBoot;
  lastBoot: NextBoot;
  serial: SimulatedSerial | undefined;
  wrong: readonly Disturbance[];
  /** Of a boot whose firmware hangs: it is told of when that gets on. */
  held: BootCause | undefined;
}

type BootCause = 'power-on' | 'reset' | 'guest';

const capabilities: Capabilities = {
  actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot', 'set-media'],
  bootTargets: ['default', 'pxe', 'disk', 'disk-safe-mode', 'diagnostic', 'cdrom', 'bios-setup', 'removable'],
  firmwareSettings: ['mode', 'secureBoot', 'bootOrder', 'serialConsole', 'netbootNics'],
  firmwareModes: ['bios', 'uefi'],
  mediaSlots: ['cd', 'usb'],
  disturbances: [
    'nic-unplugged',
    'disk-fails',
    'disk-full',
    'disk-read-only',
    'firmware-hangs',
    'dhcp-lost',
    'tftp-lost',
  ],
  timeouts: { on: 60_000, off: 60_000, softOff: 120_000, reset: 60_000 },
};

const noBoot: NextBoot = { target: 'default', settings: noChange, revision: 0 };

/** Machines with nothing behind them, for tests of what drives us: thousands of them cost next to nothing. */
export class SimulatedDriver implements Driver {
  readonly name = 'simulated';
  readonly concurrency = 64;
  readonly #options: SimulatedOptions;
  readonly #random: () => number;
  readonly #labs = new Map<string, Lab>();
  readonly #machines = new Map<MachineId, Machine>();
  #listener: ((machine: MachineId, observation: Observation) => void) | undefined;

  constructor(options: SimulatedOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
  }

  capabilities(): Capabilities {
    return capabilities;
  }

  facts(): Record<string, string> {
    const { latency, faultRate } = this.#options;
    return { latency: `${latency} ms`, faults: `${faultRate * 100} %` };
  }

  async serveBoot(): Promise<readonly string[]> {
    return [];
  }

  async watch(
    listener: (machine: MachineId, observation: Observation) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#listener = listener;
    signal.addEventListener('abort', () => {
      if (this.#listener === listener) this.#listener = undefined;
    });
    for (const [id, { power, lastBoot, held }] of this.#machines) {
      if (power === 'on' && !held) listener(id, { ...booted(lastBoot), cause: 'power-on', earlier: true });
      listener(id, { type: 'power', power });
    }
  }

  async act(id: MachineId, act: MachineAct, signal: AbortSignal): Promise<void> {
    const machine = this.#machine(id);
    if (signal.aborted) throw new DriverError('transient', 'given up');
    if (act.action === 'set-next-boot') {
      machine.nextBoot = act.boot;
      return;
    }
    // Nothing reads what is in its drives.
    if (act.action === 'set-media') return;
    await this.#delay(signal);
    if (this.#random() < this.#options.faultRate) throw new DriverError('transient', 'simulated fault');
    switch (act.action) {
      case 'on':
        if (machine.power === 'on') return;
        machine.nextBoot = act.boot;
        this.#boot(id, machine, 'power-on');
        this.#change(id, machine, 'on');
        break;
      case 'off':
        this.#change(id, machine, 'off');
        break;
      case 'soft-off':
        this.#change(id, machine, 'off', 'guest');
        break;
      case 'reset':
        if (machine.power === 'off') throw new DriverError('refused', 'the machine is off');
        machine.nextBoot = act.boot;
        this.#boot(id, machine, 'reset');
        break;
      case 'nmi':
        if (machine.power === 'off') throw new DriverError('refused', 'the machine is off');
        machine.serial?.say('NMI received\r\n');
        break;
    }
  }

  /** What has no firmware, disk or network has only its console to show what is wrong with them. */
  async disturb(id: MachineId, wrong: readonly Disturbance[]): Promise<readonly LaterDisturbance[]> {
    const machine = this.#machine(id);
    const said = complaints(machine.wrong, wrong);
    machine.wrong = wrong;
    if (machine.power === 'off') return [];
    if (machine.held === undefined) {
      for (const line of said) machine.serial?.say(`${line}\r\n`);
      return hangs(wrong) ? [{ kind: 'firmware-hangs', when: 'its firmware hangs when it next starts' }] : [];
    }
    if (!hangs(wrong)) this.#boot(id, machine, machine.held);
    return [];
  }

  serial(id: MachineId): SerialPort {
    const machine = this.#machine(id);
    if (!machine.serial) {
      machine.serial = new SimulatedSerial(id);
      if (machine.power === 'on' && !machine.held) sayBoot(machine);
    }
    return machine.serial;
  }

  /** What happens to a machine by itself: for tests. */
  happen(id: MachineId, event: 'guest-off' | 'guest-restart' | 'crash'): void {
    const machine = this.#machine(id);
    if (event === 'guest-restart') this.#boot(id, machine, 'guest');
    else this.#change(id, machine, 'off', event === 'crash' ? 'platform' : 'guest');
  }

  async existing(lab: string): Promise<readonly Resource[]> {
    return [...(await this.#lab(lab)).resources.values()];
  }

  async plan(wanted: LabSpec): Promise<readonly Change[]> {
    const existing = (await this.#lab(wanted.name)).resources;
    const resources = resourcesOf(wanted);
    const changes: Change[] = [];
    for (const [key, { kind, name, spec }] of resources) {
      const old = existing.get(key);
      if (!old) changes.push({ op: 'create', kind, name, summary: 'simulated', disruptive: false });
      else if (JSON.stringify(old.spec) !== JSON.stringify(spec)) {
        changes.push({ op: 'update', kind, name, summary: 'at once', disruptive: false });
      }
    }
    const deletions: Change[] = [];
    for (const [key, { kind, name }] of existing) {
      if (resources.has(key)) continue;
      deletions.push({ op: 'delete', kind, name, summary: 'simulated', disruptive: kind === 'machine' });
    }
    // Networks first when making, machines first when taking away.
    return [...deletions.reverse(), ...changes];
  }

  async apply(wanted: LabSpec, { op, kind, name }: Change, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const lab = await this.#lab(wanted.name);
    const id = machineId(wanted.name, name);
    const key = keyOf({ kind, name });
    const resource = resourcesOf(wanted).get(key);
    if (op === 'delete') {
      lab.resources.delete(key);
      if (kind === 'machine') this.#machines.delete(id);
    } else if (resource) {
      lab.resources.set(key, resource);
      if (kind === 'machine' && !this.#machines.has(id)) this.#add(id, undefined);
    }
    this.#keepSoon(wanted.name, lab);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener = undefined;
    await Promise.all([...this.#labs.values()].map(lab => lab.writing));
  }

  #machine(id: MachineId): Machine {
    const machine = this.#machines.get(id);
    if (!machine) throw new DriverError('gone', `there is no machine ${id}`);
    return machine;
  }

  async #lab(name: string): Promise<Lab> {
    const known = this.#labs.get(name);
    if (known) return known;
    const { stateDirectory } = this.#options;
    const document =
      stateDirectory === undefined
        ? undefined
        : fileDocument<KeptLab>(join(stateDirectory, 'labs', name, 'simulated.json'));
    const kept = await document?.read();
    const resources = new Map((kept?.resources ?? []).map(resource => [keyOf(resource), resource]));
    const lab: Lab = { resources, document, writing: undefined, dirty: false };
    this.#labs.set(name, lab);
    for (const resource of resources.values()) {
      if (resource.kind === 'machine') {
        this.#add(machineId(name, resource.name), kept?.on[resource.name]);
      }
    }
    return lab;
  }

  #add(id: MachineId, lastBoot: NextBoot | undefined): void {
    const boot = { ...noBoot, ...lastBoot };
    const power = lastBoot ? 'on' : 'off';
    this.#machines.set(id, {
      ...{ power, nextBoot: boot, lastBoot: boot },
      ...{ serial: undefined, wrong: [], held: undefined },
    });
    this.#listener?.(id, { type: 'power', power });
  }

  /** Keeps a lab without anybody waiting: what a kill loses, `up` makes again. Changes meanwhile are written together. */
  #keepSoon(name: string, lab: Lab): void {
    lab.dirty = true;
    lab.writing ??= this.#keep(name, lab).finally(() => {
      lab.writing = undefined;
    });
  }

  async #keep(name: string, lab: Lab): Promise<void> {
    while (lab.dirty) {
      lab.dirty = false;
      if (lab.resources.size === 0) {
        this.#labs.delete(name);
        await lab.document?.delete();
      } else {
        const resources = [...lab.resources.values()];
        await lab.document?.write({ resources, on: this.#bootsOf(name, resources) });
      }
    }
  }

  #change(id: MachineId, machine: Machine, power: 'on' | 'off', cause?: 'guest' | 'platform'): void {
    if (machine.power === power) return;
    machine.power = power;
    if (power === 'off') machine.held = undefined;
    this.#listener?.(id, { type: 'power', power, cause });
    this.#keepLabOf(id);
  }

  #bootsOf(lab: string, resources: readonly Resource[]): Record<string, NextBoot> {
    const boots: Record<string, NextBoot> = {};
    for (const { kind, name } of resources) {
      const machine = kind === 'machine' ? this.#machines.get(machineId(lab, name)) : undefined;
      if (machine?.power === 'on') boots[name] = machine.lastBoot;
    }
    return boots;
  }

  #keepLabOf(id: MachineId): void {
    const name = id.slice(0, id.indexOf('/'));
    const lab = this.#labs.get(name);
    if (lab) this.#keepSoon(name, lab);
  }

  #boot(id: MachineId, machine: Machine, cause: BootCause): void {
    if (hangs(machine.wrong)) {
      machine.held = cause;
      machine.serial?.clear();
      return;
    }
    machine.held = undefined;
    machine.lastBoot = machine.nextBoot;
    this.#listener?.(id, { ...booted(machine.lastBoot), cause });
    sayBoot(machine);
    this.#keepLabOf(id);
  }

  #delay(signal: AbortSignal): Promise<void> {
    const { clock, latency } = this.#options;
    if (latency === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = clock.after(latency, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = () => {
        timer.cancel();
        reject(new DriverError('transient', 'given up'));
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

const known = new WeakMap<LabSpec, ReadonlyMap<string, Resource>>();

/** What a lab needs, by key; made once a lab, since a plan of thousands of steps asks at each. */
function resourcesOf(lab: LabSpec): ReadonlyMap<string, Resource> {
  const made = known.get(lab);
  if (made) return made;
  const all: Resource[] = [
    ...lab.networks.map(network => ({ kind: 'network' as const, name: network.name, spec: network })),
    ...lab.nodes.map(node => ({ kind: 'machine' as const, name: node.name, spec: node })),
  ];
  const resources = new Map(all.map(resource => [keyOf(resource), resource]));
  known.set(lab, resources);
  return resources;
}

function keyOf({ kind, name }: Pick<Resource, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

function sayBoot({ serial, lastBoot, wrong }: Machine): void {
  serial?.powerOn(lastBoot.target, hindrance(lastBoot.target, wrong));
}

function booted({ revision, settings }: NextBoot) {
  return { type: 'booted', revision, settings: settings.revision } as const;
}
