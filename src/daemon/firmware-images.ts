import { type FirmwareImage, firmwareImage } from '../boot/firmware-image.ts';
import type { Image } from '../drivers/openstack/client/image.ts';
import type { OpenStack } from '../drivers/openstack/client/openstack.ts';
import {
  checksumProperty,
  deleteImages,
  FirmwareImages,
  type ImageVariant,
  isImageOf,
  projectImages,
  variantProperty,
} from '../drivers/openstack/provision/resources/firmware-images.ts';
import { labelInMetadata } from '../drivers/openstack/provision/resources/label.ts';
import { isOwn } from '../drivers/openstack/provision/resources/servers.ts';
import type { BootImageKind } from '../node/firmware.ts';
import type { Logger } from '../support/log.ts';

/** Makes firmware images, or finds those made earlier, in this order. */
export async function buildFirmwareImages(
  kinds: readonly BootImageKind[],
  cache: string,
  signal: AbortSignal,
): Promise<readonly (FirmwareImage & { readonly kind: BootImageKind })[]> {
  const images = [];
  for (const kind of kinds) images.push({ kind, ...(await firmwareImage(kind, { cache, signal })) });
  return images;
}

/** An image of ours in a project of a cloud. */
export interface CloudImage {
  readonly id: string;
  readonly name: string;
  /** Which of our images it is: `bios`, `uefi-secure`, `rescue`, `disk-bios`; `service` for a service instance's. */
  readonly variant: string;
  /** Bytes. */
  readonly size: number | undefined;
  /** Hexadecimal. */
  readonly sha256: string | undefined;
  /** Names of what needs it: servers that were made from it, adopted ones that it can rescue. */
  readonly usedBy: readonly string[];
}

/**
 * Puts firmware images into a project, unless they are there.
 * @returns IDs, in the order of `kinds`; a disk has one for each firmware
 */
export async function uploadFirmwareImages(
  openstack: OpenStack,
  kinds: readonly BootImageKind[],
  cache: string,
  signal: AbortSignal,
): Promise<readonly { readonly variant: string; readonly id: string }[]> {
  const images = new FirmwareImages(openstack, (kind, ended) =>
    firmwareImage(kind, { cache, signal: ended }),
  );
  const uploaded = [];
  for (const variant of kinds.flatMap(variantsOf)) {
    const id = await images.ensure(variant, { reason: 'images', signal });
    const { kind, firmware } = variant;
    uploaded.push({ variant: kind === 'disk' ? `${kind}-${firmware}` : kind, id });
  }
  return uploaded;
}

function variantsOf(kind: BootImageKind): ImageVariant[] {
  switch (kind) {
    case 'bios':
    case 'uefi':
      return [{ kind, firmware: kind }];
    case 'rescue':
      return [{ kind, keep: true }];
    case 'disk':
      return [
        { kind, firmware: 'bios', keep: true },
        { kind, firmware: 'uefi', keep: true },
      ];
  }
}

/** Our images in a project. */
export async function findCloudImages(
  openstack: OpenStack,
  signal: AbortSignal,
): Promise<readonly CloudImage[]> {
  const ctx = { reason: 'images', signal };
  const [images, { servers }] = await Promise.all([
    projectImages(openstack, ctx),
    openstack.compute.listServers({ details: true }, ctx),
  ]);
  const adopted = servers.filter(
    server => labelInMetadata(server.metadata)?.kind === 'machine' && !isOwn(server),
  );
  return images.map((image): CloudImage => {
    const variant = variantOf(image);
    const users = [...servers.filter(server => isImageOf(image, server))];
    if (variant === 'rescue') users.push(...adopted);
    return {
      id: image.id,
      name: image.name ?? image.id,
      variant,
      size: image.size ?? undefined,
      sha256: textIn(image, checksumProperty),
      usedBy: users.map(({ name }) => name),
    };
  });
}

/** Deletes images of a project. @returns those that are gone */
export async function deleteCloudImages(
  openstack: OpenStack,
  images: readonly CloudImage[],
  signal: AbortSignal,
  log: Logger,
): Promise<readonly CloudImage[]> {
  const ctx = { reason: 'images', signal };
  const chosen = (await projectImages(openstack, ctx)).filter(({ id }) =>
    images.some(image => image.id === id),
  );
  const deleted = await deleteImages(openstack, chosen, log, ctx);
  return images.filter(({ id }) => deleted.some(image => image.id === id));
}

function variantOf(image: Image): string {
  return textIn(image, variantProperty) ?? (image.tags.includes('quintupleo:service') ? 'service' : '-');
}

function textIn(image: Image, property: string): string | undefined {
  const value = image[property];
  return typeof value === 'string' ? value : undefined;
}
