import { QuintupleoError } from '../../../../support/errors.ts';
import { poll } from '../../../../support/wait.ts';
import { isOpenStackError } from '../../client/api-error.ts';
import type { Volume } from '../../client/volume.ts';
import { type Member, partOf, type Thing, thingsOf } from '../inventory.ts';
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
    const inUse = thingsOf(found, 'server').length > 0;
    return thing(site, 'volume', label, await untilUsable(site, volume, inUse));
  });
}

async function untilUsable(site: Site, { id, name }: Volume, mayBeInUse: boolean): Promise<Volume> {
  const usable = await poll(site.clock, { ...looks.create, signal: site.ctx.signal }, async () => {
    const volume = await site.openstack.volume.volumes.get(id, site.ctx);
    if (volume.status.startsWith('error')) throw failed(volume);
    if (volume.status === 'available' || (volume.status === 'in-use' && mayBeInUse)) return volume;
    const [holder] = isHeld(volume) ? await detachFromGone(site, id) : [];
    if (holder !== undefined && volume.status === 'in-use') throw taken(volume, holder);
    return undefined;
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
        const volume = await volumes.get(id, site.ctx);
        const { status } = volume;
        if (status === 'available' || status.startsWith('error')) await volumes.delete(id, site.ctx);
        else if (isHeld(volume)) await detachFromGone(site, id);
        return undefined;
      } catch (error) {
        if (isOpenStackError(error, 'not-found')) return true;
        throw error;
      }
    }),
  );
  if (!gone) throw stuck(`${what} is not gone`);
}

const isHeld = ({ status }: Volume): boolean =>
  ['reserved', 'attaching', 'in-use', 'detaching'].includes(status);

/**
 * Takes a volume from servers that are gone. Nova deletes a server with the token of whoever asked for it: when that
 * expires or is revoked meanwhile, or when Cinder does not answer, the volumes are not freed, and Nova does not try again.
 * @returns who holds it in truth: IDs of servers, or of attachments to something else
 */
async function detachFromGone(site: Site, volumeId: string): Promise<readonly string[]> {
  const { volume, compute } = site.openstack;
  const holders: string[] = [];
  for (const { id, instance } of await volume.attachmentsOf(volumeId, site.ctx)) {
    if (!instance || (await compute.findServer(instance, site.ctx))) holders.push(instance ?? id);
    else {
      site.log.warn({ volume: volumeId, server: instance }, 'a server that is gone still held this volume');
      await volume.deleteAttachment(id, site.ctx);
    }
  }
  return holders;
}

function taken({ id, name }: Volume, holder: string): QuintupleoError {
  return new QuintupleoError(`volume ${name ?? id} is attached to ${holder}, which is none of this lab's`, {
    family: 'platform',
    code: 'VOLUME_TAKEN',
    remedy: `Detach it there: openstack server remove volume ${holder} ${id}. Then run up again.`,
  });
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
