import type { z } from 'zod';
import type { Json, JsonObject } from './json.ts';
import type { Message } from './messages/message.ts';
import type { SchemaName } from './messages/schemas.ts';
import type { RedfishBmc, RedfishService, Requester, Task } from './model.ts';
import type { RedfishRequest, RedfishResponse } from './protocol/request.ts';

/** Where a request has come to, and whose it is. */
export interface ServiceAt {
  readonly service: RedfishService;
  /** What the path says in the places of the template's `{names}`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The resource's own URI, whatever alias the client used. */
  readonly path: string;
  readonly user: Requester;
  /** Whether the client would rather have a task than wait. @see RFC 7240 §4.1 (respond-async) */
  readonly respondAsync: boolean;
}

/** The same on a path through a node's system, manager or chassis. */
export interface NodeAt extends ServiceAt {
  readonly bmc: RedfishBmc;
}

/** What came of a request that changes something. */
export type Outcome =
  | { readonly kind: 'done'; readonly messages?: readonly Message[] | undefined }
  /** It goes on: 202 with the task. */
  | { readonly kind: 'task'; readonly task: Task }
  /** A body that is no resource, such as a CSR: 200. */
  | { readonly kind: 'answer'; readonly body: JsonObject }
  /** A resource has come to be: 201 with its URI and its body. */
  | {
      readonly kind: 'created';
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>> | undefined;
    };

/** Done, with nothing to say. */
export const done: Outcome = { kind: 'done' };

/** A body that a client writes. Made by {@link writing} or {@link action}, which know its content's type. */
export interface Writing<A> {
  /**
   * What may be written: a strict object whose properties, for a PATCH, are all optional. What of a body is wrong
   * becomes a message of the Base registry that names the property, and is not applied.
   */
  readonly schema: z.ZodType;
  /**
   * Applies a body of which nothing is wrong.
   * @throws {@link RedfishProblem} when it is refused
   */
  readonly apply: (at: A, content: unknown) => Promise<Outcome>;
  /** Whether it is for those too who have not logged in: logging in. */
  readonly open?: boolean | undefined;
}

/** An action of a resource. @see DSP0266 §7.11 */
export interface Action<A> extends Writing<A> {
  /** What a resource says of it besides its target, by annotation: `ResetType@Redfish.AllowableValues`. */
  readonly allowable?: ((at: A) => Readonly<Record<string, readonly Json[]>>) | undefined;
  /** Whether a resource has it; by default it does. */
  readonly available?: ((at: A) => boolean) | undefined;
}

/**
 * A resource of the service. The core adds `@odata.id`, `@odata.type`, `@odata.etag` and, from `actions`, `Actions`;
 * it answers HEAD, conditional requests, queries, privileges (by DMTF's privilege registry, from the schema's name) and
 * every error that is not a resource's own.
 */
export interface Resource<A> {
  readonly kind: 'resource';
  /** A template: `/redfish/v1/Systems/{system}/Bios`. */
  readonly path: string;
  readonly schema: SchemaName;
  /**
   * The body; `undefined` when there is no such resource. Property names and their order are as clients see them. It
   * is the same for whoever asks, and is kept until the revision of the node or of the service grows.
   */
  readonly read: (at: A) => JsonObject | undefined;
  /**
   * Whether the body is made anew for every request: it changes by time alone, or is of the service as a whole and tells
   * of nodes.
   */
  readonly volatile?: boolean | undefined;
  readonly patch?: Writing<A> | undefined;
  /** POST to a collection. */
  readonly create?: Writing<A> | undefined;
  readonly remove?: ((at: A) => Promise<Outcome>) | undefined;
  /** By name: `ComputerSystem.Reset`, at `PATH/Actions/ComputerSystem.Reset`. */
  readonly actions?: Readonly<Record<string, Action<A>>> | undefined;
  /** Whether it can be read without logging in: the service root alone. */
  readonly open?: boolean | undefined;
  /** Account whose own it is, which needs the privilege ConfigureSelf alone. */
  readonly owner?: ((at: A) => number | undefined) | undefined;
}

/** A path that answers in its own way: `$metadata`, the files of registries, server-sent events, pushed images. */
export interface Endpoint<A> {
  readonly kind: 'endpoint';
  readonly path: string;
  /** Whose privileges count. */
  readonly schema: SchemaName;
  readonly open?: boolean | undefined;
  /** `undefined` when there is no such thing. */
  readonly get?: ((at: A, request: RedfishRequest) => Promise<RedfishResponse | undefined>) | undefined;
  readonly post?: ((at: A, request: RedfishRequest) => Promise<Outcome | RedfishResponse>) | undefined;
  readonly remove?: ((at: A) => Promise<Outcome>) | undefined;
}

/** Anything that the service has at a path. */
export type Route =
  | { readonly scope: 'service'; readonly at: Resource<ServiceAt> | Endpoint<ServiceAt> }
  | { readonly scope: 'node'; readonly at: Resource<NodeAt> | Endpoint<NodeAt> };

/** A resource of the service as a whole. */
export function serviceResource(resource: Omit<Resource<ServiceAt>, 'kind'>): Route {
  return { scope: 'service', at: { kind: 'resource', ...resource } };
}

/**
 * A resource of one node. Its template names the node `{system}`, `{manager}` or `{chassis}`: it is found before the
 * resource is asked, by its name or its UUID.
 */
export function nodeResource(resource: Omit<Resource<NodeAt>, 'kind'>): Route {
  return { scope: 'node', at: { kind: 'resource', ...resource } };
}

/** A path of the service as a whole that answers in its own way. */
export function serviceEndpoint(endpoint: Omit<Endpoint<ServiceAt>, 'kind'>): Route {
  return { scope: 'service', at: { kind: 'endpoint', ...endpoint } };
}

/** A collection: its members are URIs. `create` answers a POST. */
export function collectionBody(name: string, members: readonly string[]): JsonObject {
  return {
    Name: name,
    'Members@odata.count': members.length,
    Members: members.map(link),
  };
}

/** A reference to a resource. */
export function link(path: string): { readonly '@odata.id': string } {
  return { '@odata.id': path };
}

/** A PATCH or POST whose content has the schema's type. */
export function writing<A, C>(
  schema: z.ZodType<C>,
  apply: (at: A, content: C) => Promise<Outcome>,
): Writing<A> {
  return { schema, apply: (at, content) => apply(at, schema.parse(content)) };
}

/** An action whose parameters have the schema's type. */
export function action<A, C>(
  schema: z.ZodType<C>,
  apply: (at: A, parameters: C) => Promise<Outcome>,
  more: Pick<Action<A>, 'allowable' | 'available'> = {},
): Action<A> {
  return { ...writing(schema, apply), ...more };
}
