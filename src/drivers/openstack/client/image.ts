import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { CallContext, CreateOptions, Query } from './call.ts';
import type { Session } from './session.ts';

// An upload may take a minute, and a second more for every so many bytes.
const leastTimeout = 60_000;
const slowestUpload = 500_000;

const imageSchema = z.looseObject({
  id: z.string(),
  name: z.string().nullish(),
  /** `queued` before the upload, `saving`, `active`, `killed`, `deactivated` … */
  status: z.string(),
  visibility: z.string().optional(),
  owner: z.string().nullish(),
  disk_format: z.string().nullish(),
  container_format: z.string().nullish(),
  /** Bytes. */
  size: z.number().nullish(),
  /** GiB. */
  min_disk: z.number().optional(),
  /** MiB. */
  min_ram: z.number().optional(),
  checksum: z.string().nullish(),
  created_at: z.string().optional(),
  tags: z.array(z.string()).default([]),
});

/** An image; its properties (`hw_…`, one's own) are fields beside the API's. */
export type Image = z.infer<typeof imageSchema>;

/** An image to be created. */
export interface CreateImage {
  readonly name: string;
  readonly disk_format: 'raw' | 'qcow2' | 'iso';
  readonly container_format: 'bare';
  readonly visibility?: 'private' | 'shared' | undefined;
  readonly tags?: readonly string[] | undefined;
  /** GiB. */
  readonly min_disk?: number | undefined;
  /** MiB. */
  readonly min_ram?: number | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/**
 * Glance.
 * @see https://docs.openstack.org/api-ref/image/v2/
 */
export class Images {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @param query - the API's filters; `tag: ['a', 'b']` matches what carries both */
  async list(query: Query, ctx: CallContext): Promise<Image[]> {
    const page = z.looseObject({ images: z.array(imageSchema), next: z.string().optional() });
    const { items } = await this.#session.pages(
      { service: 'image', method: 'GET', path: '/images', query },
      answer => {
        const body = answer.read(page);
        // A path that begins with the version.
        return { items: body.images, next: body.next?.replace(/^\/v2(\.\d+)?(?=\/)/, '') };
      },
      ctx,
    );
    return items;
  }

  async get(id: string, ctx: CallContext): Promise<Image> {
    const answer = await this.#session.call({ service: 'image', method: 'GET', path: `/images/${id}` }, ctx);
    return answer.read(imageSchema);
  }

  /** Makes the record of an image; {@link upload} brings its contents. */
  create(image: CreateImage, options: CreateOptions<Image>, ctx: CallContext): Promise<Image> {
    const { properties, ...fields } = image;
    return this.#session.create(
      { service: 'image', method: 'POST', path: '/images', body: { ...properties, ...fields } },
      answer => answer.read(imageSchema),
      options.find,
      ctx,
    );
  }

  /** Sends an image's contents. It is tried once: an upload that failed leaves an image that is best deleted. */
  async upload(id: string, path: string, ctx: CallContext): Promise<void> {
    const { size } = await stat(path);
    await this.#session.call(
      {
        service: 'image',
        method: 'PUT',
        path: `/images/${id}/file`,
        stream: () => createReadStream(path),
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
        timeout: leastTimeout + (size / slowestUpload) * 1000,
      },
      ctx,
    );
  }

  /** Sets some properties and leaves the others; `null` removes one that is there. */
  async update(
    id: string,
    properties: Readonly<Record<string, string | null>>,
    ctx: CallContext,
  ): Promise<Image> {
    const body = Object.entries(properties).map(([name, value]) => {
      const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      return value === null ? { op: 'remove', path } : { op: 'add', path, value };
    });
    const answer = await this.#session.call(
      {
        service: 'image',
        method: 'PATCH',
        path: `/images/${id}`,
        body,
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      },
      ctx,
    );
    return answer.read(imageSchema);
  }

  /** One that is gone is no error. */
  async delete(id: string, ctx: CallContext): Promise<void> {
    await this.#session.remove({ service: 'image', method: 'DELETE', path: `/images/${id}` }, ctx);
  }
}
