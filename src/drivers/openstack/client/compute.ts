import { z } from 'zod';
import { isOpenStackError, OpenStackError } from './api-error.ts';
import type { CallContext, CreateOptions, Query } from './call.ts';
import {
  type AbsoluteLimits,
  type AvailabilityZone,
  absoluteLimitsSchema,
  availabilityZoneSchema,
  type CreateServer,
  type Flavor,
  flavorSchema,
  type InstanceAction,
  type InterfaceAttachment,
  instanceActionSchema,
  interfaceAttachmentSchema,
  type Server,
  serverSchema,
  type VolumeAttachment,
  volumeAttachmentSchema,
} from './compute-types.ts';
import { Keypairs } from './keypairs.ts';
import { linksSchema, nextLink } from './links.ts';
import { newestMicroversion } from './microversion.ts';
import { ServerGroups } from './server-groups.ts';
import type { Session } from './session.ts';

/** Things done to a server that take no more than saying so. */
export type ServerAction = 'start' | 'stop' | 'reboot-hard' | 'reboot-soft' | 'crash-dump' | 'unrescue';

const actionBodies: Readonly<Record<ServerAction, object>> = {
  start: { 'os-start': null },
  stop: { 'os-stop': null },
  'reboot-hard': { reboot: { type: 'HARD' } },
  'reboot-soft': { reboot: { type: 'SOFT' } },
  'crash-dump': { trigger_crash_dump: null },
  unrescue: { unrescue: null },
};

// 2.47 shows the flavor within the server, as it was when the server was made; below it are tags (2.26) and locks (2.9).
const readServers = '2.47';

/** Pages that a cloud may have for a server's screen. */
export type ScreenConsole =
  | { readonly protocol: 'vnc'; readonly type: 'novnc' }
  | { readonly protocol: 'spice'; readonly type: 'spice-html5' };

/**
 * Nova.
 * @see https://docs.openstack.org/api-ref/compute/
 * @see https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
 */
export class Compute {
  readonly keypairs: Keypairs;
  readonly serverGroups: ServerGroups;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.keypairs = new Keypairs(session);
    this.serverGroups = new ServerGroups(session);
  }

  /** Newest and oldest microversion. */
  async versions(ctx: CallContext): Promise<{ version: string; minVersion: string }> {
    const range = await this.#session.microversions('compute', ctx);
    // An API without microversions is 2.1 as it first was.
    return { version: range?.max ?? '2.1', minVersion: range?.min ?? '2.1' };
  }

  /**
   * Every server of the project; with `changesSince` those that changed at or after it, deleted ones included.
   * @returns `date`: the cloud's clock when it began to answer, in milliseconds since the Unix epoch
   */
  async listServers(
    options: { readonly changesSince?: Date | undefined; readonly details: true },
    ctx: CallContext,
  ): Promise<{ servers: Server[]; date: number }> {
    const query = { 'changes-since': options.changesSince?.toISOString() };
    const call = {
      service: 'compute',
      method: 'GET',
      path: '/servers/detail',
      query,
      microversion: readServers,
    } as const;
    const page = z.looseObject({ servers: z.array(serverSchema), servers_links: linksSchema });
    const { items, first } = await this.#session.pages(
      call,
      answer => {
        const body = answer.read(page);
        return { items: body.servers, next: nextLink(body.servers_links) };
      },
      ctx,
    );
    if (first.date === undefined) {
      throw new OpenStackError('Nova answered without a Date', { ...first.asked, code: 'server-fault' });
    }
    return { servers: items, date: first.date };
  }

  /** @returns `undefined` when it is gone */
  async findServer(id: string, ctx: CallContext): Promise<Server | undefined> {
    const schema = z.looseObject({ server: serverSchema }).transform(body => body.server);
    try {
      return await this.#get(`/servers/${id}`, schema, ctx, readServers);
    } catch (error) {
      if (isOpenStackError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async createServer(
    server: CreateServer,
    options: CreateOptions<Server>,
    ctx: CallContext,
  ): Promise<{ id: string }> {
    const { serverGroup, ...fields } = server;
    const hints = serverGroup === undefined ? {} : { 'os:scheduler_hints': { group: serverGroup } };
    const schema = z.looseObject({ server: z.looseObject({ id: z.string() }) });
    return this.#session.create<{ id: string }>(
      {
        service: 'compute',
        method: 'POST',
        path: '/servers',
        body: { server: fields, ...hints },
        microversion: microversionToCreate(server),
      },
      answer => ({ id: answer.read(schema).server.id }),
      options.find,
      ctx,
    );
  }

  /** Asks for a server's end, which comes some seconds later. One that is gone is no error. */
  async deleteServer(id: string, ctx: CallContext): Promise<void> {
    await this.#delete(`/servers/${id}`, ctx);
  }

  /** Resolves when Nova has taken it; a server in another transition is a `conflict`. */
  async act(id: string, action: ServerAction, ctx: CallContext): Promise<void> {
    // trigger_crash_dump came with 2.17.
    const microversion = action === 'crash-dump' ? '2.17' : undefined;
    await this.#action(id, actionBodies[action], ctx, microversion);
  }

  /** Boots a server from an image, beside its own disks. */
  async rescue(id: string, imageId: string, ctx: CallContext): Promise<void> {
    // From 2.87 on also servers that boot from a volume.
    await this.#action(id, { rescue: { rescue_image_ref: imageId } }, ctx, await this.#ifSpoken('2.87', ctx));
  }

  /** Writes an image over a server's root disk. */
  async rebuild(id: string, imageId: string, ctx: CallContext): Promise<void> {
    // From 2.93 on also servers that boot from a volume.
    await this.#action(id, { rebuild: { imageRef: imageId } }, ctx, await this.#ifSpoken('2.93', ctx));
  }

  /** @param length - lines from the end; `undefined`: all that the cloud keeps */
  async consoleOutput(id: string, length: number | undefined, ctx: CallContext): Promise<string> {
    const answer = await this.#session.call(
      {
        service: 'compute',
        method: 'POST',
        path: `/servers/${id}/action`,
        body: { 'os-getConsoleOutput': { length } },
        repeatable: true,
      },
      ctx,
    );
    return answer.read(z.looseObject({ output: z.string().nullable() })).output ?? '';
  }

  /** A websocket to the serial port; its URL is a secret and works for some minutes. */
  serialConsole(id: string, ctx: CallContext): Promise<{ url: string }> {
    return this.#remoteConsole(id, { protocol: 'serial', type: 'serial' }, ctx);
  }

  /** A page that shows the screen; its URL is a secret and works for some minutes. */
  screenConsole(id: string, kind: ScreenConsole, ctx: CallContext): Promise<{ url: string }> {
    return this.#remoteConsole(id, kind, ctx);
  }

  async #remoteConsole(
    id: string,
    kind: { readonly protocol: string; readonly type: string },
    ctx: CallContext,
  ): Promise<{ url: string }> {
    const answer = await this.#session.call(
      {
        service: 'compute',
        method: 'POST',
        path: `/servers/${id}/remote-consoles`,
        body: { remote_console: kind },
        // remote-consoles came with 2.6.
        microversion: '2.6',
        repeatable: true,
      },
      ctx,
    );
    const { url } = answer.read(
      z.looseObject({ remote_console: z.looseObject({ url: z.string() }) }),
    ).remote_console;
    return { url };
  }

  /** Sets some keys and leaves the others. */
  async setMetadata(id: string, values: Readonly<Record<string, string>>, ctx: CallContext): Promise<void> {
    await this.#session.call(
      {
        service: 'compute',
        method: 'POST',
        path: `/servers/${id}/metadata`,
        body: { metadata: values },
        repeatable: true,
      },
      ctx,
    );
  }

  /** A key that is not there is no error. */
  async deleteMetadata(id: string, key: string, ctx: CallContext): Promise<void> {
    await this.#delete(`/servers/${id}/metadata/${encodeURIComponent(key)}`, ctx);
  }

  /** Replaces all tags. */
  async setTags(id: string, tags: readonly string[], ctx: CallContext): Promise<void> {
    await this.#session.call(
      // Tags came with 2.26.
      {
        service: 'compute',
        method: 'PUT',
        path: `/servers/${id}/tags`,
        body: { tags },
        microversion: '2.26',
      },
      ctx,
    );
  }

  async attachedVolumes(id: string, ctx: CallContext): Promise<VolumeAttachment[]> {
    const schema = z
      .looseObject({ volumeAttachments: z.array(volumeAttachmentSchema) })
      .transform(body => body.volumeAttachments);
    return this.#get(`/servers/${id}/os-volume_attachments`, schema, ctx);
  }

  /** A server's ports. */
  async interfaces(id: string, ctx: CallContext): Promise<InterfaceAttachment[]> {
    const schema = z
      .looseObject({ interfaceAttachments: z.array(interfaceAttachmentSchema) })
      .transform(body => body.interfaceAttachments);
    return this.#get(`/servers/${id}/os-interface`, schema, ctx);
  }

  /** Plugs a port into a server; its network card comes after those that the server has. */
  async attachPort(id: string, portId: string, ctx: CallContext): Promise<void> {
    const body = { interfaceAttachment: { port_id: portId } };
    await this.#session.call(
      { service: 'compute', method: 'POST', path: `/servers/${id}/os-interface`, body },
      ctx,
    );
  }

  /** What was done to a server, newest first. */
  async actions(id: string, ctx: CallContext): Promise<InstanceAction[]> {
    const schema = z
      .looseObject({ instanceActions: z.array(instanceActionSchema) })
      .transform(body => body.instanceActions);
    return this.#get(`/servers/${id}/os-instance-actions`, schema, ctx);
  }

  async flavors(ctx: CallContext): Promise<Flavor[]> {
    const page = z.looseObject({ flavors: z.array(flavorSchema), flavors_links: linksSchema });
    // 2.61 shows extra specs within the flavor.
    const microversion = await this.#ifSpoken('2.61', ctx);
    const { items } = await this.#session.pages(
      { service: 'compute', method: 'GET', path: '/flavors/detail', microversion },
      answer => {
        const body = answer.read(page);
        return { items: body.flavors, next: nextLink(body.flavors_links) };
      },
      ctx,
    );
    return items;
  }

  async limits(ctx: CallContext): Promise<AbsoluteLimits> {
    const schema = z
      .looseObject({ limits: z.looseObject({ absolute: absoluteLimitsSchema }) })
      .transform(body => body.limits.absolute);
    return this.#get('/limits', schema, ctx);
  }

  async availabilityZones(ctx: CallContext): Promise<AvailabilityZone[]> {
    const schema = z
      .looseObject({ availabilityZoneInfo: z.array(availabilityZoneSchema) })
      .transform(body => body.availabilityZoneInfo);
    return this.#get('/os-availability-zone', schema, ctx);
  }

  async #get<T>(
    path: string,
    schema: z.ZodType<T>,
    ctx: CallContext,
    microversion?: string,
    query?: Query,
  ): Promise<T> {
    const answer = await this.#session.call(
      { service: 'compute', method: 'GET', path, query, microversion },
      ctx,
    );
    return answer.read(schema);
  }

  async #delete(path: string, ctx: CallContext): Promise<void> {
    await this.#session.remove({ service: 'compute', method: 'DELETE', path }, ctx);
  }

  async #action(id: string, body: object, ctx: CallContext, microversion: string | undefined): Promise<void> {
    await this.#session.call(
      { service: 'compute', method: 'POST', path: `/servers/${id}/action`, body, microversion },
      ctx,
    );
  }

  async #ifSpoken(microversion: string, ctx: CallContext): Promise<string | undefined> {
    return (await this.#session.speaks('compute', microversion, ctx)) ? microversion : undefined;
  }
}

/** The oldest microversion that knows every field that is used. */
function microversionToCreate(server: CreateServer): string | undefined {
  const disks = server.block_device_mapping_v2 ?? [];
  const networks = typeof server.networks === 'string' ? [] : (server.networks ?? []);
  return newestMicroversion([
    // A description came with 2.19.
    server.description === undefined ? undefined : '2.19',
    // "none" and "auto" came with 2.37.
    typeof server.networks === 'string' ? '2.37' : undefined,
    // Tags of disks and cards came with 2.32, were lost in 2.33 (disks) and 2.37 (cards), and are there again from 2.42 on.
    [...disks, ...networks].some(device => device.tag !== undefined) ? '2.42' : undefined,
    // Tags of the server itself came with 2.52.
    server.tags === undefined ? undefined : '2.52',
    // The type of a volume that is made for the server came with 2.67.
    disks.some(disk => disk.volume_type !== undefined) ? '2.67' : undefined,
  ]);
}
