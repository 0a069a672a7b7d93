import type { Clock } from '../../../support/clock.ts';
import { delay } from '../../../support/delay.ts';
import type { Logger } from '../../../support/log.ts';
import type { ApiAnswer } from './answer.ts';
import { isOpenStackError, OpenStackError } from './api-error.ts';
import { Authenticator } from './authenticator.ts';
import type { ApiCall, CallContext, ServiceType } from './call.ts';
import { CallCounts } from './call-counts.ts';
import { findEndpoint, services } from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { ServiceDirectory } from './directory.ts';
import { faultOf } from './fault.ts';
import type { Hindrance } from './hindrance.ts';
import { type MicroversionRange, spokenIn } from './microversion.ts';
import { withRetries } from './retry.ts';
import type { Token } from './token.ts';
import { Transport } from './transport.ts';
import { urlOf } from './url.ts';

// Milliseconds. Clouds answer a listing or a create within seconds, a busy one within a minute.
const usualTimeout = 60_000;

/** What a session needs from outside. */
export interface SessionSurroundings {
  readonly clock: Clock;
  /** From 0 (included) to 1 (not included). */
  readonly random: () => number;
  readonly log: Logger;
  readonly hindrance?: Hindrance | undefined;
}

/** An authenticated conversation with one cloud, as one user in one project: every API call goes through it. */
export class Session implements AsyncDisposable {
  readonly config: CloudConfig;
  readonly counts = new CallCounts();
  readonly #around: SessionSurroundings;
  readonly #transport: Transport;
  readonly #authenticator: Authenticator;
  readonly #directory: ServiceDirectory;

  constructor(config: CloudConfig, around: SessionSurroundings) {
    this.config = config;
    this.#around = around;
    this.#transport = new Transport(config, around.clock, this.counts, around.hindrance);
    this.#authenticator = new Authenticator(config, around, this.#transport);
    this.#directory = new ServiceDirectory(config, (service, url) => this.#getVersions(service, url));
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

  /** Makes a call that takes something away, where its having gone already is as good. */
  async remove(call: ApiCall, ctx: CallContext): Promise<void> {
    try {
      await this.call(call, ctx);
    } catch (error) {
      if (!isOpenStackError(error, 'not-found')) throw error;
    }
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
    return this.#directory.microversions(service, await this.token(ctx), ctx.signal);
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

  /** One exchange with a valid token; one that the service no longer takes is replaced. */
  async #authorized(call: ApiCall, ctx: CallContext): Promise<ApiAnswer> {
    const { base } = await this.#directory.endpoint(call.service, await this.token(ctx), ctx.signal);
    const microversion = await this.#microversionHeaders(call, ctx);
    const url = urlOf(base, call.path, call.query);
    for (let replaced = 0; ; replaced++) {
      const token = await this.token(ctx);
      const headers = { ...call.headers, ...microversion, 'x-auth-token': token.value };
      const answer = await this.#exchange(call, url, headers, ctx);
      if (answer.status !== 401) return this.#checked(answer);
      this.#authenticator.reject(token);
      if (call.stream !== undefined || replaced === 2) return this.#checked(answer);
      // Keystone counts in seconds: with the tokens that it revokes go those that it issues in the same second.
      if (replaced === 1) await delay(this.#around.clock, 1_000, ctx.signal);
    }
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
      changes: call.method !== 'GET' && call.method !== 'HEAD',
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
      throw new OpenStackError(
        `${method} ${path} needs ${service} microversion ${microversion}; cloud ${this.config.name} speaks ${spoken}`,
        { code: 'not-supported', service, method, url: path },
      );
    }
    const headers = { 'openstack-api-version': `${name} ${microversion}` };
    // Nova knows the common header from microversion 2.27 on.
    return service === 'compute' ? { ...headers, 'x-openstack-nova-api-version': microversion } : headers;
  }

  #getVersions(service: ServiceType, url: string): Promise<ApiAnswer> {
    const ctx = { reason: 'discovery' };
    const ask = async () => {
      const { value } = await this.token(ctx);
      const answer = await this.#exchange(
        { service, method: 'GET', path: url },
        url,
        { 'x-auth-token': value },
        ctx,
      );
      // A list of versions may come with 300 Multiple Choices.
      return answer.status === 300 ? answer : this.#checked(answer);
    };
    return this.#retried(ask, () => true, ctx);
  }
}
