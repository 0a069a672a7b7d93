import { QuintupleoError } from '../../../../support/errors.ts';
import { poll } from '../../../../support/wait.ts';
import { isOpenStackError } from '../../client/api-error.ts';
import type { Volume } from '../../client/volume.ts';
import { type Member, partOf, type Thing } from '../inventory.ts';
import { explaining } from './explain.ts';
import { type Label, metadataOf } from './label.ts';
import { labelFor, type Site, thing } from './site.ts';

/** A Cinder volume as a lab wants it. */
export interface DesiredVolume {
  /** `disk-0`. */
  readonly part: string;
  /** GiB. */
  readonly size: number;
  readonly volumeType: string | undefined;
  /** ID of the image that it begins with. */
  readonly image: string | undefined;
}

const minute = 60_000;
const looks = { create: { every: 1000, within: 30 * minute }, delete: { every: 1000, within: 10 * minute } };

/** Makes a volume and waits until it can be used, or takes the one that is there. */
export async function ensureVolume(
  site: Site,
  owner: Pick<Label, 'kind' | 'name'>,
  desired: DesiredVolume,
  found: Member | undefined,
): Promise<Thing<'volume'>> {
  const { volumes } = site.openstack.volume;
  const label = labelFor(site, owner.kind, owner.name, desired.part);
  return explaining(`${owner.name}: its volume ${desired.part} cannot be made`, async () => {
    let volume = partOf(found, 'volume', desired.part);
    if (volume && (volume.status.startsWith('error') || volume.size !== desired.size)) {
      await deleteVolume(site, volume);
      volume = undefined;
    }
    if (!volume) {
      const metadata = metadataOf(label, site.expires);
      const find = async () =>
        (await volumes.list({}, site.ctx)).find(candidate =>
          Object.entries(metadata).every(([key, value]) => candidate.metadata[key] === value),
        );
      const name = `${site.lab}-${owner.name}-${desired.part}`;
      const { size, volumeType, image } = desired;
      volume = await volumes.create(
        {
          name,
          size,
          metadata,
          ...(volumeType === undefined ? {} : { volume_type: volumeType }),
          ...(image === undefined ? {} : { imageRef: image }),
        },
        { find },
        site.ctx,
      );
    }
    return thing(site, 'volume', label, await untilUsable(site, volume));
  });
}

async function untilUsable(site: Site, { id, name }: Volume): Promise<Volume> {
  const usable = await poll(site.clock, { ...looks.create, signal: site.ctx.signal }, async () => {
    const volume = await site.openstack.volume.volumes.get(id, site.ctx);
    if (volume.status.startsWith('error')) throw failed(volume);
    return volume.status === 'available' || volume.status === 'in-use' ? volume : undefined;
  });
  if (usable) return usable;
  throw stuck(`volume ${name ?? id} has not become available`);
}

/** Deletes a volume, once its server has let it go or is gone, and waits until it is gone. */
export async function deleteVolume(site: Site, { id, name }: Volume): Promise<void> {
  const { volumes } = site.openstack.volume;
  const what = `volume ${name ?? id}`;
  const gone = await explaining(`${what} cannot be deleted`, () =>
    poll(site.clock, { ...looks.delete, signal: site.ctx.signal }, async () => {
      try {
        const { status } = await volumes.get(id, site.ctx);
        if (status === 'available' || status.startsWith('error')) await volumes.delete(id, site.ctx);
        else if (status !== 'deleting') await detachFromGone(site, id);
        return undefined;
      } catch (error) {
        if (isOpenStackError(error, 'not-found')) return true;
        throw error;
      }
    }),
  );
  if (!gone) throw stuck(`${what} is not gone`);
}

/**
 * Nova deletes a server with the token of whoever asked for it: when that expires or is revoked meanwhile, Cinder
 * refuses to let the server's volumes go, and Nova does not try again.
 */
async function detachFromGone(site: Site, volumeId: string): Promise<void> {
  const { volume, compute } = site.openstack;
  for (const { id, instance } of await volume.attachmentsOf(volumeId, site.ctx)) {
    if (!instance || (await compute.findServer(instance, site.ctx))) continue;
    site.log.warn(
      { volume: volumeId, server: instance },
      'this volume was still held by a server that is gone',
    );
    await volume.deleteAttachment(id, site.ctx);
  }
}

function failed({ id, name, size }: Volume): QuintupleoError {
  return new QuintupleoError(
    `volume ${name ?? id} of ${size} GiB could not be made: the cloud does not say why`,
    {
      family: 'platform',
      code: 'VOLUME_FAILED',
      remedy: 'See whether the cloud has room for it and knows its volume type; then run up again.',
    },
  );
}

function stuck(what: string): QuintupleoError {
  return new QuintupleoError(`${what}, and the time is up`, {
    family: 'platform',
    code: 'VOLUME_SLOW',
    remedy: 'Run the command again: it goes on where it ended. If it stays so, the cloud itself is stuck.',
  });
}
