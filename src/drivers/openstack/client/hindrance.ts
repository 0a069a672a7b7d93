import type { HttpMethod, ServiceType } from './call.ts';

/** A request that is about to be sent. */
export interface ComingRequest {
  readonly service: ServiceType;
  readonly method: HttpMethod;
  /** Without the query. */
  readonly path: string;
}

/** An answer that comes in place of the cloud's. */
export interface HinderedAnswer {
  /** HTTP. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * What stands between a lab and its cloud on purpose. Resolves when the request may be sent, or to the answer that it gets
 * instead.
 */
export type Hindrance = (request: ComingRequest, signal: AbortSignal) => Promise<HinderedAnswer | undefined>;
