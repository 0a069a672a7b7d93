import { z } from 'zod';
import type { Clock } from '../../../support/clock.ts';
import type { ApiAnswer } from './answer.ts';
import { OpenStackError } from './api-error.ts';
import { Authenticator } from './authenticator.ts';
import type { ApiCall, CallContext, HttpMethod, Query, ServiceType } from './call.ts';
import { CallCounts } from './call-counts.ts';
import {
  type Endpoint,
  endpointIn,
  findEndpoint,
  isVersion,
  missingEndpoint,
  services,
  versionsUrl,
} from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { faultOf } from './fault.ts';
import { type MicroversionRange, spokenIn } from './microversion.ts';
import { withRetries } from './retry.ts';
import type { Token } from './token.ts';
import { Transport } from './transport.ts';

// Milliseconds. Clouds answer a listing or a create within seconds, a busy one within a minute.
const usualTimeout = 60_000;

const versionSchema = z.looseObject({
  id: z.string(),
  status: z.string().optional(),
  version: z.string().optional(),
  min_version: z.string().optional(),
});

const versionsSchema = z.union([
  z.looseObject({ versions: z.array(versionSchema) }).transform(body => body.versions),
  z.looseObject({ version: versionSchema }).transform(body => [body.version]),
]);

type Version = z.infer<typeof versionSchema>;

/** What a session needs from outside. */
export interface SessionSurroundings {
  readonly clock: Clock;
  /** From 0 (included) to 1 (not included). */
  readonly random: () => number;
}

/** An authenticated conversation with one cloud, as one user in one project: every API call goes through it. */
export class Session implements AsyncDisposable {
  readonly config: CloudConfig;
  readonly counts = new CallCounts();
  readonly #around: SessionSurroundings;
  readonly #transport: Transport;
  readonly #authenticator: Authenticator;
  readonly #endpoints = new Map<string, Promise<Endpoint>>();
  readonly #microversions = new Map<string, Promise<MicroversionRange | undefined>>();

  constructor(config: CloudConfig, around: SessionSurroundings) {
    this.config = config;
    this.#around = around;
    this.#transport = new Transport(config, around.clock, this.counts);
    this.#authenticator = new Authenticator(config, around, this.#transport);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  /** The token that calls are made with now. */
  token(ctx: CallContext): Promise<Token> {
    return this.#authenticator.current(ctx.signal);
  }

  /** Whether the cloud has a service, where the configuration looks for it. */
  async has(service: ServiceType, ctx: CallContext): Promise<boolean> {
    const { catalog } = await this.token(ctx);
    return service === 'identity' || findEndpoint(service, catalog, this.config) !== undefined;
  }

  /**
   * Makes one call.
   * @returns an answer with a status below 300
   * @throws OpenStackError; the context's reason to abort
   */
  async call(call: ApiCall, ctx: CallContext): Promise<ApiAnswer> {
    const repeatable =
      call.stream === undefined && (call.repeatable ?? (call.method !== 'POST' && call.method !== 'PATCH'));
    return this.#retried(
      () => this.#authorized(call, ctx),
      error => repeatable || (error.effect === 'none' && call.stream === undefined),
      ctx,
    );
  }

  /**
   * Makes something, once: when the answer was lost, looks for what the try has left before it is sent again.
   * @param read - takes what was made from the answer
   * @param find - looks for it; see {@link CreateOptions}
   */
  async create<T>(
    call: ApiCall,
    read: (answer: ApiAnswer) => T,
    find: () => Promise<T | undefined>,
    ctx: CallContext,
  ): Promise<T> {
    let sent = false;
    try {
      return await this.#retried(
        async () => {
          const left = sent ? await find() : undefined;
          if (left !== undefined) return left;
          sent = true;
          return read(await this.#authorized(call, ctx));
        },
        () => true,
        ctx,
      );
    } catch (error) {
      if (!(error instanceof OpenStackError) || error.effect === 'none') throw error;
      const left = await find();
      if (left === undefined) throw error;
      return left;
    }
  }

  /**
   * All pages of a listing.
   * @param read - the items of one page, and the link to the next one, if there is one
   */
  async pages<T>(
    call: ApiCall,
    read: (answer: ApiAnswer) => { readonly items: readonly T[]; readonly next: string | undefined },
    ctx: CallContext,
  ): Promise<{ items: T[]; first: ApiAnswer }> {
    const first = await this.call(call, ctx);
    let page = read(first);
    const items = [...page.items];
    // A service that links to what was read already must not keep us for ever.
    const seen = new Set<string>();
    while (page.next !== undefined && page.items.length > 0 && !seen.has(page.next)) {
      seen.add(page.next);
      page = read(await this.call({ ...call, path: page.next, query: undefined }, ctx));
      items.push(...page.items);
    }
    return { items, first };
  }

  /** The microversions that a service speaks; `undefined` for one that has none. Asked once. */
  async microversions(service: ServiceType, ctx: CallContext): Promise<MicroversionRange | undefined> {
    if (services[service].microversionName === undefined) return undefined;
    const { root } = await this.#endpoint(service, ctx);
    return remembered(this.#microversions, root, async () => {
      const versions = await this.#discover(service, `${root}/`, ctx);
      const version = versions.find(candidate => isVersion(candidate.id, services[service].major));
      if (!version?.version || !version.min_version) return undefined;
      return { min: version.min_version, max: version.version };
    });
  }

  /** Whether a service speaks a microversion. */
  async speaks(service: ServiceType, microversion: string, ctx: CallContext): Promise<boolean> {
    return spokenIn(await this.microversions(service, ctx), microversion);
  }

  #retried<T>(
    attempt: () => Promise<T>,
    mayRepeat: (error: OpenStackError) => boolean,
    ctx: CallContext,
  ): Promise<T> {
    return withRetries(attempt, mayRepeat, { ...this.#around, signal: ctx.signal });
  }

  /** One exchange with a valid token; a token that the service no longer takes is replaced once. */
  async #authorized(call: ApiCall, ctx: CallContext): Promise<ApiAnswer> {
    const { base } = await this.#endpoint(call.service, ctx);
    const microversion = await this.#microversionHeaders(call, ctx);
    const url = urlOf(base, call.path, call.query);
    const send = async (token: Token) =>
      this.#exchange(call, url, { ...call.headers, ...microversion, 'x-auth-token': token.value }, ctx);
    const token = await this.token(ctx);
    const answer = await send(token);
    if (answer.status !== 401 || call.stream !== undefined) return this.#checked(answer);
    this.#authenticator.reject(token);
    return this.#checked(await send(await this.token(ctx)));
  }

  #checked(answer: ApiAnswer): ApiAnswer {
    if (answer.status >= 300) throw faultOf(answer, this.#around.clock);
    return answer;
  }

  #exchange(
    call: ApiCall,
    url: string,
    headers: Record<string, string>,
    ctx: CallContext,
  ): Promise<ApiAnswer> {
    const json = call.body !== undefined;
    return this.#transport.send({
      service: call.service,
      method: call.method,
      url,
      headers: {
        accept: 'application/json',
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: json ? JSON.stringify(call.body) : call.stream?.(),
      timeout: call.timeout ?? usualTimeout,
      reason: ctx.reason,
      signal: ctx.signal,
    });
  }

  async #microversionHeaders(call: ApiCall, ctx: CallContext): Promise<Record<string, string>> {
    const { service, method, path, microversion } = call;
    const name = services[service].microversionName;
    if (microversion === undefined || name === undefined) return {};
    const range = await this.microversions(service, ctx);
    if (!spokenIn(range, microversion)) {
      const spoken = range === undefined ? 'none' : `${range.min} to ${range.max}`;
      throw this.#notSupported(
        service,
        method,
        path,
        `${method} ${path} needs ${service} microversion ${microversion}; cloud ${this.config.name} speaks ${spoken}`,
      );
    }
    const headers = { 'openstack-api-version': `${name} ${microversion}` };
    // Nova knows the common header from microversion 2.27 on.
    return service === 'compute' ? { ...headers, 'x-openstack-nova-api-version': microversion } : headers;
  }

  async #endpoint(service: ServiceType, ctx: CallContext): Promise<Endpoint> {
    const token = await this.token(ctx);
    const url = findEndpoint(service, token.catalog, this.config) ?? this.#identityUrl(service);
    if (url === undefined) {
      throw this.#notSupported(service, 'GET', '', missingEndpoint(service, token.catalog, this.config));
    }
    const known = endpointIn(service, url);
    if (known) return known;
    return remembered(this.#endpoints, `${service} ${url}`, async () => {
      const list = versionsUrl(url);
      const versions = await this.#discover(service, list, ctx);
      const { major, projectInPath } = services[service];
      const version = versions.find(
        candidate => isVersion(candidate.id, major) && candidate.status !== 'DEPRECATED',
      );
      if (version === undefined) {
        const offered = versions.map(candidate => candidate.id).join(', ') || 'none';
        throw this.#notSupported(
          service,
          'GET',
          list,
          `cloud ${this.config.name} has no ${service} API ${major}; it offers: ${offered}`,
        );
      }
      // The links of version documents often name hosts that only the cloud itself can reach.
      const root = `${list}${pathSegmentOf(service, version.id)}`;
      return { root, base: projectInPath ? `${root}/${token.projectId}` : root };
    });
  }

  #identityUrl(service: ServiceType): string | undefined {
    return service === 'identity' ? this.config.authUrl : undefined;
  }

  async #discover(service: ServiceType, url: string, ctx: CallContext): Promise<Version[]> {
    // The finding is shared by all callers, so no single one of them may end it.
    const discovery = { reason: 'discovery' };
    const call: ApiCall = { service, method: 'GET', path: url };
    const answer = await this.#retried(
      async () => {
        const token = await this.token(ctx);
        const answer = await this.#exchange(call, url, { 'x-auth-token': token.value }, discovery);
        // A list of versions comes with 300 Multiple Choices.
        return answer.status === 300 ? answer : this.#checked(answer);
      },
      () => true,
      discovery,
    );
    return answer.read(versionsSchema);
  }

  #notSupported(service: ServiceType, method: HttpMethod, url: string, message: string): OpenStackError {
    return new OpenStackError(message, { code: 'not-supported', service, method, url });
  }
}

/** The value under a key, made once; a failure is not remembered. */
function remembered<T>(values: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = values.get(key);
  if (known) return known;
  const made = make();
  values.set(key, made);
  made.catch(() => values.delete(key));
  return made;
}

/** How a version's URL ends: most call it like the version, but all of v2 or v3 is one path. */
function pathSegmentOf(service: ServiceType, id: string): string {
  // Neutron has v2.0 and Nova v2.1 in the path; Glance's v2.16 lives under v2, Cinder's v3.0 and Keystone's v3.14 under v3.
  return service === 'network' ? id : services[service].major;
}

function urlOf(base: string, path: string, query: Query | undefined): string {
  const url = /^https?:/.test(path) ? linkUnder(base, path) : `${base}${path}`;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) search.append(name, String(one));
  }
  return search.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${search}`;
}

/** A paging link, with the scheme and host that the service is reached by: behind a proxy the link may name others. */
function linkUnder(base: string, link: string): string {
  const { pathname, search } = new URL(link);
  const { origin, pathname: under } = new URL(base);
  const segment = under.split('/').filter(part => /^v\d/.test(part))[0];
  const from = segment === undefined ? -1 : pathname.indexOf(`/${segment}/`);
  // The link's path from the version on, below the path that leads to the version here.
  const path = from < 0 ? pathname : `${under.slice(0, under.indexOf(`/${segment}`))}${pathname.slice(from)}`;
  return `${origin}${path}${search}`;
}
