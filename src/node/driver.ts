import type { Finding } from '../support/finding.ts';
import type { BootTarget, NextBoot } from './boot.ts';
import type { Disturbance, DisturbanceKind, LaterDisturbance } from './disturbance.ts';
import type { FirmwareAnswer, FirmwareQuestion } from './firmware.ts';
import type { FirmwareSettings } from './firmware-settings.ts';
import type { MediaSlot, MediaState } from './media.ts';
import type { PowerState } from './power.ts';
import type { SerialPort } from './serial.ts';
import type { Firmware, LabSpec, NodeSpec } from './spec.ts';

/** Names a machine of a driver: `LAB/NODE`. */
export type MachineId = string;

/** The name under which a driver knows a node of a lab. */
export function machineId(lab: string, node: string): MachineId {
  return `${lab}/${node}`;
}

/** What a driver can be asked to do with one machine. */
export type MachineAct =
  | { readonly action: 'on'; readonly boot: NextBoot }
  /** Hard: the guest is not asked. */
  | { readonly action: 'off' }
  /** Asks the guest, by ACPI; resolves when it has been asked, not when it has obeyed. */
  | { readonly action: 'soft-off' }
  /** Hard reset of a running machine. */
  | { readonly action: 'reset'; readonly boot: NextBoot }
  | { readonly action: 'nmi' }
  /** What the machine shall boot from when it next boots by itself. */
  | { readonly action: 'set-next-boot'; readonly boot: NextBoot }
  /** What is in its drives from now on, whether it is on or off: neither restarts it nor changes its boot order. */
  | { readonly action: 'set-media'; readonly media: MediaState };

/** What a driver can do for a machine. A face never offers more. */
export interface Capabilities {
  readonly actions: readonly MachineAct['action'][];
  readonly bootTargets: readonly BootTarget[];
  /** Which settings of the firmware clients may change. */
  readonly firmwareSettings: readonly (keyof FirmwareSettings)[];
  /** The modes that its firmware can be set to, its own included. */
  readonly firmwareModes: readonly Firmware[];
  /** Where media can be put. */
  readonly mediaSlots: readonly MediaSlot[];
  /** What can be made wrong with it on purpose; left away: nothing. */
  readonly disturbances?: readonly DisturbanceKind[] | undefined;
  /** How long, in milliseconds, a call and the transition that follows it may take before it has failed. */
  readonly timeouts: {
    readonly on: number;
    readonly off: number;
    /** How long a guest is given to obey a soft off. */
    readonly softOff: number;
    readonly reset: number;
  };
}

/** Capabilities of machines whose firmware cannot be set and whose drives take nothing. */
export const plainFirmware = {
  firmwareSettings: [],
  firmwareModes: [],
  mediaSlots: [],
} as const satisfies Partial<Capabilities>;

/** What a machine has. */
export interface Hardware {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
}

/** What a driver saw of a machine. */
export type Observation =
  | {
      readonly type: 'power';
      readonly power: PowerState;
      /** Why, where the driver knows: the guest's own doing, or somebody behind our back. */
      readonly cause?: 'guest' | 'platform' | undefined;
      readonly detail?: string | undefined;
    }
  /**
   * Firmware has started: after power-on, a reset, or a reboot by the guest itself. Also says that the power is on; of
   * a power-on it is told before, or instead of, `power`.
   */
  | {
      readonly type: 'booted';
      /** Revision of the {@link NextBoot} that this boot follows. */
      readonly revision: number;
      /** Revision of the settings that the firmware has taken up; drivers that cannot set it leave it away. */
      readonly settings?: number | undefined;
      readonly cause: 'power-on' | 'reset' | 'guest';
      /** Part of the snapshot: the boot that a running machine did before this driver began to watch. */
      readonly earlier?: boolean | undefined;
    }
  /**
   * Firmware, or what it has loaded, has fetched something of a boot; told as often as it was fetched.
   * `what`: for people, the same text for the same thing: `firmware asked what to boot: network`, `fetched vmlinuz`.
   */
  | { readonly type: 'fetched'; readonly what: string }
  /** Firmware, a loader or a system has been given an address by a DHCP server that can be watched; told as often as it was. */
  | { readonly type: 'leased'; readonly address: string }
  | { readonly type: 'panicked'; readonly detail: string }
  /** Share of its processors that the machine uses, 0 to 1. */
  | { readonly type: 'load'; readonly load: number }
  /** What a sensor reads by itself, in its unit; `undefined`: what follows from the machine. */
  | { readonly type: 'sensor'; readonly name: string; readonly reading: number | undefined };

/** Why a driver call failed, by what to do about it. */
export type DriverErrorKind =
  /** The machine is in a transition; wait for it and try again (Nova's 409). */
  | 'conflict'
  /** A passing fault of the platform; try again. */
  | 'transient'
  /** The platform will not do it, however often it is asked: policy, quota, a broken machine. */
  | 'refused'
  /** This driver cannot do that. */
  | 'unsupported'
  /** The machine no longer exists. */
  | 'gone';

/** Whether the same call may succeed later. */
export function mayPass(kind: DriverErrorKind): boolean {
  return kind === 'conflict' || kind === 'transient';
}

/** A driver call that failed. */
export class DriverError extends Error {
  readonly kind: DriverErrorKind;

  constructor(kind: DriverErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DriverError';
    this.kind = kind;
  }
}

/** What a lab may be made of; `machine` is a node's. Those after it come from clouds only. */
export type ResourceKind = 'network' | 'machine' | 'router' | 'server-group' | 'keypair' | 'host' | 'service';

/**
 * Something that a lab needs and a driver makes: a network, a machine.
 * Two resources are the same thing when kind and name are equal, and need no work when the specs are equal too.
 */
export interface Resource {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Plain JSON: all that the driver needs to make it, and that decides whether it has changed. */
  readonly spec: unknown;
}

/** One step from what exists to what a lab file says. */
export interface Change {
  readonly op: 'create' | 'update' | 'delete';
  readonly kind: Resource['kind'];
  readonly name: string;
  /** For people: `memory 512 MiB → 1 GiB, at its next power-on`. */
  readonly summary: string;
  /** Whether it loses data or interrupts a machine, so that a person should be asked. */
  readonly disruptive: boolean;
}

/** The part of a driver that makes what a lab is made of. Every call may be repeated after it was interrupted. */
export interface Provider {
  /** What the platform holds for a lab now, half-made things included. Only what this project made for that lab. */
  existing(lab: string): Promise<readonly Resource[]>;
  /** Steps that lead from what exists to `wanted`; in an order in which they can be applied. `wanted` without networks and nodes takes all away. */
  plan(wanted: LabSpec): Promise<readonly Change[]>;
  /** Does one step of a plan. Deleting what is gone succeeds. */
  apply(wanted: LabSpec, change: Change, signal: AbortSignal): Promise<void>;
}

/** How a service instance reaches its cloud. Holds secrets. */
export interface ServiceCloud {
  /** The content of a `clouds.yaml`. */
  readonly clouds: unknown;
  /** The CA certificates (PEM) that it names. */
  readonly ca: string | undefined;
}

/** An instance that serves a lab's nodes. */
export interface ServiceInstance {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of its certificate, as it wrote it to its console. */
  readonly fingerprint: string;
  /** What the instance calls its interfaces, by network of the lab. */
  readonly interfaces: Readonly<Record<string, string>>;
  /**
   * Lets it into the cloud: with what it has already, or anew where that is no longer what its lab needs. What it had
   * before ends when `hand` has succeeded, so that it is never left without.
   * @param hand - tells the instance
   */
  admit(hand: (cloud: ServiceCloud) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** How a machine's screen can be seen. */
export type MachineScreen =
  /** At a Unix socket of this host that speaks RFB and asks for no password. @see RFC 6143 */
  | { readonly kind: 'vnc'; readonly socket: string }
  /** At a page of the platform's own; its URL lets in whoever has it, for a while. */
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'none'; readonly why: string };

/** Where machines come from. */
export interface Driver extends Provider, AsyncDisposable {
  readonly name: string;
  /** How many steps of a plan that stand side by side and are of the same kind may be done at once. */
  readonly concurrency: number;
  /** What a person should know of where a lab's machines run: `accelerator: kvm`, `bridge NETWORK: NAME`. */
  facts(lab: LabSpec): Readonly<Record<string, string>>;
  /**
   * Gets this host ready to netboot a lab's machines on those of its networks that exist; without networks, ends that.
   * @returns the addresses of this host at which the machines ask what to boot; some may come to be only later
   */
  serveBoot(lab: LabSpec): Promise<readonly string[]>;
  capabilities(machine: MachineId): Capabilities;
  /**
   * What a machine has where its platform decides that: a cloud's flavor. `undefined` while that is not known, and from
   * drivers whose machines are as their specs say.
   */
  hardware?(machine: MachineId): Hardware | undefined;
  /**
   * Delivers what is seen of every machine: first a snapshot, then changes, until `signal` aborts. Machines that
   * are made later are seen too. The snapshot of a running machine names the boot it did last (`earlier`), so that
   * an override which that boot used is not used again.
   * @returns when the snapshot has been delivered
   */
  watch(listener: (machine: MachineId, observation: Observation) => void, signal: AbortSignal): Promise<void>;
  /**
   * Does one thing with one machine. Resolves when the platform has taken it; for on and off the `power` observation
   * is the proof, a reset or NMI is done when this resolves. At most one call per machine is under way.
   * @throws {@link DriverError}
   */
  act(machine: MachineId, act: MachineAct, signal: AbortSignal): Promise<void>;
  /**
   * Tells firmware that asks what to boot; only drivers whose machines have such firmware. Asked by a name that it was
   * asked by before, it gives the same answer. What the answer used up is on disk when this resolves.
   * @returns `undefined` for a network card that is of no machine of its own
   */
  firmwareAsks?(question: FirmwareQuestion): Promise<FirmwareAnswer | undefined>;
  /**
   * How the instance is reached that serves the lab's nodes in place of this daemon; only drivers whose labs may have
   * one, and only for a lab whose settings ask for it.
   */
  service?(lab: LabSpec, signal: AbortSignal): Promise<ServiceInstance>;
  /**
   * What may keep a node's machine from a network boot: a finding for each thing of the platform's and of this host that
   * was looked at, as it is now.
   */
  examineNetboot?(lab: LabSpec, node: NodeSpec, signal: AbortSignal): Promise<readonly Finding[]>;
  /** The power of the lab's machines that are no nodes, by name; only drivers whose labs may have such. */
  hosts?(): Promise<ReadonlyMap<string, PowerState>>;
  /**
   * Powers such a machine on, or off as its guest likes it best; resolves when it is.
   * @throws {@link DriverError}
   */
  switchHost?(name: string, on: boolean, signal: AbortSignal): Promise<void>;
  /**
   * Makes things wrong with a machine, in place of what was made wrong before; none: all is well again. What the running
   * machine cannot be made to feel, it feels from its next power-on; the answer says so.
   * @returns each disturbance that is not felt at once
   * @throws {@link DriverError}
   */
  disturb?(
    machine: MachineId,
    wrong: readonly Disturbance[],
    signal: AbortSignal,
  ): Promise<readonly LaterDisturbance[]>;
  /**
   * How the machine's screen can be seen now; only drivers whose machines have one.
   * @throws {@link DriverError}
   */
  screen?(machine: MachineId, signal: AbortSignal): Promise<MachineScreen>;
  /** The machine's serial port, which can be had whether the machine is on or off. */
  serial(machine: MachineId): SerialPort;
}
