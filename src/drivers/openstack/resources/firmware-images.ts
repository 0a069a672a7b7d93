import type { Firmware } from '../../../node/spec.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import type { CallContext } from '../client/call.ts';
import type { Image } from '../client/image.ts';
import type { OpenStack } from '../client/openstack.ts';
import { explaining } from './explain.ts';
import { projectTag } from './label.ts';

/** Firmware that asks the boot director, as a file of this host. */
export interface FirmwareImage {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly diskFormat: 'iso';
}

/** Builds or finds the firmware's file. */
export type FirmwareSource = (firmware: Firmware, signal: AbortSignal) => Promise<FirmwareImage>;

const firmwareTag = `${projectTag}:firmware`;
const checksumProperty = 'quintupleo_sha256';
const variantProperty = 'quintupleo_variant';

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
   * The firmware in the project, uploaded if it is not there.
   * @returns the image's ID
   */
  async ensure(firmware: Firmware, secureBoot: boolean, ctx: CallContext): Promise<string> {
    const { path, sha256 } = await this.#source(firmware, ctx.signal ?? new AbortController().signal);
    const variant = secureBoot ? `${firmware}-secure` : firmware;
    const key = `${variant} ${sha256}`;
    const known = this.#known.get(key);
    // Another caller's upload ends with that caller's signal.
    const shared = await known?.catch(() => undefined);
    if (shared !== undefined && (await this.#isUsable(shared, ctx))) return shared;
    if (this.#known.get(key) === known) this.#known.delete(key);
    const ours = this.#known.get(key) ?? this.#find({ firmware, variant, secureBoot, path, sha256 }, ctx);
    this.#known.set(key, ours);
    return ours;
  }

  async #isUsable(id: string, ctx: CallContext): Promise<boolean> {
    const images = await this.#images(ctx);
    return images.some(image => image.id === id && image.status === 'active');
  }

  #images(ctx: CallContext): Promise<Image[]> {
    return listImages(this.#openstack, ctx);
  }

  async #find(wanted: Wanted, ctx: CallContext): Promise<string> {
    const { firmware, variant, sha256 } = wanted;
    return explaining(`the ${firmware} firmware image cannot be uploaded`, async () => {
      const images = await this.#images(ctx);
      const image = images.find(
        candidate =>
          candidate.status === 'active' &&
          candidate[checksumProperty] === sha256 &&
          candidate[variantProperty] === variant,
      );
      return image?.id ?? this.#upload(wanted, ctx);
    });
  }

  async #upload(wanted: Wanted, ctx: CallContext): Promise<string> {
    const { variant, sha256, path } = wanted;
    const name = `quintupleo-firmware-${variant}-${sha256.slice(0, 8)}`;
    const find = async () =>
      (await this.#images(ctx)).find(image => image.name === name && image.status === 'queued');
    const { id } = await this.#openstack.image.create(
      {
        name,
        disk_format: 'iso',
        container_format: 'bare',
        visibility: 'private',
        tags: [projectTag, firmwareTag],
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
 * Deletes the firmware images that no server of the project uses. Nothing is lost by it: whoever needs one next uploads
 * it again. What cannot be deleted is left for the next time.
 */
export async function collectFirmware(openstack: OpenStack, log: Logger, ctx: CallContext): Promise<void> {
  const images = await listImages(openstack, ctx);
  if (images.length === 0) return;
  const { servers } = await openstack.compute.listServers({ details: true }, ctx);
  const used = new Set(
    servers.flatMap(({ image }) => (typeof image === 'object' && image ? [image.id] : [])),
  );
  uploads.get(openstack)?.clear();
  for (const { id } of images.filter(image => !used.has(image.id))) {
    try {
      await openstack.image.delete(id, ctx);
    } catch (error) {
      log.warn({ image: id, error: messageOf(error) }, 'this firmware image cannot be deleted');
    }
  }
}

function listImages(openstack: OpenStack, ctx: CallContext): Promise<Image[]> {
  return openstack.image.list({ tag: [firmwareTag], visibility: 'private' }, ctx);
}

interface Wanted {
  readonly firmware: Firmware;
  readonly variant: string;
  readonly secureBoot: boolean;
  readonly path: string;
  readonly sha256: string;
}

/** What Nova makes of a server that boots from the image. */
function propertiesOf({ firmware, variant, secureBoot, sha256 }: Wanted): Record<string, string> {
  return {
    [checksumProperty]: sha256,
    [variantProperty]: variant,
    // A power-off by a BMC is hard: os-stop would wait a minute for a guest that does not listen.
    os_shutdown_timeout: '0',
    // In rescue the image comes as another CD-ROM and the node's disks stay where they are.
    hw_rescue_device: 'cdrom',
    hw_rescue_bus: 'sata',
    ...(firmware === 'uefi' ? { hw_firmware_type: 'uefi', hw_machine_type: 'q35' } : {}),
    ...(secureBoot ? { os_secure_boot: 'required' } : {}),
  };
}
