import type { BootTarget, NextBoot } from '../../../../node/boot.ts';
import { plainFirmware } from '../../../../node/driver.ts';
import type { FirmwareAnswer } from '../../../../node/firmware.ts';
import { type Strategy, softRebootWait, toOff, toOn, toReset } from './strategy.ts';

const bootTargets: readonly BootTarget[] = ['default', 'pxe', 'disk', 'cdrom', 'removable'];

/**
 * The machine's first boot device is firmware of ours, which asks the director at every boot. That firmware is the
 * server's own image and says `os_shutdown_timeout=0`, so that os-stop pulls the plug; what asks the guest is a soft
 * reboot, whose second half the firmware waits out.
 */
export const directorStrategy: Strategy = {
  name: 'director',
  asksDirector: true,
  capabilities: {
    actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot'],
    bootTargets,
    // A hard off takes seconds, except under a soft off that the guest ignores: Nova then takes nothing else until it gives up.
    ...plainFirmware,
    timeouts: {
      on: 120_000,
      off: softRebootWait + 60_000,
      softOff: softRebootWait + 60_000,
      reset: softRebootWait + 60_000,
    },
  },
  limits: [
    'A soft off that the guest ignores becomes a hard one when Nova gives up asking, after two minutes by default; until then a hard off waits too.',
  ],
  async powerOn(control, _boot, signal) {
    return control.bring(toOn, signal);
  },
  async powerOff(control, signal) {
    await control.bring(toOff, signal);
  },
  async softOff(control, signal) {
    const asked = await control.bring(server => {
      const decision = toOff(server);
      return decision === 'stop' ? 'reboot-soft' : decision;
    }, signal);
    return asked ? 'stop' : 'nothing';
  },
  async reset(control, _boot, signal) {
    await control.bring(toReset, signal);
  },
};

/**
 * What firmware is told of a boot.
 * @param media - URL of what is in the virtual drive
 */
export function answerTo({ target }: NextBoot, media: string | undefined): FirmwareAnswer {
  switch (target) {
    case 'pxe':
      return { kind: 'network' };
    case 'cdrom':
    case 'removable':
      // From an empty drive firmware goes on to the disk.
      return media === undefined ? { kind: 'disk' } : { kind: 'media', url: media };
    default:
      return { kind: 'disk' };
  }
}
