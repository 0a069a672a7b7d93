import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Clock } from '../../../support/clock.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../../../support/errors.ts';
import { ApiAnswer, type Asked } from './answer.ts';
import { OpenStackError } from './api-error.ts';
import type { CallCounts } from './call-counts.ts';
import type { CloudConfig } from './cloud-config.ts';

// Milliseconds: for a connection to be made, and for an unused one to be kept.
const connectTimeout = 10_000;
const keepAlive = 10_000;
/** Connections to one endpoint, so that a burst of calls does not swamp a small cloud. */
const connections = 16;
/** Bytes; a listing of a thousand servers has about three million. */
const largestAnswer = 64 * 2 ** 20;

// These say for certain that the request never left this machine.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

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
  #agent: Promise<Agent> | undefined;

  constructor(config: CloudConfig, clock: Clock, counts: CallCounts) {
    this.#config = config;
    this.#clock = clock;
    this.#counts = counts;
  }

  /**
   * @returns the answer, whatever its status
   * @throws OpenStackError `unreachable`; the signal's reason when it aborts
   */
  async send(request: HttpRequest): Promise<ApiAnswer> {
    request.signal?.throwIfAborted();
    this.#agent ??= this.#createAgent();
    const agent = await this.#agent;
    const { service, method, url, reason } = request;
    const controller = new AbortController();
    const abort = () => controller.abort();
    request.signal?.addEventListener('abort', abort, { once: true });
    const timer = this.#clock.after(request.timeout, abort);
    try {
      const { origin, pathname, search } = new URL(url);
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
      this.#counts.count(service, method, reason, response.statusCode);
      return new ApiAnswer({ service, method, url }, response.statusCode, response.headers, text);
    } catch (error) {
      const aborted = request.signal?.aborted === true;
      this.#counts.count(service, method, reason, aborted ? 'aborted' : 'unreachable');
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
    const { service, method, url, timeout } = request;
    const { origin } = new URL(url);
    const code = systemCodeOf(error);
    const certificate = isAboutCertificates(code);
    const why = late
      ? `no answer within ${timeout / 1000} seconds`
      : messageOf(error) || (code ?? 'no reason given');
    const remedy = certificate
      ? `; set "cacert" of the cloud ${this.#config.name} to its certificate authority`
      : '';
    return new OpenStackError(`cannot reach the ${service} service at ${origin}: ${why}${remedy}`, {
      code: 'unreachable',
      service,
      method,
      url,
      passing: !certificate,
      effect: !late && code !== undefined && (certificate || neverSent.has(code)) ? 'none' : 'unknown',
      cause: error,
    });
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

function isAboutCertificates(code: string | undefined): boolean {
  return code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_SSL|ERR_TLS/.test(code);
}
