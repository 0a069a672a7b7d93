import type { Readable } from 'node:stream';

/** The OpenStack services that this client speaks to, by their official type. */
export type ServiceType = 'identity' | 'compute' | 'network' | 'image' | 'block-storage';

/** Verbs that the APIs use. */
export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who makes a call, and until when it is wanted. */
export interface CallContext {
  /** A short constant for metrics: `poll`, `power`, `up`, `down`, `doctor`, `console`. */
  readonly reason: string;
  /** Ends the call, retries and waits included. */
  readonly signal?: AbortSignal | undefined;
}

/** Values of a query string; a list becomes a repeated parameter, `undefined` is left out. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly (string | number)[] | undefined>
>;

/** How to find what a create that went wrong on the way may have left. */
export interface CreateOptions<T> {
  /**
   * Looks for what this very create would make. It is asked before a create is sent again, so that nothing is made
   * twice.
   */
  readonly find: () => Promise<T | undefined>;
}

/** One call of a service's API. */
export interface ApiCall {
  readonly service: ServiceType;
  readonly method: HttpMethod;
  /** Below the service's endpoint, with a leading slash: `/servers/detail`; or a whole URL of a paging link. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`; such a call is never sent twice. */
  readonly stream?: (() => Readable) | undefined;
  /** Microversion that the call needs; it is spoken exactly so. Without it the call speaks the API's oldest. */
  readonly microversion?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether it may be sent again when nobody knows whether it was done. By default all but POST and PATCH may.
   */
  readonly repeatable?: boolean | undefined;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number | undefined;
}
