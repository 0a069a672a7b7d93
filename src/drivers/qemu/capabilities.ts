import type { Capabilities } from '../../node/driver.ts';
import type { FirmwareSettings } from '../../node/firmware-settings.ts';
import type { Firmware } from '../../node/spec.ts';
import { bootTargets } from './boot-order.ts';

/** What of UEFI a host's machines can have. */
export interface UefiSupport {
  readonly uefi: boolean;
  readonly secureBoot: boolean;
}

/**
 * What a machine can do.
 * @param delivered - the firmware that its lab file gives it
 */
export function capabilitiesOf(delivered: Firmware, { uefi, secureBoot }: UefiSupport): Capabilities {
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
    timeouts: { on: 60_000, off: 30_000, softOff: 120_000, reset: 60_000 },
  };
}
