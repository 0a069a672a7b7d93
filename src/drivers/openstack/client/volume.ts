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
  attachments: z.array(z.looseObject({ server_id: z.string(), device: z.string().nullish() })).default([]),
});

/** A volume. */
export type Volume = z.infer<typeof volumeSchema>;

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
