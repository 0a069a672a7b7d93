import { isDeepStrictEqual } from 'node:util';
import type { NextBoot } from '../../node/boot.ts';
import { DriverError } from '../../node/driver.ts';
import { type NextSettings, noChange } from '../../node/firmware-settings.ts';
import type { NodeSpec } from '../../node/spec.ts';
import { type BootOrder, bootOrder } from './boot-order.ts';
import type { NicBackend } from './command-line.ts';
import { type MachineFirmware, machineFirmware } from './firmware.ts';

/** A boot that a machine did, by the revisions of what it followed. */
export interface LastBoot {
  readonly revision: number;
  readonly settings: number;
  readonly cause: 'power-on' | 'reset' | 'guest';
}

/** What is kept of a power-on, for a driver that finds the machine running. */
export interface RunRecord {
  /** As it was when the machine was powered on: changes come with the next power-on. */
  readonly spec: NodeSpec;
  readonly backends: readonly NicBackend[];
  /** What the machine boots from when it next boots, and what its firmware shall then be set to. */
  readonly next: NextBoot;
  /** The settings that the boots of this QEMU follow: those of `next`, unless these need another QEMU. */
  readonly settings: NextSettings;
  readonly lastBoot: LastBoot;
  /** How many resets have been seen, counted as QEMU notes them. */
  readonly resets: number;
  /** Why another QEMU is to take this one's place; until it has. */
  readonly replacement?: 'reset' | 'guest' | undefined;
}

/** What a machine that is powered on begins with. */
export function powerOnRecord(spec: NodeSpec, backends: readonly NicBackend[], boot: NextBoot): RunRecord {
  const { settings } = boot;
  return { spec, backends, next: boot, settings, lastBoot: bootOf(boot, settings, 'power-on'), resets: 0 };
}

/** A record as it was read: an older version knew no settings. */
export function completeRecord(kept: RunRecord): RunRecord {
  const settings = kept.settings ?? noChange;
  return {
    ...kept,
    settings,
    next: { ...kept.next, settings: kept.next.settings ?? settings },
    lastBoot: { ...kept.lastBoot, settings: kept.lastBoot.settings ?? settings.revision },
  };
}

/** The same machine with another next boot, as far as its QEMU can follow it. */
export function withNextBoot(record: RunRecord, next: NextBoot): RunRecord {
  const told = { ...record, next };
  return needsNewQemu(told) ? told : { ...told, settings: next.settings };
}

/** Whether what the firmware shall be set to at the next boot is something that only another QEMU can have. */
export function needsNewQemu({ spec, settings, next }: RunRecord): boolean {
  const wanted = machineFirmware(spec, next.settings.changed);
  return !isDeepStrictEqual(machineFirmware(spec, settings.changed), wanted);
}

/** The firmware that this QEMU runs. */
export function firmwareOf({ spec, settings }: RunRecord): MachineFirmware {
  return machineFirmware(spec, settings.changed);
}

/** The boot that a machine does now. */
export function nextBootOf({ next, settings }: RunRecord, cause: LastBoot['cause']): LastBoot {
  return bootOf(next, settings, cause);
}

/**
 * The order in which a machine's next boot tries its devices.
 * @throws DriverError `unsupported`
 */
export function orderOf({ next, settings, spec }: RunRecord): BootOrder {
  const order = bootOrder(next.target, spec, settings.changed);
  if (!order)
    throw new DriverError('unsupported', `a QEMU machine cannot be told to boot from ${next.target}`);
  return order;
}

function bootOf({ revision }: NextBoot, settings: NextSettings, cause: LastBoot['cause']): LastBoot {
  return { revision, settings: settings.revision, cause };
}
