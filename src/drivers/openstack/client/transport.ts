import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Clock } from '../../../support/clock.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../../../support/errors.ts';
import { ApiAnswer, type Asked } from './answer.ts';
import { OpenStackError } from './api-error.ts';
import type { CallCounts } from './call-counts.ts';
import type { CloudConfig } from './cloud-config.ts';
import type { Hindrance } from './hindrance.ts';

// Milliseconds for a connection to be made.
const connectTimeout = 10_000;
/** Milliseconds that an unused connection is kept: less than the five seconds after which Apache would close it. */
const keepAlive = 4_000;
/** Connections to one endpoint, so that a burst of calls does not swamp a small cloud. */
const connections = 16;
/** Bytes; a listing of a thousand servers has about three million. */
const largestAnswer = 64 * 2 ** 20;

/** These say for certain that the request never left this machine. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|EPROTO|ERR_SSL_.*|ERR_TLS_.*)$/;
/** Certificates whose issuer is not known. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;
/** These do not pass by waiting. */
const lasting = /^(ENOTFOUND|EPROTO|UND_ERR_DESTROYED|UND_ERR_CLOSED|CERT_.*|ERR_SSL_.*|ERR_TLS_.*)$/;

/** One HTTP request. */
export interface HttpRequest extends Asked {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable | undefined;
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  readonly reason: string;
  readonly signal: AbortSignal | undefined;
}

/** Sends HTTP requests to one cloud over connections that are kept, and counts them. */
export class Transport implements AsyncDisposable {
  readonly #config: CloudConfig;
  readonly #clock: Clock;
  readonly #counts: CallCounts;
  readonly #hindrance: Hindrance | undefined;
  #agent: Promise<Agent> | undefined;

  constructor(config: CloudConfig, clock: Clock, counts: CallCounts, hindrance?: Hindrance) {
    this.#config = config;
    this.#clock = clock;
    this.#counts = counts;
    this.#hindrance = hindrance;
  }

  /**
   * @returns the answer, whatever its status
   * @throws OpenStackError `unreachable`; the signal's reason when it aborts
   */
  async send(request: HttpRequest): Promise<ApiAnswer> {
    request.signal?.throwIfAborted();
    this.#agent ??= this.#createAgent();
    const agent = await this.#agent;
    const { service, method, url, changes, reason } = request;
    const controller = new AbortController();
    const abort = () => controller.abort();
    request.signal?.addEventListener('abort', abort, { once: true });
    const timer = this.#clock.after(request.timeout, abort);
    const { origin, pathname, search } = new URL(url);
    const begun = this.#clock.now();
    const count = (status: string) => {
      const milliseconds = this.#clock.now() - begun;
      this.#counts.count({ service, method, reason, status, path: pathname, milliseconds });
    };
    try {
      const hindered = await this.#hindrance?.({ service, method, path: pathname }, controller.signal);
      if (hindered) {
        count(String(hindered.status));
        const { status, headers, text } = hindered;
        return new ApiAnswer({ service, method, url, changes }, status, headers, text);
      }
      const response = await agent.request({
        origin,
        path: `${pathname}${search}`,
        method,
        headers: request.headers,
        body: request.body ?? null,
        signal: controller.signal,
        // The clock's timer above is the one bound.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const text = await response.body.text();
      count(String(response.statusCode));
      return new ApiAnswer({ service, method, url, changes }, response.statusCode, response.headers, text);
    } catch (error) {
      const aborted = request.signal?.aborted === true;
      count(aborted ? 'aborted' : 'unreachable');
      if (aborted) throw request.signal?.reason;
      throw this.#unreachable(request, error, controller.signal.aborted);
    } finally {
      timer.cancel();
      request.signal?.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const agent = await this.#agent?.catch(() => undefined);
    await agent?.destroy();
  }

  #unreachable(request: HttpRequest, error: unknown, late: boolean): OpenStackError {
    const { service, method, url, changes, timeout } = request;
    const code = systemCodeOf(error) ?? '';
    const why = late ? `no answer within ${timeout / 1000} seconds` : messageOf(error) || code;
    const strange = untrusted.test(code);
    const remedy = strange
      ? `; set "cacert" of cloud ${this.#config.name} to its authority's certificate`
      : '';
    const refused = !late && (strange || neverSent.test(code) || lasting.test(code));
    return new OpenStackError(
      `cannot reach the ${service} service at ${new URL(url).origin}: ${why}${remedy}`,
      {
        code: 'unreachable',
        service,
        method,
        url,
        passing: late || !(strange || lasting.test(code)),
        effect: changes && !refused ? 'unknown' : 'none',
        cause: error,
      },
    );
  }

  async #createAgent(): Promise<Agent> {
    const { caFile, certFile, keyFile, verify } = this.#config;
    const cert = await this.#pem('cert', certFile);
    return new Agent({
      connections,
      keepAliveTimeout: keepAlive,
      maxResponseSize: largestAnswer,
      connect: {
        timeout: connectTimeout,
        rejectUnauthorized: verify,
        ca: await this.#pem('cacert', caFile),
        cert,
        // A client certificate's file may hold its key as well.
        key: keyFile === undefined ? cert : await this.#pem('key', keyFile),
      },
    });
  }

  async #pem(key: string, path: string | undefined): Promise<string | undefined> {
    if (path === undefined) return undefined;
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      const { source, name } = this.#config;
      throw new QuintupleoError(`${source}: cloud ${name}: ${key}: ${messageOf(error)}`, {
        family: 'config',
        code: 'CLOUD_CERTIFICATE_UNREADABLE',
        remedy: `Make ${key} the path of a PEM file that can be read.`,
        cause: error,
      });
    }
  }
}
