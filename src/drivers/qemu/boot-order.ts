import type { BootTarget } from '../../node/boot.ts';
import { type BootDevice, type ChangedSettings, firmwareSettings } from '../../node/firmware-settings.ts';
import type { NodeSpec } from '../../node/spec.ts';

/** QEMU's ids of a machine's bootable devices. */
export const deviceId = {
  disk: (index: number) => `disk${index}`,
  nic: (index: number) => `nic${index}`,
  cdrom: 'cdrom0',
  stick: 'usb0',
} as const;

/** What a machine's firmware tries. */
export interface BootOrder {
  /** QEMU's ids of devices, the first one first. One that is not plugged in keeps its place. */
  readonly devices: readonly string[];
  /** Devices that could be booted from, but shall not be. */
  readonly skipped: readonly string[];
}

/** What a machine can be told to boot from. */
export const bootTargets: readonly BootTarget[] = ['default', 'pxe', 'disk', 'cdrom', 'removable'];

/**
 * What the firmware tries, in which order: what it finds nothing to boot on is followed by the next, as on a server.
 * @returns `undefined` for a target that this driver cannot boot from
 */
export function bootOrder(
  target: BootTarget,
  spec: NodeSpec,
  changed: ChangedSettings,
): BootOrder | undefined {
  const first = startOf(target);
  if (first === undefined) return undefined;
  const settings = firmwareSettings(spec, changed);
  const netboots = (device: BootDevice) =>
    !device.startsWith('nic') || Number(device.slice('nic'.length)) < settings.netbootNics;
  const tried = settings.bootOrder.filter(netboots);
  const isFirst = (device: BootDevice) => first !== '' && device.startsWith(first);
  return {
    devices: [...tried.filter(isFirst), ...tried.filter(device => !isFirst(device))].map(idOf),
    skipped: settings.bootOrder.filter(device => !netboots(device)).map(idOf),
  };
}

/** How the names of the devices begin that a target puts first. */
function startOf(target: BootTarget): '' | 'nic' | 'disk' | 'cd' | 'usb' | undefined {
  switch (target) {
    case 'default':
      return '';
    case 'pxe':
      return 'nic';
    case 'disk':
      return 'disk';
    case 'cdrom':
      return 'cd';
    case 'removable':
      return 'usb';
    case 'disk-safe-mode':
    case 'diagnostic':
    case 'bios-setup':
      return undefined;
  }
}

/** Disks and network cards are called alike. */
function idOf(device: BootDevice): string {
  if (device === 'cd') return deviceId.cdrom;
  return device === 'usb' ? deviceId.stick : device;
}
