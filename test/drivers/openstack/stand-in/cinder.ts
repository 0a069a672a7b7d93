import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../../src/support/clock.ts';
import type { Glance } from './glance.ts';
import {
  type Answer,
  ApiFault,
  bodyPart,
  type Call,
  type Fields,
  isFields,
  longStamp,
  type Route,
  route,
  type Service,
  text,
} from './service.ts';
import type { Timing } from './timing.ts';

export interface Volume {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  name: string;
  /** GiB. */
  readonly size: number;
  status: 'creating' | 'available' | 'reserved' | 'attaching' | 'in-use' | 'detaching' | 'deleting' | 'error';
  readonly volumeType: string;
  readonly imageId: string | undefined;
  /** Properties of the image that it began as. */
  readonly imageProperties: Readonly<Record<string, string>>;
  metadata: Record<string, string>;
  /** Without a device it is only reserved for the server. */
  attachment: Attachment | undefined;
  readonly createdAt: number;
}

interface Attachment {
  readonly id: string;
  readonly serverId: string;
  readonly device: string | undefined;
}

export interface VolumeQuota {
  volumes: number;
  gigabytes: number;
}

/** Cinder: volumes, their types, and how many a project may have. */
export class Cinder implements Service {
  readonly name = 'volumev3';
  readonly prefix = '/volume';
  readonly routes: readonly Route[];
  readonly volumes = new Map<string, Volume>();
  readonly types = [{ id: randomUUID(), name: 'standard' }];
  readonly quota: VolumeQuota;
  /** Whether Nova cannot free volumes, as when the token of whoever deletes a server is revoked meanwhile. */
  refusesNova = false;
  /** Whether Nova has a server. */
  hasServer: (id: string) => boolean = () => false;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #glance: Glance;

  constructor(clock: Clock, timing: Timing, glance: Glance, quota: VolumeQuota) {
    this.#clock = clock;
    this.#timing = timing;
    this.#glance = glance;
    this.quota = quota;
    const root = '/v3/:project';
    const versions = (call: Call): Answer => ({
      status: 300,
      body: {
        versions: [
          {
            id: 'v3.0',
            status: 'CURRENT',
            version: '3.70',
            min_version: '3.0',
            links: [{ rel: 'self', href: `${call.base}/v3/` }],
          },
        ],
      },
    });
    this.routes = [
      route('GET', '', versions, { open: true }),
      route('GET', '/', versions, { open: true }),
      route('GET', '/v3', call => ({ ...versions(call), status: 200 }), { open: true }),
      route('GET', '/v3/', call => ({ ...versions(call), status: 200 }), { open: true }),
      route('GET', `${root}/volumes`, call =>
        this.#list(call, volume => ({ id: volume.id, name: volume.name })),
      ),
      route('GET', `${root}/volumes/detail`, call => this.#list(call, volume => this.#view(volume))),
      route('POST', `${root}/volumes`, call => this.#post(call)),
      route('GET', `${root}/volumes/:id`, call => ({
        status: 200,
        body: { volume: this.#view(this.#own(call)) },
      })),
      route('PUT', `${root}/volumes/:id`, call => this.#put(call)),
      route('DELETE', `${root}/volumes/:id`, call => this.#delete(call)),
      route('POST', `${root}/volumes/:id/metadata`, call => {
        const volume = this.#own(call);
        Object.assign(volume.metadata, bodyPart(call, 'metadata'));
        return { status: 200, body: { metadata: volume.metadata } };
      }),
      route('POST', `${root}/attachments`, call => this.#reserve(call)),
      route('GET', `${root}/attachments`, call => this.#listAttachments(call)),
      route('DELETE', `${root}/attachments/:id`, call => this.#deleteAttachment(call)),
      route('GET', `${root}/types`, () => ({
        status: 200,
        body: {
          volume_types: this.types.map(type => ({
            ...type,
            is_public: true,
            description: null,
            extra_specs: {},
            'os-volume-type-access:is_public': true,
          })),
        },
      })),
      route('GET', `${root}/limits`, ({ scope }) => ({ status: 200, body: this.#limits(scope.projectId) })),
    ];
  }

  renderFault(fault: ApiFault): Answer {
    if (fault.status === 401) {
      return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message: fault.message } } };
    }
    const names: Record<number, string> = {
      400: 'badRequest',
      403: 'forbidden',
      404: 'itemNotFound',
      409: 'conflictingRequest',
      413: 'overLimit',
    };
    return {
      status: fault.status,
      body: { [names[fault.status] ?? 'computeFault']: { code: fault.status, message: fault.message } },
    };
  }

  /** @throws {@link ApiFault} over quota */
  create(
    wanted: {
      readonly name: string;
      /** GiB. */
      readonly size: number;
      readonly imageId?: string | undefined;
      readonly volumeType?: string | undefined;
      readonly metadata?: Record<string, string>;
    },
    owner: { readonly projectId: string; readonly userId: string },
  ): Volume {
    const { volumes, gigabytes } = this.#used(owner.projectId);
    if (this.quota.volumes >= 0 && volumes + 1 > this.quota.volumes) {
      throw new ApiFault(
        413,
        `VolumeLimitExceeded: Maximum number of volumes allowed (${this.quota.volumes}) exceeded for quota 'volumes'.`,
      );
    }
    if (this.quota.gigabytes >= 0 && gigabytes + wanted.size > this.quota.gigabytes) {
      throw new ApiFault(
        413,
        `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested ${wanted.size}G, quota is ${this.quota.gigabytes}G and ${gigabytes}G has been consumed.`,
      );
    }
    const volume: Volume = {
      id: randomUUID(),
      ...owner,
      name: wanted.name,
      size: wanted.size,
      status: 'creating',
      volumeType: wanted.volumeType ?? this.types[0]?.name ?? 'standard',
      imageId: wanted.imageId,
      imageProperties: this.#glance.images.get(wanted.imageId ?? '')?.properties ?? {},
      metadata: { ...wanted.metadata },
      attachment: undefined,
      createdAt: this.#clock.now(),
    };
    this.volumes.set(volume.id, volume);
    if (this.#timing.storage === 0) volume.status = 'available';
    else {
      this.#clock.after(this.#timing.storage, () => {
        if (volume.status === 'creating') volume.status = 'available';
      });
    }
    return volume;
  }

  attach(volume: Volume, serverId: string, device: string): void {
    volume.attachment = { id: randomUUID(), serverId, device };
    volume.status = 'in-use';
  }

  detach(volume: Volume): void {
    if (this.refusesNova) return;
    this.#free(volume);
  }

  #free(volume: Volume): void {
    volume.attachment = undefined;
    volume.status = 'available';
  }

  remove(volume: Volume): void {
    volume.status = 'deleting';
    if (this.#timing.storage === 0) this.volumes.delete(volume.id);
    else this.#clock.after(this.#timing.storage, () => this.volumes.delete(volume.id));
  }

  /** A volume of a project's. */
  find(id: unknown, projectId: string): Volume | undefined {
    const volume = typeof id === 'string' ? this.volumes.get(id) : undefined;
    return volume?.projectId === projectId ? volume : undefined;
  }

  #post(call: Call): Answer {
    const wanted = bodyPart(call, 'volume') ?? {};
    const size = Number(wanted.size);
    if (!Number.isInteger(size) || size <= 0) {
      throw new ApiFault(400, `Invalid input for field/attribute size. Value: ${wanted.size}.`);
    }
    const volumeType = text(wanted.volume_type);
    if (
      volumeType !== undefined &&
      !this.types.some(({ id, name }) => id === volumeType || name === volumeType)
    ) {
      throw new ApiFault(404, `Volume type with name ${volumeType} could not be found.`);
    }
    const imageId = text(wanted.imageRef);
    if (imageId !== undefined && !this.#glance.images.has(imageId)) {
      throw new ApiFault(400, 'Invalid image identifier or unable to access requested image.');
    }
    const volume = this.create(
      {
        name: text(wanted.name) ?? '',
        size,
        imageId,
        volumeType: this.types.find(({ id }) => id === volumeType)?.name ?? volumeType,
        metadata: stringsOf(wanted.metadata),
      },
      call.scope,
    );
    return { status: 202, body: { volume: this.#view(volume) } };
  }

  #put(call: Call): Answer {
    const volume = this.#own(call);
    const changes = bodyPart(call, 'volume') ?? {};
    volume.name = text(changes.name) ?? volume.name;
    if (changes.metadata !== undefined) volume.metadata = stringsOf(changes.metadata);
    return { status: 200, body: { volume: this.#view(volume) } };
  }

  #delete(call: Call): Answer {
    const volume = this.#own(call);
    if (!['available', 'error'].includes(volume.status)) {
      throw new ApiFault(
        400,
        'Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.',
      );
    }
    this.remove(volume);
    return { status: 202 };
  }

  #reserve(call: Call): Answer {
    const wanted = attachmentOf(call);
    const volume = this.find(wanted.volume_uuid, call.scope.projectId);
    const serverId = text(wanted.instance_uuid);
    if (!volume) throw new ApiFault(404, `Volume ${wanted.volume_uuid} could not be found.`);
    if (serverId === undefined || volume.status !== 'available') {
      throw new ApiFault(
        400,
        `Invalid volume: Volume ${volume.id} status must be available or downloading to reserve, but the current status is ${volume.status}.`,
      );
    }
    volume.attachment = { id: randomUUID(), serverId, device: undefined };
    volume.status = 'reserved';
    return { status: 200, body: { attachment: attachmentView(volume, volume.attachment) } };
  }

  #listAttachments(call: Call): Answer {
    refuseBeforeAttachments(call);
    const { scope, query } = call;
    const attachments = [...this.volumes.values()]
      .filter(({ projectId }) => projectId === scope.projectId)
      .filter(({ id }) => !query.has('volume_id') || query.get('volume_id') === id)
      .flatMap(volume => (volume.attachment ? [attachmentView(volume, volume.attachment)] : []));
    return { status: 200, body: { attachments } };
  }

  #deleteAttachment(call: Call): Answer {
    refuseBeforeAttachments(call);
    const { params, scope } = call;
    const volume = [...this.volumes.values()].find(
      ({ attachment, projectId }) => attachment?.id === params.id && projectId === scope.projectId,
    );
    if (!volume?.attachment) {
      throw new ApiFault(
        404,
        `Volume attachment could not be found with filter: attachment_id = ${params.id}.`,
      );
    }
    const { serverId } = volume.attachment;
    if (this.hasServer(serverId)) {
      throw new ApiFault(
        409,
        `ConflictNovaUsingAttachment: Detach volume from instance ${serverId} using the Compute API`,
      );
    }
    this.#free(volume);
    return { status: 200, body: { attachments: [] } };
  }

  #list({ scope, query }: Call, show: (volume: Volume) => Fields): Answer {
    const volumes = [...this.volumes.values()]
      .filter(({ projectId }) => projectId === scope.projectId)
      .filter(({ name }) => !query.has('name') || query.get('name') === name)
      .filter(({ status }) => !query.has('status') || query.get('status') === status);
    const marker = query.get('marker');
    const from = marker === null ? 0 : volumes.findIndex(({ id }) => id === marker) + 1;
    return {
      status: 200,
      body: { volumes: volumes.slice(from, from + Number(query.get('limit') ?? 1000)).map(show) },
    };
  }

  #own({ params, scope }: Call): Volume {
    const volume = this.find(params.id, scope.projectId);
    if (!volume) throw new ApiFault(404, `Volume ${params.id} could not be found.`);
    return volume;
  }

  #used(projectId: string): VolumeQuota {
    const own = [...this.volumes.values()].filter(volume => volume.projectId === projectId);
    return { volumes: own.length, gigabytes: own.reduce((sum, { size }) => sum + size, 0) };
  }

  #limits(projectId: string): Fields {
    const { volumes, gigabytes } = this.#used(projectId);
    return {
      limits: {
        rate: [],
        absolute: {
          maxTotalVolumes: this.quota.volumes,
          maxTotalVolumeGigabytes: this.quota.gigabytes,
          maxTotalSnapshots: 10,
          totalVolumesUsed: volumes,
          totalGigabytesUsed: gigabytes,
          totalSnapshotsUsed: 0,
        },
      },
    };
  }

  #view(volume: Volume): Fields {
    const { attachment } = volume;
    return {
      id: volume.id,
      name: volume.name,
      size: volume.size,
      status: volume.status,
      volume_type: volume.volumeType,
      availability_zone: 'nova',
      bootable: String(volume.imageId !== undefined),
      encrypted: false,
      multiattach: false,
      description: null,
      snapshot_id: null,
      source_volid: null,
      created_at: longStamp(volume.createdAt),
      metadata: volume.metadata,
      user_id: volume.userId,
      'os-vol-tenant-attr:tenant_id': volume.projectId,
      attachments:
        attachment?.device !== undefined
          ? [
              {
                id: volume.id,
                attachment_id: attachment.id,
                volume_id: volume.id,
                server_id: attachment.serverId,
                device: attachment.device,
              },
            ]
          : [],
      ...(volume.imageId === undefined
        ? {}
        : { volume_image_metadata: { ...volume.imageProperties, image_id: volume.imageId } }),
    };
  }
}

function attachmentView(volume: Volume, { id, serverId, device }: Attachment): Fields {
  return {
    id,
    status: device === undefined ? 'reserved' : 'attached',
    instance: serverId,
    volume_id: volume.id,
  };
}

function attachmentOf(call: Call): Fields {
  refuseBeforeAttachments(call);
  return bodyPart(call, 'attachment') ?? {};
}

/** They came with 3.27. */
function refuseBeforeAttachments({ headers }: Call): void {
  const [, minor = '0'] = /^volume 3\.(\d+)$/.exec(String(headers['openstack-api-version'])) ?? [];
  if (Number(minor) < 27) throw new ApiFault(404, 'The resource could not be found.');
}

const stringsOf = (value: unknown): Record<string, string> =>
  isFields(value)
    ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, String(entry)]))
    : {};
