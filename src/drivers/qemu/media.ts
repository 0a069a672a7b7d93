import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { DriverError } from '../../node/driver.ts';
import type { MediaImage, MediaSlot, MediaState } from '../../node/media.ts';
import { messageOf, systemCodeOf } from '../../support/errors.ts';
import { deviceId } from './boot-order.ts';

/** QEMU's id of the USB controller, which every machine has. */
export const usbController = 'usb';

/** What QEMU is told of an image and of a stick that holds it: as JSON on its command line, or through QMP. */
export type QemuObject = Readonly<Record<string, unknown>>;

/** The name of an image's block node: it tells the slot and the image, so that QEMU itself knows what it has been given. */
export function mediumNode(slot: MediaSlot, { file, writeProtected }: MediaImage): string {
  const digest = createHash('sha256').update(`${writeProtected} ${file}`).digest('hex');
  return `${slot}-${digest.slice(0, 16)}`;
}

/** The slot of a block node that holds an image. */
export function slotOf(node: string): MediaSlot | undefined {
  if (node.startsWith('cd-')) return 'cd';
  return node.startsWith('usb-') ? 'usb' : undefined;
}

/** An image as a block node. A CD-ROM is read only, whatever the image says. */
export function mediumBlock(slot: MediaSlot, image: MediaImage): QemuObject {
  const readOnly = slot === 'cd' || image.writeProtected;
  return {
    driver: 'raw',
    'node-name': mediumNode(slot, image),
    'read-only': readOnly,
    file: { driver: 'file', filename: image.file, 'read-only': readOnly },
  };
}

/** A USB stick that holds an image. */
export function stickDevice(image: MediaImage): QemuObject {
  return {
    driver: 'usb-storage',
    id: deviceId.stick,
    bus: `${usbController}.0`,
    drive: mediumNode('usb', image),
    removable: true,
  };
}

/**
 * Looks whether QEMU will find an image.
 * @throws DriverError `refused`
 */
export async function checkImage(slot: MediaSlot, image: MediaImage): Promise<void> {
  const problem = await problemOf(slot, image);
  if (problem !== undefined) throw new DriverError('refused', `${slot}: ${problem}`);
}

/** What of the media can be in the drives of a machine that is powered on now: an image that is gone is in none. */
export async function usableMedia(media: MediaState, tell: (problem: string) => void): Promise<MediaState> {
  const usable = async (slot: MediaSlot) => {
    const image = media[slot];
    const problem = image && (await problemOf(slot, image));
    if (problem === undefined) return image;
    tell(`${slot}: ${problem}`);
    return undefined;
  };
  return { ...media, cd: await usable('cd'), usb: await usable('usb') };
}

async function problemOf(slot: MediaSlot, image: MediaImage): Promise<string | undefined> {
  const { file } = image;
  try {
    const found = await stat(file);
    if (!found.isFile()) return `${file} is not a file`;
    if (found.size === 0) return `${file} is empty`;
    const needed = slot === 'cd' || image.writeProtected ? constants.R_OK : constants.R_OK | constants.W_OK;
    await access(file, needed);
    return undefined;
  } catch (error) {
    return systemCodeOf(error) === 'ENOENT' ? `there is no file ${file}` : messageOf(error);
  }
}
