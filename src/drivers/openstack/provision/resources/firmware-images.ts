import type { BootImageKind } from '../../../../node/firmware.ts';
import type { Firmware } from '../../../../node/spec.ts';
import { messageOf } from '../../../../support/errors.ts';
import type { Logger } from '../../../../support/log.ts';
import type { CallContext } from '../../client/call.ts';
import type { Server } from '../../client/compute-types.ts';
import type { Image } from '../../client/image.ts';
import type { OpenStack } from '../../client/openstack.ts';
import { ipxeTag } from '../../machines/ipxe-images.ts';
import { explaining } from './explain.ts';
import { projectTag } from './label.ts';

/** An image with iPXE, as a file of this host. */
export interface FirmwareImage {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly diskFormat: 'iso' | 'raw';
}

/** Builds or finds the image's file. */
export type FirmwareSource = (kind: BootImageKind, signal: AbortSignal) => Promise<FirmwareImage>;

/** One use of such an image: images of one file differ by what Nova is to make of them. */
export interface ImageVariant {
  readonly kind: BootImageKind;
  /** Of the machines that it is the image of; a rescue disc takes what its machine has. */
  readonly firmware?: Firmware | undefined;
  readonly secureBoot?: boolean | undefined;
  /** Whether it stays when the last node of the project is gone, for machines that no lab made. */
  readonly keep?: boolean | undefined;
}

export const firmwareTag = `${projectTag}:firmware`;
export const checksumProperty = 'quintupleo_sha256';
export const variantProperty = 'quintupleo_variant';

/** Uploads of this process that are under way or done, by project, so that concurrent callers share them. */
const uploads = new WeakMap<OpenStack, Map<string, Promise<string>>>();

/** The firmware images of a project, which all of its labs share. */
export class FirmwareImages {
  readonly #openstack: OpenStack;
  readonly #source: FirmwareSource;
  readonly #known: Map<string, Promise<string>>;

  constructor(openstack: OpenStack, source: FirmwareSource) {
    this.#openstack = openstack;
    this.#source = source;
    const known = uploads.get(openstack) ?? new Map<string, Promise<string>>();
    uploads.set(openstack, known);
    this.#known = known;
  }

  /**
   * The image in the project, uploaded if it is not there.
   * @returns the image's ID
   */
  async ensure(variant: ImageVariant, ctx: CallContext): Promise<string> {
    const file = await this.#source(variant.kind, ctx.signal ?? new AbortController().signal);
    const wanted = { ...variant, ...file, name: variantName(variant) };
    const key = `${wanted.name} ${wanted.sha256}`;
    const known = this.#known.get(key);
    // Another caller's upload ends with that caller's signal.
    const shared = await known?.catch(() => undefined);
    if (shared !== undefined && (await this.#isUsable(shared, ctx))) return shared;
    if (this.#known.get(key) === known) this.#known.delete(key);
    const ours = this.#known.get(key) ?? this.#find(wanted, ctx);
    this.#known.set(key, ours);
    return ours;
  }

  async #isUsable(id: string, ctx: CallContext): Promise<boolean> {
    const images = await this.#images(ctx);
    return images.some(image => image.id === id && image.status === 'active');
  }

  #images(ctx: CallContext): Promise<Image[]> {
    return projectImages(this.#openstack, ctx);
  }

  async #find(wanted: Wanted, ctx: CallContext): Promise<string> {
    const { name, sha256 } = wanted;
    return explaining(`the firmware image ${name} cannot be uploaded`, async () => {
      const images = await this.#images(ctx);
      const image = images.find(
        candidate =>
          candidate.status === 'active' &&
          candidate[checksumProperty] === sha256 &&
          candidate[variantProperty] === name,
      );
      return image?.id ?? this.#upload(wanted, ctx);
    });
  }

  async #upload(wanted: Wanted, ctx: CallContext): Promise<string> {
    const { sha256, path, diskFormat } = wanted;
    const name = `quintupleo-firmware-${wanted.name}-${sha256.slice(0, 8)}`;
    const find = async () =>
      (await this.#images(ctx)).find(image => image.name === name && image.status === 'queued');
    const { id } = await this.#openstack.image.create(
      {
        name,
        disk_format: diskFormat,
        container_format: 'bare',
        visibility: 'private',
        tags: tagsOf(wanted),
        properties: propertiesOf(wanted),
      },
      { find },
      ctx,
    );
    try {
      await this.#openstack.image.upload(id, path, ctx);
    } catch (error) {
      // What is left of it is of no use to anybody; if this fails too, the next collection finds it.
      await this.#openstack.image.delete(id, { reason: ctx.reason }).catch(() => undefined);
      throw error;
    }
    return id;
  }
}

/**
 * Deletes the firmware images that no server of the project uses, but for those that were uploaded to stay. Nothing is
 * lost by it: whoever needs one next uploads it again. What cannot be deleted is left for the next time.
 */
export async function collectFirmware(openstack: OpenStack, log: Logger, ctx: CallContext): Promise<void> {
  const images = (await projectImages(openstack, ctx)).filter(({ tags }) => tags.includes(firmwareTag));
  if (images.length === 0) return;
  const { servers } = await openstack.compute.listServers({ details: true }, ctx);
  await deleteImages(
    openstack,
    images.filter(image => !servers.some(server => isImageOf(image, server))),
    log,
    ctx,
  );
}

/**
 * Deletes images of the project. What cannot be deleted is logged.
 * @returns what was deleted
 */
export async function deleteImages(
  openstack: OpenStack,
  images: readonly Image[],
  log: Logger,
  ctx: CallContext,
): Promise<Image[]> {
  uploads.get(openstack)?.clear();
  const deleted: Image[] = [];
  for (const image of images) {
    try {
      await openstack.image.delete(image.id, ctx);
      deleted.push(image);
    } catch (error) {
      log.warn({ image: image.id, error: messageOf(error) }, 'this image cannot be deleted');
    }
  }
  return deleted;
}

/** Every image that this project has put into a project of the cloud. */
export function projectImages(openstack: OpenStack, ctx: CallContext): Promise<Image[]> {
  return openstack.image.list({ tag: [projectTag], visibility: 'private' }, ctx);
}

/** Whether a server was made from an image. */
export function isImageOf({ id }: Image, { image }: Server): boolean {
  return typeof image === 'object' && image !== null && image.id === id;
}

interface Wanted extends ImageVariant, FirmwareImage {
  /** Of the variant: `uefi-secure`. */
  readonly name: string;
}

function variantName({ kind, firmware, secureBoot }: ImageVariant): string {
  const parts: string[] = [kind];
  if (kind === 'disk' && firmware) parts.push(firmware);
  if (secureBoot) parts.push('secure');
  return parts.join('-');
}

function tagsOf({ kind, keep }: Wanted): string[] {
  const asks = kind === 'bios' || kind === 'uefi';
  return [projectTag, ...(keep ? [] : [firmwareTag]), ...(asks ? [] : [ipxeTag])];
}

/** What Nova makes of a server that boots from the image. */
function propertiesOf({ kind, firmware, name, secureBoot, sha256 }: Wanted): Record<string, string> {
  return {
    [checksumProperty]: sha256,
    [variantProperty]: name,
    // A power-off by a BMC is hard: os-stop would wait a minute for a guest that does not listen. What asks the guest
    // takes firmware that can be told to wait.
    ...(kind === 'bios' || kind === 'uefi' ? { os_shutdown_timeout: '0' } : {}),
    // In rescue the image comes as another CD-ROM and the node's disks stay where they are.
    ...(kind === 'disk' ? {} : { hw_rescue_device: 'cdrom', hw_rescue_bus: 'sata' }),
    ...(firmware === 'uefi' ? { hw_firmware_type: 'uefi', hw_machine_type: 'q35' } : {}),
    ...(secureBoot ? { os_secure_boot: 'required' } : {}),
  };
}
