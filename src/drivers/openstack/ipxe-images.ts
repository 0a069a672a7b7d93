import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import type { OpenStack } from './client/openstack.ts';

/** iPXE images of a project, by ID: how machines that the lab did not make may boot from the network. */
export interface IpxeImages {
  /** For rescue mode: has `hw_rescue_device` or `hw_rescue_bus`, so that a machine's disks stay in place. */
  readonly rescue: string | undefined;
  /** For a root disk. */
  readonly disk: string | undefined;
}

/** The tag by which a project's owner says that an image is iPXE. */
export const ipxeTag = 'quintupleo:ipxe';

/** Looks for iPXE images; a cloud that does not say has none. */
export async function findIpxeImages(
  openstack: OpenStack,
  { log }: { readonly log: Logger },
): Promise<IpxeImages> {
  try {
    const ctx = { reason: 'images' };
    const images = (await openstack.image.list({ tag: [ipxeTag] }, ctx)).filter(
      ({ status }) => status === 'active',
    );
    const rescue = images.find(
      image => image.hw_rescue_device !== undefined || image.hw_rescue_bus !== undefined,
    );
    const disk = images.find(image => image !== rescue && image.disk_format !== 'iso');
    return { rescue: rescue?.id, disk: disk?.id };
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the cloud does not say whether it has iPXE images');
    return { rescue: undefined, disk: undefined };
  }
}
