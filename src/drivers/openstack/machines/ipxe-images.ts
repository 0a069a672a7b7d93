import type { Firmware } from '../../../node/spec.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import type { Image } from '../client/image.ts';
import type { OpenStack } from '../client/openstack.ts';

/** iPXE images of a project, by ID: how machines that the lab did not make may boot from the network. */
export interface IpxeImages {
  /** For rescue mode: has `hw_rescue_device` or `hw_rescue_bus`, so that a machine's disks stay in place. */
  readonly rescue: string | undefined;
  /** For the root disk of a machine with that firmware. */
  readonly disk: Readonly<Record<Firmware, string | undefined>>;
}

/** What a project without such images has. */
export const noIpxeImages: IpxeImages = { rescue: undefined, disk: { bios: undefined, uefi: undefined } };

/** The tag by which a project's owner says that an image is iPXE. */
export const ipxeTag = 'quintupleo:ipxe';

/** Looks for the newest iPXE images; a cloud that does not say has none. */
export async function findIpxeImages(
  openstack: OpenStack,
  { log }: { readonly log: Logger },
): Promise<IpxeImages> {
  try {
    const ctx = { reason: 'images' };
    const images = (await openstack.image.list({ tag: [ipxeTag] }, ctx))
      .filter(({ status }) => status === 'active')
      .sort((one, other) => (other.created_at ?? '').localeCompare(one.created_at ?? ''));
    const [rescue] = images.filter(isForRescue);
    const disks = images.filter(image => !isForRescue(image) && image.disk_format !== 'iso');
    const isUefi = (image: Image) => image.hw_firmware_type === 'uefi';
    return {
      rescue: rescue?.id,
      disk: { bios: disks.find(image => !isUefi(image))?.id, uefi: disks.find(isUefi)?.id },
    };
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the cloud does not say whether it has iPXE images');
    return noIpxeImages;
  }
}

function isForRescue(image: Image): boolean {
  return image.hw_rescue_device !== undefined || image.hw_rescue_bus !== undefined;
}
