import type { HttpMethod, ServiceType } from './call.ts';

/** How often one kind of call was made. */
export interface CallCount {
  readonly service: ServiceType;
  readonly method: HttpMethod;
  /** The caller's {@link CallContext.reason}; `token` and `discovery` are the client's own. */
  readonly reason: string;
  /** HTTP status, or `unreachable`, `aborted`. */
  readonly status: string;
  readonly count: number;
}

/** Counts every HTTP request that is sent to a cloud, retries included. */
export class CallCounts {
  readonly #counts = new Map<string, CallCount>();

  count(service: ServiceType, method: HttpMethod, reason: string, status: number | string): void {
    const key = `${service} ${method} ${reason} ${status}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { service, method, reason, status: String(status), count });
  }

  entries(): readonly CallCount[] {
    return [...this.#counts.values()];
  }

  /** All requests, or those to one service. */
  total(service?: ServiceType): number {
    return this.entries()
      .filter(entry => service === undefined || entry.service === service)
      .reduce((sum, entry) => sum + entry.count, 0);
  }
}
