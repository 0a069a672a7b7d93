import { messageOf } from '../../support/errors.ts';
import { onBehalfOf, RequestScope } from '../../support/request-scope.ts';
import { requesterOf } from './access/authentication.ts';
import { loginFailed } from './access/login-guard.ts';
import { allows, type Needed, neededFor, neededForProperties } from './access/privileges.ts';
import { tellOfChange } from './events/change-events.ts';
import { message } from './messages/message.ts';
import { RedfishProblem } from './messages/problem.ts';
import type { RedfishService, Requester } from './model.ts';
import { emptyAnswer, errorAnswer, withUsualHeaders } from './protocol/answers.ts';
import { Bodies } from './protocol/body-cache.ts';
import { carryOut, create, patch, remove, type Target, withoutAnnotations } from './protocol/changes.ts';
import { outcomeAnswer } from './protocol/outcomes.ts';
import { readAnswer } from './protocol/read-answer.ts';
import type { RedfishRequest, RedfishResponse } from './protocol/request.ts';
import { objectOf } from './protocol/request-body.ts';
import { type AnyEndpoint, type AnyResource, type Match, Router, segmentsOf } from './protocol/router.ts';
import type { NodeAt, ServiceAt } from './resource.ts';
import { routes } from './resources/index.ts';

/** A request that has been answered. */
export interface RedfishAnswered {
  readonly method: string;
  /** The path as a template: `/redfish/v1/Systems/{system}`; `undefined`: there is no such path. */
  readonly route: string | undefined;
  /** HTTP. */
  readonly status: number;
  readonly milliseconds: number;
}

/** The Redfish service, whatever brings its requests. @see DSP0266 */
export class RedfishApi {
  readonly service: RedfishService;
  readonly #router: Router;
  readonly #bodies = new Bodies();
  /** Hears of each request when it has been answered. */
  onAnswer: ((answered: RedfishAnswered) => void) | undefined;

  /** @param router - other resources than this project's: for tests */
  constructor(service: RedfishService, router: Router = allRoutes()) {
    this.service = service;
    this.#router = router;
  }

  /** Answers a request; never rejects. */
  async handle(request: RedfishRequest): Promise<RedfishResponse> {
    // Most answers take a fraction of a millisecond.
    const begun = performance.now();
    const answer = await this.#answer(request).catch((error: unknown) => this.#failure(request, error));
    if (this.onAnswer) {
      const route = this.#router.templateOf(pathIn(request));
      const milliseconds = performance.now() - begun;
      this.onAnswer({ method: request.method, route, status: answer.status, milliseconds });
    }
    return request.method === 'HEAD' ? { ...answer, body: undefined } : answer;
  }

  async #answer(request: RedfishRequest): Promise<RedfishResponse> {
    const { method } = request;
    const path = pathIn(request);
    const segments = segmentsOf(path);
    if (segments?.[0] !== 'redfish') throw notFound(path);
    const match = this.#collection(method, segments) ?? this.#router.find(segments);
    const open = match !== undefined && isOpen(match, method);
    const user = requesterOf(this.service, request, open);
    if (!open && !user.account) throw loginFailed();
    checkVersion(request);
    checkOrigin(request);
    if (!match) throw notFound(path);
    const allow = allowOf(match);
    if (method === 'OPTIONS') return emptyAnswer(204, { Allow: allow.join(', ') });
    if (!allow.includes(method)) {
      throw new RedfishProblem(405, message('Base.OperationNotAllowed'), { Allow: allow.join(', ') });
    }
    const at = this.#at(match, segments, user, respondsAsync(request));
    if (!at) throw notFound(path);
    const needed = open ? everybody : neededFor(match.place.at.schema, match.above, method);
    const { place } = match;
    return onBehalfOf(scopeOf(request, path, user), () => {
      if (place.kind !== 'endpoint') return this.#resource(match, place.at, at, needed, allow, request);
      authorize(user, needed, false);
      return this.#endpoint(place.at, at, allow, request);
    });
  }

  async #endpoint(
    endpoint: AnyEndpoint,
    at: ServiceAt | NodeAt,
    allow: readonly string[],
    request: RedfishRequest,
  ): Promise<RedfishResponse> {
    const answer = await methodOf(endpoint, request.method)?.(at, request);
    if (!answer) throw notFound(at.path);
    if ('kind' in answer) return outcomeAnswer(answer, undefined, path => this.#find(path, at.user)?.target);
    return withUsualHeaders(answer, { Allow: allow.join(', ') });
  }

  async #resource(
    { place }: Match,
    resource: AnyResource,
    at: ServiceAt | NodeAt,
    needed: Needed,
    allow: readonly string[],
    request: RedfishRequest,
  ): Promise<RedfishResponse> {
    const target: Target = { resource, at, read: () => this.#bodies.of(resource, at) };
    const own = at.user.account !== undefined && resource.owner?.(at) === at.user.account.id;
    const load = (path: string) => this.#find(path, at.user)?.target;
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        authorize(at.user, needed, own);
        return readAnswer(target, allow, request, path => this.#show(path, at.user));
      case 'PATCH': {
        const mayAll = allows(at.user.role, needed, own);
        if (!mayAll && !own) authorize(at.user, needed, own);
        const body = await objectOf(request, false);
        if (!mayAll) {
          const written = Object.keys(withoutAnnotations(body));
          authorize(at.user, neededForProperties(resource.schema, written) ?? needed, own);
        }
        const change = await patch(target, request, body);
        tellOfChange(target, 'ResourceChanged', at.path);
        return outcomeAnswer(change, target, load);
      }
      case 'DELETE': {
        authorize(at.user, needed, own);
        const change = await remove(target, request);
        tellOfChange(target, 'ResourceRemoved', at.path);
        return outcomeAnswer(change, undefined, load);
      }
      default: {
        authorize(at.user, needed, own);
        const isAction = place.kind === 'action';
        const body = await objectOf(request, isAction);
        const change = isAction ? await carryOut(target, request, place, body) : await create(target, body);
        const { outcome } = change;
        if (outcome.kind === 'created') tellOfChange(target, 'ResourceCreated', outcome.path);
        return outcomeAnswer(change, undefined, load);
      }
    }
  }

  /** What the service has at a path. */
  #find(path: string, user: Requester): { readonly target: Target; readonly match: Match } | undefined {
    const segments = segmentsOf(path);
    const match = segments && this.#router.find(segments);
    if (!segments || match?.place.kind !== 'resource') return undefined;
    const resource = match.place.at;
    const at = this.#at(match, segments, user, false);
    if (!at) return undefined;
    return { match, target: { resource, at, read: () => this.#bodies.of(resource, at) } };
  }

  /** The same, if whoever asks may see it. */
  #show(path: string, user: Requester): Target | undefined {
    const { match, target } = this.#find(path, user) ?? {};
    if (!match || !target) return undefined;
    const { resource, at } = target;
    const own = user.account !== undefined && resource.owner?.(at) === user.account.id;
    return allows(user.role, neededFor(resource.schema, match.above, 'GET'), own) ? target : undefined;
  }

  /** Where a path has come to: its node, if it is of one, and the resource's own path. `undefined`: no such node. */
  #at(
    { params, place }: Match,
    segments: readonly string[],
    user: Requester,
    respondAsync: boolean,
  ): ServiceAt | NodeAt | undefined {
    const own = place.kind === 'action' ? segments.slice(0, -2) : segments;
    const { service } = this;
    if (place.route.scope === 'service') return { service, params, path: pathOf(own), user, respondAsync };
    const name = params.system ?? params.manager ?? params.chassis ?? '';
    const bmc = service.find(name);
    if (!bmc) return undefined;
    // The node's name is the fourth segment of all paths that have one.
    const path = pathOf(own.map((segment, index) => (index === 3 ? bmc.id : segment)));
    return { service, params, path, user, respondAsync, bmc };
  }

  /** `Members` of a collection, to which a client may post too. @see DSP0266 §7.9 */
  #collection(method: string, segments: readonly string[]): Match | undefined {
    if (method !== 'POST' || segments.at(-1) !== 'Members') return undefined;
    const match = this.#router.find(segments.slice(0, -1));
    return match?.place.kind === 'resource' && match.place.at.create ? match : undefined;
  }

  #failure(request: RedfishRequest, error: unknown): RedfishResponse {
    if (error instanceof RedfishProblem) return errorAnswer(error);
    const { method, url } = request;
    // Nobody waits for what a client that has gone had asked for.
    const level = request.signal.aborted ? 'debug' : 'error';
    this.service.log[level]({ method, url, error: messageOf(error) }, 'Redfish request failed');
    return errorAnswer(new RedfishProblem(500, message('Base.InternalError')));
  }
}

function pathIn({ url }: RedfishRequest): string {
  return url.split('?', 1)[0] ?? '';
}

/** Nothing is done to a node on behalf of those who only read. */
function scopeOf(
  { method, headers }: RedfishRequest,
  path: string,
  user: Requester,
): RequestScope | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  const { traceparent } = headers;
  return new RequestScope(() => ({ face: 'redfish', name: `${method} ${path}`, by: user.name, traceparent }));
}

let known: Router | undefined;

function allRoutes(): Router {
  known ??= new Router(routes);
  return known;
}

/** What needs no privilege at all. */
const everybody: Needed = [{ Privilege: [] }];

function checkVersion({ headers }: RedfishRequest): void {
  const version = headers['odata-version'];
  if (version === undefined || version.trim() === '4.0') return;
  throw new RedfishProblem(412, message('Base.HeaderInvalid', [`OData-Version: ${version}`]));
}

function methodOf(endpoint: AnyEndpoint, method: string) {
  if (method === 'POST') return endpoint.post;
  return method === 'DELETE' ? endpoint.remove : endpoint.get;
}

/** Pages of other sites may not change anything by credentials that a browser remembers. */
function checkOrigin({ method, headers }: RedfishRequest): void {
  const { origin, host } = headers;
  if (origin === undefined || ['GET', 'HEAD', 'OPTIONS'].includes(method)) return;
  if (origin.replace(/^https?:\/\//, '') !== host) {
    throw new RedfishProblem(403, message('Base.HeaderInvalid', [`Origin: ${origin.slice(0, 200)}`]));
  }
}

function isOpen({ place }: Match, method: string): boolean {
  if (place.kind === 'action') return false;
  if (method === 'POST') return place.kind === 'resource' && place.at.create?.open === true;
  return (method === 'GET' || method === 'HEAD') && place.at.open === true;
}

function allowOf({ place }: Match): readonly string[] {
  if (place.kind === 'action') return ['POST'];
  const { at } = place;
  if (at.kind === 'endpoint') {
    return [
      ...(at.get ? ['GET', 'HEAD'] : []),
      ...(at.post ? ['POST'] : []),
      ...(at.remove ? ['DELETE'] : []),
    ];
  }
  return [
    'GET',
    'HEAD',
    ...(at.create ? ['POST'] : []),
    ...(at.patch ? ['PATCH'] : []),
    ...(at.remove ? ['DELETE'] : []),
  ];
}

function authorize(user: Requester, needed: Needed, own: boolean): void {
  if (allows(user.role, needed, own)) return;
  throw new RedfishProblem(403, message('Base.InsufficientPrivilege'));
}

function respondsAsync({ headers }: RedfishRequest): boolean {
  return /(^|[,\s])respond-async\b/i.test(headers.prefer ?? '');
}

function notFound(path: string): RedfishProblem {
  return new RedfishProblem(404, message('Base.ResourceMissingAtURI', [path.slice(0, 200)]));
}

function pathOf(segments: readonly string[]): string {
  return `/${segments.map(segment => encodeURI(segment).replace(/[?#]/g, encodeURIComponent)).join('/')}`;
}
