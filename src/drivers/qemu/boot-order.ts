import type { BootTarget } from '../../node/boot.ts';

/** How many bootable devices a machine has besides its CD-ROM drive. */
export interface BootDevices {
  readonly disks: number;
  readonly nics: number;
}

/** QEMU's ids of a machine's bootable devices. */
export const deviceId = {
  disk: (index: number) => `disk${index}`,
  nic: (index: number) => `nic${index}`,
  cdrom: 'cdrom0',
} as const;

/** What a machine can be told to boot from. */
export const bootTargets: readonly BootTarget[] = ['default', 'pxe', 'disk', 'cdrom'];

/**
 * The ids of all bootable devices, the first one first: firmware that finds nothing to boot on one goes on to the
 * next, as that of a server does.
 * @returns `undefined` for a target that this driver cannot boot from
 */
export function bootOrder(target: BootTarget, devices: BootDevices): readonly string[] | undefined {
  const disks = Array.from({ length: devices.disks }, (_, index) => deviceId.disk(index));
  const nics = Array.from({ length: devices.nics }, (_, index) => deviceId.nic(index));
  switch (target) {
    case 'default':
    case 'disk':
      return [...disks, deviceId.cdrom, ...nics];
    case 'pxe':
      return [...nics, ...disks, deviceId.cdrom];
    case 'cdrom':
      return [deviceId.cdrom, ...disks, ...nics];
    case 'disk-safe-mode':
    case 'diagnostic':
    case 'bios-setup':
    case 'removable':
      return undefined;
  }
}
