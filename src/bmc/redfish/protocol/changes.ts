import type { Json, JsonObject } from '../json.ts';
import { type Message, message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { type Refusal, refusalsOf } from '../messages/refusals.ts';
import type { NodeAt, Outcome, ServiceAt } from '../resource.ts';
import { asJson, messagesBody } from './answers.ts';
import type { Body } from './body-cache.ts';
import type { RedfishRequest } from './request.ts';
import type { AnyAction, AnyResource } from './router.ts';

/** A resource that a request is about. */
export interface Target {
  readonly resource: AnyResource;
  readonly at: ServiceAt | NodeAt;
  /** Its body as it is now; `undefined` when there is no such resource. */
  read(): Body | undefined;
}

/** What came of a change, and which properties of a PATCH were left as they are. */
export interface Change {
  readonly outcome: Outcome;
  readonly refusals: readonly Refusal[];
}

/** Changes a resource: what of the body is right is applied. @see DSP0266 §7.7 */
export async function patch(target: Target, request: RedfishRequest, body: JsonObject): Promise<Change> {
  const { resource, at } = target;
  const current = existing(target);
  checkCondition(request, current);
  if (Object.keys(body).length === 0) throw new RedfishProblem(400, message('Base.EmptyJSON'));
  const content = withoutAnnotations(body);
  if (Object.keys(content).length === 0) throw new RedfishProblem(400, message('Base.NoOperation'));
  const writing = resource.patch;
  if (!writing) throw new RangeError('a resource that cannot be changed');
  const first = writing.schema.safeParse(content);
  if (first.success) return { outcome: await writing.apply(at, content), refusals: [] };
  const refusals = refusalsOf(first.error.issues, content, { kind: 'patch', current: current.object });
  const rest = refusals.reduce<JsonObject>((left, { path }) => without(left, path), content);
  if (Object.keys(rest).length === 0 || !writing.schema.safeParse(rest).success) throw refusalOf(refusals);
  return { outcome: await writing.apply(at, rest), refusals };
}

/** Makes a member of a collection. */
export async function create({ resource, at, ...target }: Target, body: JsonObject): Promise<Change> {
  existing({ resource, at, ...target });
  const writing = resource.create;
  if (!writing) throw new RangeError('a resource to which nothing can be posted');
  const content = withoutAnnotations(body);
  const parsed = writing.schema.safeParse(content);
  if (!parsed.success) throw refusalOf(refusalsOf(parsed.error.issues, content, { kind: 'create' }));
  return { outcome: await writing.apply(at, content), refusals: [] };
}

/** Carries out an action. */
export async function carryOut(
  target: Target,
  request: RedfishRequest,
  { name, action }: { readonly name: string; readonly action: AnyAction },
  body: JsonObject,
): Promise<Change> {
  const { at } = target;
  const current = existing(target);
  checkCondition(request, current);
  if (action.available && !action.available(at)) {
    throw new RedfishProblem(404, message('Base.ActionNotSupported', [name]));
  }
  const content = withoutAnnotations(body);
  const parsed = action.schema.safeParse(content);
  if (!parsed.success) throw refusalOf(refusalsOf(parsed.error.issues, content, { kind: 'action', name }));
  return { outcome: await action.apply(at, content), refusals: [] };
}

/** Takes a resource away. */
export async function remove(target: Target, request: RedfishRequest): Promise<Change> {
  const { resource, at } = target;
  checkCondition(request, existing(target));
  if (!resource.remove) throw new RangeError('a resource that cannot be deleted');
  return { outcome: await resource.remove(at), refusals: [] };
}

function existing(target: Target): Body {
  const body = target.read();
  if (!body) throw new RedfishProblem(404, message('Base.ResourceMissingAtURI', [target.at.path]));
  return body;
}

/** @see RFC 9110 §13.1.1 (If-Match) */
function checkCondition({ headers }: RedfishRequest, { etag }: Body): void {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  const stale = ifMatch !== undefined && !matches(ifMatch, etag);
  if (stale || (ifNoneMatch !== undefined && matches(ifNoneMatch, etag))) {
    throw new RedfishProblem(412, message('Base.PreconditionFailed'));
  }
}

/** Whether an ETag is among those of a header. */
export function matches(header: string, etag: string): boolean {
  const strong = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some(one => strong(one) === strong(etag));
}

/** A client may send back what it has read: OData's annotations say nothing of what is to change. */
export function withoutAnnotations(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !name.includes('@odata.')));
}

function refusalOf(refusals: readonly Refusal[]): RedfishProblem {
  const [first, ...more] = refusals.map(refusal => refusal.message);
  return new RedfishProblem(400, first ? [first, ...more] : message('Base.GeneralError'));
}

/** An object without what stands at a path; what is empty by that goes too, and an array goes as a whole. */
function without(object: JsonObject, path: readonly (string | number)[]): JsonObject {
  const [name, ...below] = path;
  if (name === undefined) return {};
  const { [name]: part, ...rest } = object;
  if (below.length === 0 || part === null || typeof part !== 'object' || Array.isArray(part)) return rest;
  const left = without(part as JsonObject, below);
  return Object.keys(left).length === 0 ? rest : { ...object, [name]: left };
}

/**
 * Says of each property that was left as it is why: beside the property, and with whatever else there is to say.
 * @see DSP0266 §7.7
 */
export function annotated(
  body: JsonObject,
  refusals: readonly Refusal[],
  messages: readonly Message[],
): JsonObject {
  const annotations: Record<string, Json[]> = {};
  for (const { path, message } of refusals) {
    const name = `${path[0] ?? ''}@Message.ExtendedInfo`;
    annotations[name] = [...(annotations[name] ?? []), asJson(message)];
  }
  const all = [...refusals.map(({ message }) => message), ...messages];
  return { ...body, ...annotations, ...messagesBody(all) };
}
