import type { IncomingHttpHeaders } from 'node:http';
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
  texts,
} from '../service.ts';
import { allowMetadata, checkLock, record, serverAction } from './actions.ts';
import { attachmentRoutes } from './attachments.ts';
import { catalogueRoutes } from './catalogue.ts';
import type { Compute } from './compute.ts';
import { createServer, metadataOf } from './create.ts';
import { listServers } from './listing.ts';
import { refuseVersion, since, versionHeaders } from './microversion.ts';
import type { SerialConsoles } from './serial-console.ts';

const faultNames: Readonly<Record<number, string>> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** Nova: its API, over what {@link Compute} keeps. */
export class Nova implements Service {
  readonly name = 'compute';
  readonly prefix = '/compute/v2.1';
  readonly routes: readonly Route[];
  readonly #compute: Compute;

  constructor(compute: Compute, consoles: SerialConsoles | undefined) {
    this.#compute = compute;
    const metadata = '/servers/:id/metadata';
    const tags = '/servers/:id/tags';
    this.routes = [
      ...['', '/'].map(path => route('GET', path, call => this.#version(call), { open: true })),
      route('GET', '/servers', call => listServers(call, compute, false)),
      route('GET', '/servers/detail', call => listServers(call, compute, true)),
      route('POST', '/servers', call => createServer(call, compute)),
      route('GET', '/servers/:id', call => this.#shown(call)),
      route('PUT', '/servers/:id', call => {
        const server = compute.server(call);
        server.name = text(bodyPart(call, 'server')?.name) ?? server.name;
        compute.lifecycle.touch(server);
        return this.#shown(call);
      }),
      route('DELETE', '/servers/:id', call => {
        const server = compute.server(call);
        checkLock(server);
        if (server.taskState !== 'deleting') {
          record(server, 'delete', call, compute);
          compute.lifecycle.delete(server);
        }
        return { status: 204 };
      }),
      route('POST', '/servers/:id/action', call => serverAction(call, compute)),
      route('POST', '/servers/:id/remote-consoles', call => {
        since(call.headers, 6);
        const server = compute.server(call);
        const wanted = bodyPart(call, 'remote_console') ?? {};
        if (!consoles || wanted.type !== 'serial') {
          throw new ApiFault(400, `Unavailable console type ${wanted.type}.`);
        }
        const url = consoles.open(server);
        return { status: 200, body: { remote_console: { protocol: 'serial', type: 'serial', url } } };
      }),
      route('GET', '/servers/:id/os-instance-actions', call => ({
        status: 200,
        body: { instanceActions: this.#history(call) },
      })),
      route('GET', metadata, call => ({ status: 200, body: { metadata: compute.server(call).metadata } })),
      ...['POST', 'PUT'].map(method =>
        route(method, metadata, call => {
          const server = compute.server(call);
          const wanted = metadataOf(bodyPart(call, 'metadata'));
          allowMetadata(server, 'update');
          server.metadata = method === 'PUT' ? wanted : { ...server.metadata, ...wanted };
          compute.lifecycle.touch(server);
          return { status: 200, body: { metadata: server.metadata } };
        }),
      ),
      route('PUT', `${metadata}/:key`, call => {
        const server = compute.server(call);
        allowMetadata(server, 'update');
        Object.assign(server.metadata, metadataOf(bodyPart(call, 'meta')));
        compute.lifecycle.touch(server);
        return { status: 200, body: { meta: bodyPart(call, 'meta') } };
      }),
      route('DELETE', `${metadata}/:key`, call => {
        const server = compute.server(call);
        allowMetadata(server, 'delete');
        const { [call.params.key ?? '']: gone, ...rest } = server.metadata;
        if (gone === undefined) throw new ApiFault(404, 'Metadata item was not found');
        server.metadata = rest;
        compute.lifecycle.touch(server);
        return { status: 204 };
      }),
      route('GET', tags, call => {
        since(call.headers, 26);
        return { status: 200, body: { tags: compute.server(call).tags } };
      }),
      route('PUT', tags, call => {
        since(call.headers, 26);
        const server = compute.server(call);
        server.tags = checkedTags(isFields(call.body) ? call.body.tags : undefined);
        return { status: 200, body: { tags: server.tags } };
      }),
      route('DELETE', tags, call => {
        since(call.headers, 26);
        compute.server(call).tags = [];
        return { status: 204 };
      }),
      route('PUT', `${tags}/:tag`, call => {
        since(call.headers, 26);
        const server = compute.server(call);
        server.tags = checkedTags([...server.tags, call.params.tag ?? '']);
        return { status: 201, headers: { Location: call.url } };
      }),
      route('DELETE', `${tags}/:tag`, call => {
        since(call.headers, 26);
        const server = compute.server(call);
        if (!server.tags.includes(call.params.tag ?? '')) {
          throw new ApiFault(404, `Instance ${server.id} has no tag '${call.params.tag}'`);
        }
        server.tags = server.tags.filter(tag => tag !== call.params.tag);
        return { status: 204 };
      }),
      ...attachmentRoutes(compute),
      ...catalogueRoutes(compute),
    ];
  }

  readonly before = (headers: IncomingHttpHeaders): Answer | undefined =>
    refuseVersion(headers, this.#compute.newest);

  readonly answerHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
    versionHeaders(headers, this.#compute.newest);

  renderFault(fault: ApiFault): Answer {
    if (fault.status === 401) {
      return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message: fault.message } } };
    }
    const name = faultNames[fault.status] ?? 'computeFault';
    return { status: fault.status, body: { [name]: { code: fault.status, message: fault.message } } };
  }

  #version({ base }: Call): Answer {
    return {
      status: 200,
      body: {
        version: {
          id: 'v2.1',
          status: 'CURRENT',
          version: `2.${this.#compute.newest}`,
          min_version: '2.1',
          updated: '2013-07-23T11:33:21Z',
          links: [{ rel: 'self', href: `${base}/` }],
        },
      },
    };
  }

  #shown(call: Call): Answer {
    return { status: 200, body: { server: this.#compute.view(this.#compute.server(call), call, true) } };
  }

  #history(call: Call): Fields[] {
    const server = this.#compute.server(call);
    return server.actions.map(({ action, requestId, startTime }) => ({
      action,
      instance_uuid: server.id,
      request_id: requestId,
      user_id: server.userId,
      project_id: server.projectId,
      start_time: longStamp(startTime),
      updated_at: longStamp(startTime),
      message: null,
    }));
  }
}

function checkedTags(value: unknown): string[] {
  const list = texts(value);
  for (const [index, tag] of list.entries()) {
    if (/^[^,/]*$/.test(tag)) continue;
    throw new ApiFault(
      400,
      `Invalid input for field/attribute ${index}. Value: ${tag}. '${tag}' does not match '^[^,/]*$'`,
    );
  }
  return [...new Set(list)].sort();
}
