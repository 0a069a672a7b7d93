import { basename } from 'node:path';
import type { MediaImage } from '../../../node/media.ts';
import type { Logger } from '../../../support/log.ts';
import type { CallContext } from '../client/call.ts';
import type { Image } from '../client/image.ts';
import type { OpenStack } from '../client/openstack.ts';
import { deleteImages } from '../provision/resources/firmware-images.ts';
import { labTag } from '../provision/resources/label.ts';

/** The tag of images that were made of discs. */
const discTag = 'quintupleo:disc';
const ownerProperty = 'quintupleo_owner';
const nodeProperty = 'quintupleo_node';

/** Whose discs are meant: those of a lab, or of one of its nodes. */
export interface DiscOwner {
  readonly lab: string;
  readonly owner: string;
  readonly node?: string | undefined;
}

/** What the images of a node's discs are made with. */
export interface DiscImagesParts extends DiscOwner {
  readonly node: string;
  readonly openstack: OpenStack;
  readonly log: Logger;
}

/** The disc in a node's drive, as an image of the project that Nova can rescue the node's server with. */
export class DiscImages {
  readonly #parts: DiscImagesParts;

  constructor(parts: DiscImagesParts) {
    this.#parts = parts;
  }

  /**
   * Makes the project have an image of this disc for the node, and of no other one.
   * @param disc - `undefined`: the drive is empty
   * @returns the image's ID
   */
  async put(disc: MediaImage | undefined, signal: AbortSignal): Promise<string | undefined> {
    const { openstack, log } = this.#parts;
    const ctx: CallContext = { reason: 'media', signal };
    const images = await discsOf(openstack, this.#parts, ctx);
    const there = disc && images.find(({ name, status }) => name === nameOf(disc) && status === 'active');
    const id = there?.id ?? (disc && (await this.#upload(disc, ctx)));
    const others = images.filter(image => image.id !== id);
    if (others.length > 0) await deleteImages(openstack, others, log, ctx);
    return id;
  }

  async #upload(disc: MediaImage, ctx: CallContext): Promise<string> {
    const { openstack, lab, owner, node } = this.#parts;
    const name = nameOf(disc);
    const find = async () =>
      (await discsOf(openstack, this.#parts, ctx)).find(
        image => image.name === name && image.status === 'queued',
      );
    const { id } = await openstack.image.create(
      {
        name,
        disk_format: 'iso',
        container_format: 'bare',
        visibility: 'private',
        tags: [discTag, labTag(lab)],
        // It comes as another CD-ROM, and the node's disks stay where they are.
        properties: {
          hw_rescue_device: 'cdrom',
          hw_rescue_bus: 'sata',
          [ownerProperty]: owner,
          [nodeProperty]: node,
        },
      },
      { find },
      ctx,
    );
    // An upload that failed leaves an image that the next try takes away.
    await openstack.image.upload(id, disc.file, ctx);
    return id;
  }
}

/** Deletes the images of all discs of a lab; what cannot be deleted is logged. */
export async function deleteDiscs(
  openstack: OpenStack,
  whose: DiscOwner,
  log: Logger,
  ctx: CallContext,
): Promise<void> {
  const images = await discsOf(openstack, whose, ctx);
  if (images.length > 0) await deleteImages(openstack, images, log, ctx);
}

async function discsOf(
  openstack: OpenStack,
  { lab, owner, node }: DiscOwner,
  ctx: CallContext,
): Promise<Image[]> {
  const images = await openstack.image.list({ tag: [discTag, labTag(lab)], visibility: 'private' }, ctx);
  return images.filter(
    image => image[ownerProperty] === owner && (node === undefined || image[nodeProperty] === node),
  );
}

function nameOf({ file }: MediaImage): string {
  return `quintupleo-${basename(file)}`;
}
