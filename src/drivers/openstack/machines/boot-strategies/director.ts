import { basename } from 'node:path';
import type { BootTarget, NextBoot } from '../../../../node/boot.ts';
import { plainFirmware } from '../../../../node/driver.ts';
import type { FirmwareAnswer } from '../../../../node/firmware.ts';
import type { BootDevice } from '../../../../node/firmware-settings.ts';
import type { MediaImage, MediaState } from '../../../../node/media.ts';
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
  mediaFrom: 'director',
  capabilities: {
    actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot', 'set-media'],
    bootTargets,
    ...plainFirmware,
    // What the director is asked is what comes first; all else is as the cloud makes the machine.
    firmwareSettings: ['bootOrder'],
    mediaSlots: ['cd', 'usb'],
    // A hard off takes seconds, except under a soft off that the guest ignores: Nova then takes nothing else until it gives up.
    timeouts: {
      on: 120_000,
      off: softRebootWait + 60_000,
      softOff: softRebootWait + 60_000,
      reset: softRebootWait + 60_000,
    },
  },
  limits: [
    'A soft off that the guest ignores becomes a hard one when Nova gives up asking, after two minutes by default; until then a hard off waits too.',
    'Of a boot order only its first disk, its first network card and its drives count.',
    'An image in a drive is there for the boot from it: an operating system that it starts does not find the drive.',
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
 * @param media - what is in the machine's drives
 */
export function answerTo({ target, settings }: NextBoot, media: MediaState): FirmwareAnswer {
  switch (target) {
    case 'pxe':
      return network;
    // From an empty drive firmware goes on to the disk.
    case 'cdrom':
      return fromDrive(media.cd) ?? disk;
    case 'removable':
      return fromDrive(media.usb) ?? disk;
    case 'default':
      return firstOf(settings.changed.bootOrder ?? [], media) ?? disk;
    default:
      return disk;
  }
}

/** What comes first in a boot order: nobody can be told to boot from another disk or card than the first one. */
function firstOf(order: readonly BootDevice[], media: MediaState): FirmwareAnswer | undefined {
  for (const device of order) {
    if (device === 'nic0') return network;
    if (device === 'disk0') return disk;
    const answer = device === 'cd' || device === 'usb' ? fromDrive(media[device]) : undefined;
    if (answer) return answer;
  }
  return undefined;
}

function fromDrive(image: MediaImage | undefined): FirmwareAnswer | undefined {
  return image && { kind: 'media', image: basename(image.file) };
}

const network: FirmwareAnswer = { kind: 'network' };
const disk: FirmwareAnswer = { kind: 'disk' };
