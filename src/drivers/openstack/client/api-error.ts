import type { HttpMethod, ServiceType } from './call.ts';

/** What went wrong, by what a caller can do about it. */
export type OpenStackErrorCode =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  /** A quota, or a limit of the rate of calls. */
  | 'over-limit'
  | 'too-large'
  /** A fault of the cloud, or an answer that makes no sense. */
  | 'server-fault'
  /** No answer: no route, no connection, no valid certificate, or none in time. */
  | 'unreachable'
  /** The cloud lacks the service, the version or the microversion. */
  | 'not-supported';

/** What an {@link OpenStackError} is made of. */
export interface OpenStackErrorDetails {
  readonly code: OpenStackErrorCode;
  readonly service: ServiceType;
  readonly method: HttpMethod;
  readonly url: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly passing?: boolean | undefined;
  readonly effect?: 'none' | 'unknown' | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A call of an OpenStack API that failed. Its message is the cloud's own sentence where the cloud said one. */
export class OpenStackError extends Error {
  readonly code: OpenStackErrorCode;
  readonly service: ServiceType;
  readonly method: HttpMethod;
  /** Without credentials. */
  readonly url: string;
  /** HTTP status; `undefined` without an answer. */
  readonly status: number | undefined;
  /** By which the cloud's operator finds the call in the logs. */
  readonly requestId: string | undefined;
  /** Whether the same call may succeed later without anybody doing anything. */
  readonly passing: boolean;
  /** Whether the cloud may nevertheless have done what it was asked. */
  readonly effect: 'none' | 'unknown';
  /** Milliseconds after which the cloud wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(message: string, details: OpenStackErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OpenStackError';
    this.code = details.code;
    this.service = details.service;
    this.method = details.method;
    this.url = details.url;
    this.status = details.status;
    this.requestId = details.requestId;
    this.passing = details.passing ?? false;
    this.effect = details.effect ?? 'none';
    this.retryAfter = details.retryAfter;
  }

  /** For logs and bug reports: `compute POST http://…/servers: 409 conflict: Multiple … (req-…)`. */
  describe(): string {
    const request = this.requestId === undefined ? '' : ` (${this.requestId})`;
    const outcome = this.status === undefined ? this.code : `${this.status} ${this.code}`;
    return `${this.service} ${this.method} ${this.url}: ${outcome}: ${this.message}${request}`;
  }
}

/** Whether `error` is an {@link OpenStackError} with one of these codes. */
export function isOpenStackError(error: unknown, ...codes: OpenStackErrorCode[]): error is OpenStackError {
  return error instanceof OpenStackError && (codes.length === 0 || codes.includes(error.code));
}
