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

/** One request that has ended. */
export interface EndedCall extends Omit<CallCount, 'count'> {
  /** Without the query. */
  readonly path: string;
  readonly milliseconds: number;
}

/** Counts every HTTP request that is sent to a cloud, retries included. */
export class CallCounts {
  readonly #counts = new Map<string, CallCount>();
  /** Hears of each request when it has ended. */
  onCall: ((call: EndedCall) => void) | undefined;

  count(call: EndedCall): void {
    const { service, method, reason, status } = call;
    const key = `${service} ${method} ${reason} ${status}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { service, method, reason, status, count });
    this.onCall?.(call);
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
