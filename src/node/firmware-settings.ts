import type { Firmware, NodeSpec } from './spec.ts';

/** A device that firmware may boot from: `disk0` is the first disk of the node's spec, `nic0` its first network card. */
export type BootDevice = `disk${number}` | `nic${number}` | 'cd' | 'usb';

/** What a node's firmware is set to: what a server keeps in its BIOS settings. */
export interface FirmwareSettings {
  readonly mode: Firmware;
  /** Starts only what is signed; UEFI alone knows it. */
  readonly secureBoot: boolean;
  /** All of the node's boot devices, the first one first: the order of a boot without an override. */
  readonly bootOrder: readonly BootDevice[];
  /** Whether firmware talks to the serial port. */
  readonly serialConsole: boolean;
  /** How many network cards, from the first on, boot from the network; the others are skipped. */
  readonly netbootNics: number;
}

/** Settings that differ from those a node begins with. */
export type ChangedSettings = Partial<FirmwareSettings>;

/** What clients have set, and how far it has come. */
export interface SettingsState {
  /** What the latest boot follows. */
  readonly current: ChangedSettings;
  /** What the next boot will follow; `undefined` when nothing was set since the latest one. */
  readonly next: ChangedSettings | undefined;
  /** Grows with every change: names the settings that a boot has taken up. */
  readonly revision: number;
}

/** Settings as a boot is to follow them. */
export interface NextSettings {
  readonly changed: ChangedSettings;
  readonly revision: number;
}

/** A boot as the firmware was delivered. */
export const noChange: NextSettings = { changed: {}, revision: 0 };

/** Nothing was set. */
export const noSettings: SettingsState = { current: {}, next: undefined, revision: 0 };

/** What the next boot will follow. */
export function nextSettings({ current, next, revision }: SettingsState): NextSettings {
  return { changed: next ?? current, revision };
}

/** All boot devices of a node in the order in which it tries them when nobody has set another one. */
export function bootDevices(spec: NodeSpec): readonly BootDevice[] {
  return [
    ...spec.disks.map((_, index): BootDevice => `disk${index}`),
    'cd',
    'usb',
    ...spec.nics.map((_, index): BootDevice => `nic${index}`),
  ];
}

/** The settings of a node's firmware, those that nobody has set included. */
export function firmwareSettings(spec: NodeSpec, changed: ChangedSettings): FirmwareSettings {
  const devices = bootDevices(spec);
  const order = changed.bootOrder ?? [];
  return {
    mode: changed.mode ?? spec.firmware,
    secureBoot: changed.secureBoot ?? spec.cloud?.secureBoot ?? false,
    // A node whose disks or cards have changed meanwhile keeps what is left of its order.
    bootOrder: [
      ...order.filter(device => devices.includes(device)),
      ...devices.filter(device => !order.includes(device)),
    ],
    serialConsole: changed.serialConsole ?? true,
    netbootNics: Math.min(changed.netbootNics ?? spec.nics.length, spec.nics.length),
  };
}
