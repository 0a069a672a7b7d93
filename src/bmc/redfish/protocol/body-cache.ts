import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import { typeOf } from '../messages/schemas.ts';
import type { NodeAt, ServiceAt } from '../resource.ts';
import type { AnyResource } from './router.ts';

/** A resource's body, ready to be sent. */
export interface Body {
  readonly object: JsonObject;
  readonly bytes: Buffer;
  /** Strong: the same for the same bytes; weak where a clock is shown, which it leaves out. @see RFC 9110 §8.8.1 */
  readonly etag: string;
}

interface CachedBody extends Body {
  readonly nodeRevision: number;
  readonly serviceRevision: number;
}

/** Most bytes of bodies that are kept. */
const mostBytes = 16 * 1024 * 1024;

/** Bodies of resources, made once for every revision of what they show. */
export class Bodies {
  readonly #kept = new Map<string, CachedBody>();
  #bytes = 0;

  /** @returns `undefined` when there is no such resource */
  of(resource: AnyResource, at: ServiceAt | NodeAt): Body | undefined {
    if (resource.volatile) return bodyOf(resource, at);
    const nodeRevision = 'bmc' in at ? at.bmc.revision : 0;
    const serviceRevision = at.service.revision;
    const kept = this.#kept.get(at.path);
    if (kept?.nodeRevision === nodeRevision && kept.serviceRevision === serviceRevision) return kept;
    const body = bodyOf(resource, at);
    this.#forget(at.path);
    if (body) this.#keep(at.path, { ...body, nodeRevision, serviceRevision });
    return body;
  }

  #keep(path: string, body: CachedBody): void {
    this.#kept.set(path, body);
    this.#bytes += body.bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= mostBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    const kept = this.#kept.get(path);
    if (!kept) return;
    this.#kept.delete(path);
    this.#bytes -= kept.bytes.length;
  }
}

function bodyOf(resource: AnyResource, at: ServiceAt | NodeAt): Body | undefined {
  const content = resource.read(at);
  if (!content) return undefined;
  const actions = actionsOf(resource, at);
  return sealed({
    '@odata.id': at.path,
    '@odata.type': typeOf(resource.schema),
    ...content,
    ...(actions ? { Actions: { ...actions, ...(content.Actions as JsonObject | undefined) } } : {}),
  });
}

/** A body with its ETag, which is a digest of all the rest. */
export function sealed(content: JsonObject): Body {
  const { '@odata.id': id, '@odata.type': type, ...rest } = content;
  const head = JSON.stringify({ '@odata.id': id, '@odata.type': type });
  const text = JSON.stringify(rest);
  // A clock that goes on is no change: who has read it may still write by its ETag.
  const { DateTime, ...lasting } = rest;
  const hash = createHash('sha1').update(head);
  const digest = hash.update(DateTime === undefined ? text : JSON.stringify(lasting)).digest('base64url');
  const etag = DateTime === undefined ? `"${digest}"` : `W/"${digest}"`;
  const object = { '@odata.id': id, '@odata.type': type, '@odata.etag': etag, ...rest };
  // The same as the object's JSON, which would take as long again.
  const bytes = Buffer.from(`${head.slice(0, -1)},"@odata.etag":${JSON.stringify(etag)},${text.slice(1)}`);
  return { object, bytes, etag };
}

function actionsOf(resource: AnyResource, at: ServiceAt | NodeAt): JsonObject | undefined {
  if (!resource.actions) return undefined;
  const shown: Record<string, Json> = {};
  for (const [name, action] of Object.entries(resource.actions)) {
    if (action.available && !action.available(at)) continue;
    shown[`#${name}`] = { target: `${at.path}/Actions/${name}`, ...action.allowable?.(at) };
  }
  return Object.keys(shown).length > 0 ? shown : undefined;
}
