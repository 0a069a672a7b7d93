import { z } from 'zod';
import type { CallContext } from './call.ts';
import { Collection } from './collection.ts';
import type { Session } from './session.ts';

const volumeSchema = z.looseObject({
  id: z.string(),
  name: z.string().nullish(),
  /** `creating`, `available`, `in-use`, `deleting`, `error` … */
  status: z.string(),
  /** GiB. */
  size: z.number(),
  volume_type: z.string().nullish(),
  bootable: z.union([z.string(), z.boolean()]).optional(),
  created_at: z.string().optional(),
  metadata: z.record(z.string(), z.string()).default({}),
});

/** A volume. */
export type Volume = z.infer<typeof volumeSchema>;

const attachmentSchema = z.looseObject({
  id: z.string(),
  /** `reserved`, `attaching`, `attached`, `detaching` … */
  status: z.string(),
  /** ID of the server. */
  instance: z.string().nullish(),
});

/** What gives a volume to a server. */
export type Attachment = z.infer<typeof attachmentSchema>;

/** Attachments came with 3.27. */
const attachmentsSince = '3.27';

/** A volume to be created. */
export interface CreateVolume {
  readonly name: string;
  /** GiB. */
  readonly size: number;
  readonly volume_type?: string | undefined;
  /** ID of an image that it begins with. */
  readonly imageRef?: string | undefined;
  readonly availability_zone?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const volumeTypeSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  is_public: z.boolean().optional(),
  extra_specs: z.record(z.string(), z.string()).optional(),
});

/** A kind of volumes. */
export type VolumeType = z.infer<typeof volumeTypeSchema>;

const volumeLimitsSchema = z.looseObject({
  maxTotalVolumes: z.number().optional(),
  totalVolumesUsed: z.number().optional(),
  /** GiB. */
  maxTotalVolumeGigabytes: z.number().optional(),
  /** GiB. */
  totalGigabytesUsed: z.number().optional(),
});

/** The project's quotas in Cinder and what is used of them; -1 is no limit. */
export type VolumeLimits = z.infer<typeof volumeLimitsSchema>;

/**
 * Cinder.
 * @see https://docs.openstack.org/api-ref/block-storage/v3/
 */
export class BlockStorage {
  readonly volumes: Collection<
    Volume,
    CreateVolume,
    { readonly name?: string; readonly metadata?: Readonly<Record<string, string>> }
  >;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.volumes = new Collection(
      session,
      'block-storage',
      { path: 'volumes', listPath: 'volumes/detail', singular: 'volume', plural: 'volumes' },
      volumeSchema,
    );
  }

  /** By which servers a volume is held, also those that Cinder does not show with the volume: not attached yet. */
  async attachmentsOf(volumeId: string, ctx: CallContext): Promise<Attachment[]> {
    const answer = await this.#session.call(
      {
        service: 'block-storage',
        method: 'GET',
        path: '/attachments',
        query: { volume_id: volumeId },
        microversion: attachmentsSince,
      },
      ctx,
    );
    return answer.read(z.looseObject({ attachments: z.array(attachmentSchema) })).attachments;
  }

  /** Frees a volume of a server that is gone; of one that exists only Nova may take it. One that is gone is no error. */
  async deleteAttachment(id: string, ctx: CallContext): Promise<void> {
    const path = `/attachments/${id}`;
    await this.#session.remove(
      { service: 'block-storage', method: 'DELETE', path, microversion: attachmentsSince },
      ctx,
    );
  }

  async types(ctx: CallContext): Promise<VolumeType[]> {
    const answer = await this.#session.call({ service: 'block-storage', method: 'GET', path: '/types' }, ctx);
    return answer.read(z.looseObject({ volume_types: z.array(volumeTypeSchema) })).volume_types;
  }

  async limits(ctx: CallContext): Promise<VolumeLimits> {
    const answer = await this.#session.call(
      { service: 'block-storage', method: 'GET', path: '/limits' },
      ctx,
    );
    return answer.read(z.looseObject({ limits: z.looseObject({ absolute: volumeLimitsSchema }) })).limits
      .absolute;
  }
}
