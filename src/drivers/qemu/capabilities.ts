import type { DisturbanceKind } from '../../node/disturbance.ts';
import type { Capabilities } from '../../node/driver.ts';
import type { FirmwareSettings } from '../../node/firmware-settings.ts';
import type { Firmware } from '../../node/spec.ts';
import { bootTargets } from './boot-order.ts';
import type { NetworkingName } from './lab-networks.ts';

/** What of UEFI a host's machines can have. */
export interface UefiSupport {
  readonly uefi: boolean;
  readonly secureBoot: boolean;
}

const ofMachine: readonly DisturbanceKind[] = [
  'nic-unplugged',
  'disk-fails',
  'disk-full',
  'disk-read-only',
  'firmware-hangs',
];
/** QEMU's own networking answers DHCP where nobody can come between. */
const ofRequests: readonly DisturbanceKind[] = ['dhcp-lost', 'tftp-lost'];

/**
 * What a machine can do.
 * @param delivered - the firmware that its lab file gives it
 */
export function capabilitiesOf(
  delivered: Firmware,
  { uefi, secureBoot }: UefiSupport,
  networking: NetworkingName,
): Capabilities {
  const settings: (keyof FirmwareSettings)[] = ['bootOrder', 'netbootNics'];
  if (uefi) settings.push('mode');
  if (uefi && secureBoot) settings.push('secureBoot');
  // OVMF talks to every serial port that it finds, whatever it is told.
  if (delivered === 'bios') settings.push('serialConsole');
  return {
    actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot', 'set-media'],
    bootTargets,
    firmwareSettings: settings,
    firmwareModes: uefi ? ['bios', 'uefi'] : ['bios'],
    mediaSlots: ['cd', 'usb'],
    disturbances: networking === 'bridge' ? [...ofMachine, ...ofRequests] : ofMachine,
    timeouts: { on: 60_000, off: 30_000, softOff: 120_000, reset: 60_000 },
  };
}
