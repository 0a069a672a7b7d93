import { rmdir } from 'node:fs/promises';
import { findProcesses, killProcess } from '../../host/processes.ts';
import { run } from '../../host/programs.ts';
import type { Disturbance, LaterDisturbance } from '../../node/disturbance.ts';
import {
  type Capabilities,
  type Change,
  type Driver,
  DriverError,
  type MachineAct,
  type MachineId,
  type MachineScreen,
  machineId,
  type Observation,
  type Resource,
} from '../../node/driver.ts';
import type { SerialPort } from '../../node/serial.ts';
import type { Firmware, LabSpec, NodeSpec } from '../../node/spec.ts';
import type { Clock, Timer } from '../../support/clock.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import type { Finding } from '../../support/finding.ts';
import type { Logger } from '../../support/log.ts';
import { DhcpWatch } from '../dhcp-watch.ts';
import { type Accelerator, chooseAccelerator, hasSystemManagement } from './accelerator.ts';
import { capabilitiesOf, type UefiSupport } from './capabilities.ts';
import { pidfileOf } from './command-line.ts';
import { installedFirmware } from './firmware.ts';
import { LabNetworks, type NetworkingName } from './lab-networks.ts';
import { type Folders, machinePaths, machinesFolder, networksFolder } from './layout.ts';
import { bridgeProblem, plugIn } from './links.ts';
import { QemuMachine } from './machine.ts';
import { MachineStore, storedMachines } from './machine-store.ts';
import { examineNetboot } from './netboot-examination.ts';
import { removeFilters } from './packet-filter.ts';
import { type LabContent, planChanges } from './plan.ts';

/** What a lab file says of this driver. */
export interface QemuChoice {
  readonly accel: 'auto' | 'kvm' | 'tcg';
  readonly networking: 'auto' | 'bridge' | 'user';
}

/** What the driver works with. */
export interface QemuSurroundings extends Folders {
  /** The lab whose machines it drives. */
  readonly lab: string;
  /** TCP port of the boot service. */
  readonly bootPort: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A machine that this driver drives. */
interface Known {
  readonly machine: QemuMachine;
  readonly store: MachineStore;
  /** The firmware that its lab file gives it. */
  firmware: Firmware;
}

/** How often it is looked how busy the machines are. Milliseconds. */
const loadInterval = 10_000;

/** The machines of one lab, as QEMU processes of this host that outlive whoever started them. */
export class QemuDriver implements Driver {
  readonly name = 'qemu';
  readonly concurrency = 1;
  readonly #around: QemuSurroundings;
  readonly #accelerator: Accelerator;
  readonly #networks: LabNetworks;
  readonly #uefi: UefiSupport;
  readonly #facts: Readonly<Record<string, string>>;
  readonly #dhcp: DhcpWatch;
  readonly #machines = new Map<MachineId, Known>();
  readonly #listeners = new Set<(machine: MachineId, observation: Observation) => void>();
  #timer: Timer | undefined;
  #closed = false;

  private constructor(
    around: QemuSurroundings,
    accelerator: Accelerator,
    networks: LabNetworks,
    uefi: UefiSupport,
    facts: Readonly<Record<string, string>>,
  ) {
    this.#around = around;
    this.#accelerator = accelerator;
    this.#networks = networks;
    this.#uefi = uefi;
    this.#facts = facts;
    this.#dhcp = new DhcpWatch((id, observation) => this.#tell(id, observation), around.log);
  }

  /**
   * Makes the driver of a lab, and takes over what the lab already has on this host.
   * @throws QuintupleoError for a host on which the choice cannot work
   */
  static async create(choice: QemuChoice, around: QemuSurroundings): Promise<QemuDriver> {
    const version = /version (\S+)/.exec(await run('qemu-system-x86_64', ['--version']))?.[1] ?? 'unknown';
    const accelerator = await chooseAccelerator(choice.accel);
    const networking = await chooseNetworking(choice.networking);
    const networks = new LabNetworks({
      lab: around.lab,
      folders: around,
      networking: networking.name,
      bootPort: around.bootPort,
      clock: around.clock,
    });
    const { uefi, secureBoot } = await installedFirmware();
    // Without system management mode nothing keeps a guest from writing the keys.
    const support = { uefi, secureBoot: secureBoot && (await hasSystemManagement(accelerator)) };
    const driver = new QemuDriver(around, accelerator, networks, support, {
      qemu: version,
      accelerator: `${accelerator.name} (${accelerator.reason})`,
      networking: `${networking.name} (${networking.reason})`,
    });
    await driver.#takeOver();
    return driver;
  }

  facts(lab: LabSpec): Readonly<Record<string, string>> {
    const bridges = [...this.#networks.bridges(lab.networks)];
    return {
      ...this.#facts,
      ...Object.fromEntries(bridges.map(([name, bridge]) => [`bridge ${name}`, bridge])),
    };
  }

  async serveBoot(lab: LabSpec): Promise<readonly string[]> {
    await this.#dhcp.follow(lab, this.#networks.dhcpLogs(lab.networks));
    return this.#networks.bootAddresses(lab.networks);
  }

  capabilities(id: MachineId): Capabilities {
    return capabilitiesOf(this.#machines.get(id)?.firmware ?? 'bios', this.#uefi, this.#networks.networking);
  }

  async watch(
    listener: (machine: MachineId, observation: Observation) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
    for (const [id, { machine }] of this.#machines) {
      for (const observation of machine.snapshot()) listener(id, observation);
    }
    this.#timer ??= this.#sampleLater();
  }

  async act(id: MachineId, act: MachineAct, signal: AbortSignal): Promise<void> {
    await this.#found(id).act(act, signal);
  }

  async disturb(
    id: MachineId,
    wrong: readonly Disturbance[],
    signal: AbortSignal,
  ): Promise<readonly LaterDisturbance[]> {
    return this.#found(id).disturb(wrong, signal);
  }

  serial(id: MachineId): SerialPort {
    return this.#found(id).serial;
  }

  async screen(id: MachineId): Promise<MachineScreen> {
    return this.#found(id).screen();
  }

  async examineNetboot(lab: LabSpec, node: NodeSpec): Promise<readonly Finding[]> {
    const machine = this.#machines.get(machineId(lab.name, node.name))?.machine;
    return examineNetboot(lab, node, machine, this.#networks);
  }

  async existing(lab: string): Promise<readonly Resource[]> {
    const { networks, machines } = await this.#content(lab);
    return [
      ...[...networks].map(([name, spec]) => ({ kind: 'network' as const, name, spec })),
      ...[...machines].map(([name, spec]) => ({ kind: 'machine' as const, name, spec })),
    ];
  }

  async plan(wanted: LabSpec): Promise<readonly Change[]> {
    const existing = await this.#content(wanted.name);
    const records = await Promise.all(wanted.networks.map(network => this.#networks.wanted(network, wanted)));
    const faults = new Map<string, string>();
    for (const [name, record] of existing.networks) {
      const fault = record && (await this.#networks.fault(record));
      if (fault !== undefined) faults.set(name, fault);
    }
    const changes = planChanges(
      { ...existing, faults },
      {
        networks: new Map(records.map(record => [record.name, record])),
        machines: new Map(wanted.nodes.map(node => [node.name, node])),
      },
    );
    for (const network of wanted.networks) {
      const isNew = changes.some(
        ({ kind, name, op }) => kind === 'network' && name === network.name && op !== 'delete',
      );
      if (isNew) await this.#networks.check(network);
    }
    return changes;
  }

  async apply(wanted: LabSpec, change: Change, signal: AbortSignal): Promise<void> {
    this.#mustBeOurs(wanted.name);
    signal.throwIfAborted();
    switch (change.kind) {
      case 'network':
        return this.#applyNetwork(wanted, change);
      case 'machine':
        return this.#applyMachine(wanted, change, signal);
      default:
        throw new QuintupleoError(`a lab on QEMU has no ${change.kind}`, {
          family: 'bug',
          code: 'NO_SUCH_KIND',
        });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#dhcp.close();
    this.#listeners.clear();
    for (const { machine } of this.#machines.values()) machine.close();
  }

  /** Finds what a driver before this one has left: networks that must be there, machines that may run or be disturbed. */
  async #takeOver(): Promise<void> {
    const { lab, log } = this.#around;
    for (const record of (await this.#networks.existing()).values()) {
      if (!record) continue;
      try {
        await this.#networks.ensure(record);
      } catch (error) {
        // The lab's machines can still be driven; `up` says what is wrong.
        log.error({ lab, network: record.name, error: messageOf(error) }, 'this network cannot be had');
      }
    }
    for (const [name, store] of await storedMachines(this.#around, lab)) {
      this.#add(name, store, (await store.spec())?.firmware ?? 'bios');
    }
    await this.#removeFilters([...this.#machines.values()].map(({ store }) => store));
    const running = await findProcesses(pidfileOf);
    await Promise.all(
      [...this.#machines].map(async ([id, { machine, store }]) => {
        const process = running.get(store.paths.pidfile);
        try {
          if (process) await machine.adopt(process);
          else await machine.resume();
        } catch (error) {
          log.error({ machine: id, error: messageOf(error) }, 'its QEMU could not be taken over as a whole');
        }
      }),
    );
  }

  /** Ends the loss of packets. */
  async #removeFilters(stores: readonly MachineStore[]): Promise<void> {
    if (this.#networks.networking === 'user') return;
    try {
      await removeFilters(stores.map(({ paths }) => paths.filter));
    } catch (error) {
      this.#around.log.error(
        { lab: this.#around.lab, error: messageOf(error) },
        'packets of machines are lost',
      );
    }
  }

  async #content(lab: string): Promise<LabContent> {
    this.#mustBeOurs(lab);
    const machines = new Map<string, Awaited<ReturnType<MachineStore['spec']>>>();
    for (const [name, store] of await storedMachines(this.#around, lab))
      machines.set(name, await store.spec());
    return { networks: await this.#networks.existing(), machines };
  }

  async #applyNetwork(wanted: LabSpec, { op, name }: Change): Promise<void> {
    const network = wanted.networks.find(one => one.name === name);
    if (op !== 'delete' && network) {
      await this.#networks.ensure(await this.#networks.wanted(network, wanted));
      for (const { machine } of this.#machines.values()) await machine.replug();
    } else {
      await this.#networks.remove(name);
      await this.#removeIfEmpty(networksFolder(this.#around, this.#around.lab));
    }
  }

  async #applyMachine(wanted: LabSpec, { op, name }: Change, signal: AbortSignal): Promise<void> {
    const { lab, clock } = this.#around;
    const id = machineId(lab, name);
    const store = new MachineStore(machinePaths(this.#around, lab, name));
    const spec = wanted.nodes.find(node => node.name === name);
    if (op !== 'delete' && spec) {
      const old = await store.spec();
      const known = this.#machines.get(id);
      if (!old) await store.create(spec, signal);
      else
        await store.update(
          old,
          spec,
          known?.machine.isOn ? (disk, size) => known.machine.resizeDisk(disk, size) : undefined,
          signal,
        );
      if (known) {
        known.firmware = spec.firmware;
        return;
      }
      const { machine } = this.#add(name, store, spec.firmware);
      for (const observation of machine.snapshot()) this.#tell(id, observation);
      return;
    }
    await this.#machines.get(id)?.machine.powerOff(signal);
    // One that nobody knew of: its record was lost, or it could not be taken over.
    const stray = (await findProcesses(pidfileOf)).get(store.paths.pidfile);
    if (stray) await killProcess(stray, clock);
    await this.#removeFilters([store]);
    this.#machines.get(id)?.machine.close();
    this.#machines.delete(id);
    await store.delete();
    await this.#removeIfEmpty(machinesFolder(this.#around, lab));
  }

  #add(name: string, store: MachineStore, firmware: Firmware): Known {
    const { lab, clock, log } = this.#around;
    const id = machineId(lab, name);
    const machine = new QemuMachine({
      ...{ lab, name, clock, log, paths: store.paths, accelerator: this.#accelerator },
      spec: () => store.spec(),
      backends: spec => this.#networks.backends(spec, store.paths),
      plugIn: async backends => {
        for (const backend of backends) if (backend.type === 'tap') await plugIn(backend.tap, backend.bridge);
      },
      observe: observation => this.#tell(id, observation),
    });
    const known = { machine, store, firmware };
    this.#machines.set(id, known);
    return known;
  }

  #found(id: MachineId): QemuMachine {
    const known = this.#machines.get(id);
    if (!known) throw new DriverError('gone', `there is no machine ${id}`);
    return known.machine;
  }

  #tell(id: MachineId, observation: Observation): void {
    for (const listener of this.#listeners) listener(id, observation);
  }

  #sampleLater(): Timer {
    return this.#around.clock.after(loadInterval, () => {
      const samples = [...this.#machines.values()].map(({ machine }) => machine.sampleLoad());
      void Promise.allSettled(samples).then(() => {
        if (!this.#closed) this.#timer = this.#sampleLater();
      });
    });
  }

  /** A driver is made for one lab: another one's machines are none of its business. */
  #mustBeOurs(lab: string): void {
    if (lab === this.#around.lab) return;
    throw new QuintupleoError(`the driver of lab ${this.#around.lab} was asked about lab ${lab}`, {
      family: 'bug',
      code: 'WRONG_LAB',
    });
  }

  async #removeIfEmpty(folder: string): Promise<void> {
    try {
      await rmdir(folder);
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOTEMPTY' && systemCodeOf(error) !== 'ENOENT') throw error;
    }
  }
}

async function chooseNetworking(
  choice: QemuChoice['networking'],
): Promise<{ name: NetworkingName; reason: string }> {
  if (choice === 'user') return { name: 'user', reason: 'as the lab file says' };
  const problem = await probeOnce();
  if (problem === undefined) {
    return {
      name: 'bridge',
      reason: choice === 'bridge' ? 'as the lab file says' : 'this process may make bridges',
    };
  }
  if (choice === 'auto') return { name: 'user', reason: `no bridges can be made: ${problem}` };
  throw new QuintupleoError(`bridges cannot be made: ${problem}`, {
    family: 'platform',
    code: 'BRIDGE_REFUSED',
    remedy: 'Run the daemon as root, or say networking: user in the lab file.',
  });
}

/** A host does not change its mind while we run. */
let bridgesProbed: Promise<string | undefined> | undefined;

function probeOnce(): Promise<string | undefined> {
  bridgesProbed ??= bridgeProblem();
  return bridgesProbed;
}
