import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../../../src/support/clock.ts';
import {
  type Answer,
  ApiFault,
  type Call,
  type Fields,
  isFields,
  type Route,
  route,
  type Service,
  stamp,
  text,
  webFault,
} from './service.ts';
import type { Timing } from './timing.ts';

/** An image: what Glance itself knows, and the properties that its owner gave it. */
export interface Image {
  readonly id: string;
  readonly owner: string;
  readonly fields: Fields;
  readonly properties: Record<string, string>;
  tags: string[];
  data: Buffer | undefined;
  readonly createdAt: number;
  updatedAt: number;
}

const diskFormats = ['ami', 'ari', 'aki', 'vhd', 'vhdx', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso', 'ploop'];
const readOnly = [
  'status',
  'size',
  'virtual_size',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'owner',
  'id',
  'file',
  'schema',
  'self',
  'created_at',
  'updated_at',
];
const settable = [
  'name',
  'visibility',
  'protected',
  'os_hidden',
  'disk_format',
  'container_format',
  'min_ram',
  'min_disk',
];
const notFilters = new Set([
  'limit',
  'marker',
  'sort',
  'sort_key',
  'sort_dir',
  'tag',
  'owner',
  'member_status',
  'os_hidden',
]);

/** Glance: images of the projects, and public ones of nobody's. */
export class Glance implements Service {
  readonly name = 'image';
  readonly prefix = '/image';
  readonly routes: readonly Route[];
  readonly images = new Map<string, Image>();
  readonly #clock: Clock;
  readonly #timing: Timing;

  constructor(clock: Clock, timing: Timing) {
    this.#clock = clock;
    this.#timing = timing;
    const versions = (status: number) => (call: Call) => ({
      status,
      body: {
        versions: [{ id: 'v2.15', status: 'CURRENT', links: [{ rel: 'self', href: `${call.base}/v2/` }] }],
      },
    });
    this.routes = [
      route('GET', '', versions(300), { open: true }),
      route('GET', '/', versions(300), { open: true }),
      route('GET', '/versions', versions(200), { open: true }),
      route('GET', '/v2/images', call => this.#list(call)),
      route('POST', '/v2/images', call => this.#create(call)),
      route('GET', '/v2/images/:id', call => ({ status: 200, body: view(this.#visible(call)) })),
      route('PATCH', '/v2/images/:id', call => this.#patch(call)),
      route('DELETE', '/v2/images/:id', call => this.#delete(call)),
      route('PUT', '/v2/images/:id/file', call => this.#upload(call)),
      route('GET', '/v2/images/:id/file', call => {
        const image = this.#visible(call);
        return image.data
          ? { status: 200, body: image.data, headers: { 'Content-Type': 'application/octet-stream' } }
          : { status: 204 };
      }),
      route('PUT', '/v2/images/:id/tags/:tag', call => {
        const image = this.#own(call);
        if (!image.tags.includes(call.params.tag ?? '')) image.tags.push(call.params.tag ?? '');
        return { status: 204 };
      }),
      route('DELETE', '/v2/images/:id/tags/:tag', call => {
        const image = this.#own(call);
        if (!image.tags.includes(call.params.tag ?? ''))
          throw new ApiFault(404, 'The resource could not be found.');
        image.tags = image.tags.filter(tag => tag !== call.params.tag);
        return { status: 204 };
      }),
    ];
  }

  readonly renderFault = webFault;

  /** An image that is active at once; without an owner it is everybody's. */
  add(
    name: string,
    options: {
      readonly owner?: string;
      readonly properties?: Record<string, string>;
      readonly data?: Buffer;
      readonly diskFormat?: string;
    } = {},
  ): Image {
    const image = this.#make(options.owner ?? '', {
      name,
      visibility: options.owner === undefined ? 'public' : 'shared',
      disk_format: options.diskFormat ?? 'raw',
      container_format: 'bare',
    });
    Object.assign(image.properties, options.properties);
    this.#store(image, options.data ?? Buffer.alloc(0));
    image.fields.status = 'active';
    return image;
  }

  #make(owner: string, fields: Fields): Image {
    const now = this.#clock.now();
    const image: Image = {
      id: text(fields.id) ?? randomUUID(),
      owner,
      fields: {
        name: null,
        disk_format: null,
        container_format: null,
        visibility: 'shared',
        size: null,
        virtual_size: null,
        status: 'queued',
        checksum: null,
        protected: false,
        min_ram: 0,
        min_disk: 0,
        os_hidden: false,
        os_hash_algo: null,
        os_hash_value: null,
        ...fields,
      },
      properties: {},
      tags: [],
      data: undefined,
      createdAt: now,
      updatedAt: now,
    };
    this.images.set(image.id, image);
    return image;
  }

  #create(call: Call): Answer {
    const body = isFields(call.body) ? call.body : {};
    const { tags, ...rest } = body;
    const fields: Fields = {};
    const properties: Record<string, string> = {};
    for (const [key, value] of Object.entries(rest)) {
      if (readOnly.includes(key) && key !== 'id') throw new ApiFault(403, `Attribute '${key}' is read-only.`);
      if (settable.includes(key) || key === 'id') fields[key] = checked(key, value);
      else properties[key] = property(key, value);
    }
    if (typeof fields.id === 'string' && this.images.has(fields.id)) {
      throw new ApiFault(409, `Image ID ${fields.id} already exists!`);
    }
    const image = this.#make(call.scope.projectId, fields);
    Object.assign(image.properties, properties);
    image.tags = Array.isArray(tags) ? [...new Set(tags.map(String))] : [];
    return { status: 201, body: view(image), headers: { Location: `${call.url}/${image.id}` } };
  }

  #upload(call: Call): Answer {
    const image = this.#own(call);
    const type = call.headers['content-type'] ?? '';
    if (type !== 'application/octet-stream') {
      throw new ApiFault(415, `The request media type ${type} is not supported by this server.`);
    }
    if (image.fields.status !== 'queued') {
      throw new ApiFault(409, `Image status transition from ${image.fields.status} to saving is not allowed`);
    }
    if (image.fields.disk_format === null || image.fields.container_format === null) {
      throw new ApiFault(400, 'Properties disk_format, container_format must be set prior to saving data.');
    }
    this.#store(image, call.raw);
    if (this.#timing.storage === 0) image.fields.status = 'active';
    else {
      image.fields.status = 'saving';
      this.#clock.after(this.#timing.storage, () => {
        image.fields.status = 'active';
      });
    }
    return { status: 204 };
  }

  #store(image: Image, data: Buffer): void {
    image.data = data;
    image.updatedAt = this.#clock.now();
    Object.assign(image.fields, {
      size: data.length,
      virtual_size: data.length,
      checksum: createHash('md5').update(data).digest('hex'),
      os_hash_algo: 'sha512',
      os_hash_value: createHash('sha512').update(data).digest('hex'),
    });
  }

  #patch(call: Call): Answer {
    const image = this.#own(call);
    if (!Array.isArray(call.body))
      throw new ApiFault(400, 'Request body must be a JSON array of operation objects.');
    for (const change of call.body.filter(isFields)) {
      const key = String(change.path).slice(1);
      if (readOnly.includes(key)) throw new ApiFault(403, `Attribute '${key}' is read-only.`);
      if (key === 'tags') image.tags = Array.isArray(change.value) ? change.value.map(String) : [];
      else if (settable.includes(key)) image.fields[key] = checked(key, change.value);
      else if (change.op !== 'add' && !(key in image.properties)) {
        throw new ApiFault(
          409,
          `There was a conflict when trying to complete your request.\n\n Property ${key} does not exist.`,
        );
      } else if (change.op === 'remove') delete image.properties[key];
      else image.properties[key] = property(key, change.value);
    }
    image.updatedAt = this.#clock.now();
    return { status: 200, body: view(image) };
  }

  #delete(call: Call): Answer {
    const image = this.#own(call);
    if (image.fields.protected === true) {
      throw new ApiFault(403, `Image ${image.id} is protected and cannot be deleted.`);
    }
    this.images.delete(image.id);
    return { status: 204 };
  }

  #list(call: Call): Answer {
    const { query, scope } = call;
    const tags = query.getAll('tag');
    const found = [...this.images.values()]
      .filter(image => isVisible(image, scope.projectId) && tags.every(tag => image.tags.includes(tag)))
      .filter(image => {
        const shown = view(image);
        return [...query].every(([key, value]) => {
          if (notFilters.has(key)) return true;
          const values = value.startsWith('in:') ? value.slice(3).split(',') : [value];
          return values.includes(String(shown[key]));
        });
      })
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const marker = query.get('marker');
    const from = marker === null ? 0 : found.findIndex(({ id }) => id === marker) + 1;
    const limit = Math.min(Number(query.get('limit') ?? 25), 1000);
    const page = found.slice(from, from + limit);
    const search = [...query].filter(([key]) => key !== 'marker');
    const link = (extra: [string, string][]) => {
      const string = new URLSearchParams([...search, ...extra]).toString();
      return `/v2/images${string === '' ? '' : `?${string}`}`;
    };
    const last = page.at(-1);
    return {
      status: 200,
      body: {
        images: page.map(view),
        first: link([]),
        schema: '/v2/schemas/images',
        ...(last && page.length === limit ? { next: link([['marker', last.id]]) } : {}),
      },
    };
  }

  #visible({ params, scope }: Call): Image {
    const image = this.images.get(params.id ?? '');
    if (!image || !isVisible(image, scope.projectId)) {
      throw new ApiFault(404, `No image found with ID ${params.id}`);
    }
    return image;
  }

  #own(call: Call): Image {
    const image = this.#visible(call);
    if (image.owner !== call.scope.projectId) {
      throw new ApiFault(403, 'You are not authorized to complete this action.');
    }
    return image;
  }
}

const isVisible = (image: Image, project: string): boolean =>
  image.owner === project || image.fields.visibility === 'public';

function checked(key: string, value: unknown): unknown {
  if (key === 'visibility' && value === 'public') {
    throw new ApiFault(403, 'You are not authorized to complete publicize_image action.');
  }
  if (key === 'disk_format' && value !== null && !diskFormats.includes(String(value))) {
    throw new ApiFault(
      400,
      `Provided object does not match schema 'image': '${value}' is not one of [None, ${diskFormats.map(format => `'${format}'`).join(', ')}]`,
    );
  }
  return value;
}

function property(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ApiFault(
    400,
    `Provided object does not match schema 'image': ${value} is not of type 'string'  Failed validating 'type' in schema['additionalProperties']:     {'type': 'string'}  On instance['${key}']:     ${value}`,
  );
}

const view = (image: Image): Fields => ({
  ...image.properties,
  ...image.fields,
  id: image.id,
  owner: image.owner,
  created_at: stamp(image.createdAt),
  updated_at: stamp(image.updatedAt),
  tags: [...image.tags].sort(),
  self: `/v2/images/${image.id}`,
  file: `/v2/images/${image.id}/file`,
  schema: '/v2/schemas/image',
});
