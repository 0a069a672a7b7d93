import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import type { CallContext } from '../client/call.ts';
import type { Image } from '../client/image.ts';
import type { OpenStack } from '../client/openstack.ts';
import { explaining } from '../provision/resources/explain.ts';
import { projectTag } from '../provision/resources/label.ts';

/** Builds or finds the image of the service instance. */
export type ServiceImageSource = (signal: AbortSignal) => Promise<{
  /** Raw. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}>;

const serviceTag = `${projectTag}:service`;
const checksumProperty = 'quintupleo_sha256';

/** MiB and GiB that an instance of it needs. */
export const serviceNeeds = { memory: 512, disk: 1 };

/** What Nova makes of an instance of it: devices for which the kernel of Debian's cloud image has drivers. */
const properties = {
  hw_disk_bus: 'virtio',
  hw_vif_model: 'virtio',
  // A q35 machine's CD-ROM drives are on AHCI otherwise.
  hw_cdrom_bus: 'scsi',
  hw_scsi_model: 'virtio-scsi',
};

/**
 * The image in the project, uploaded if it is not there; all labs of the project share it.
 * @returns its ID
 */
export async function ensureServiceImage(
  openstack: OpenStack,
  source: ServiceImageSource,
  ctx: CallContext,
): Promise<string> {
  const { path, sha256 } = await source(ctx.signal ?? new AbortController().signal);
  return explaining('the image of the service instance cannot be uploaded', async () => {
    const images = await imagesOf(openstack, ctx);
    const known = images.find(image => image.status === 'active' && image[checksumProperty] === sha256);
    if (known) return known.id;
    const name = `quintupleo-service-${sha256.slice(0, 8)}`;
    const find = async () =>
      (await imagesOf(openstack, ctx)).find(image => image.name === name && image.status === 'queued');
    const { id } = await openstack.image.create(
      {
        name,
        disk_format: 'raw',
        container_format: 'bare',
        visibility: 'private',
        min_disk: serviceNeeds.disk,
        min_ram: serviceNeeds.memory,
        tags: [projectTag, serviceTag],
        properties: { ...properties, [checksumProperty]: sha256 },
      },
      { find },
      ctx,
    );
    try {
      await openstack.image.upload(id, path, ctx);
    } catch (error) {
      await openstack.image.delete(id, { reason: ctx.reason }).catch(() => undefined);
      throw error;
    }
    return id;
  });
}

/** Deletes the project's images of it that no server uses. What cannot be deleted is left for the next time. */
export async function collectServiceImages(
  openstack: OpenStack,
  log: Logger,
  ctx: CallContext,
): Promise<void> {
  const [images, { servers }] = await Promise.all([
    imagesOf(openstack, ctx),
    openstack.compute.listServers({ details: true }, ctx),
  ]);
  const used = new Set(
    servers.flatMap(({ image }) => (typeof image === 'object' && image ? [image.id] : [])),
  );
  for (const { id } of images.filter(image => !used.has(image.id))) {
    await openstack.image.delete(id, ctx).catch((error: unknown) => {
      log.warn({ image: id, error: messageOf(error) }, 'this image cannot be deleted');
    });
  }
}

function imagesOf(openstack: OpenStack, ctx: CallContext): Promise<Image[]> {
  return openstack.image.list({ tag: [serviceTag], visibility: 'private' }, ctx);
}
