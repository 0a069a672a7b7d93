import type { ServiceName } from './service.ts';

/** Which requests a fault befalls; what is left out matches anything. */
export interface RequestMatch {
  readonly service?: ServiceName | undefined;
  readonly method?: string | undefined;
  /** Of the path within the service, without the query: the whole of it, or a pattern. */
  readonly path?: string | RegExp | undefined;
}

/** What befalls a request. */
export type FaultResponse =
  /** An answer instead of the service's own. With `carriedOut`, the request is carried out all the same. */
  | {
      readonly type: 'status';
      readonly status: number;
      /** Seconds, or an HTTP date. */
      readonly retryAfter?: number | string | undefined;
      readonly body?: unknown;
      readonly carriedOut?: boolean | undefined;
    }
  /** The connection is reset, before or after the request has been carried out. */
  | { readonly type: 'reset'; readonly when: 'before' | 'after' }
  /** The answer is late by so many milliseconds of the clock; the request is carried out at once. */
  | { readonly type: 'delay'; readonly ms: number }
  /** No answer, until whoever asked goes away. */
  | { readonly type: 'silence' };

export interface Fault {
  readonly match: RequestMatch;
  /** How many requests it befalls; one by default. */
  readonly times?: number | undefined;
  readonly respond: FaultResponse;
}

/** A fault that has been injected. */
export interface InjectedFault {
  /** How many requests it is still to befall. */
  readonly remaining: number;
  remove(): void;
}

export function matches(
  match: RequestMatch,
  request: { readonly service: ServiceName; readonly method: string; readonly path: string },
): boolean {
  if (match.service !== undefined && match.service !== request.service) return false;
  if (match.method !== undefined && match.method !== request.method) return false;
  if (match.path === undefined) return true;
  return typeof match.path === 'string' ? match.path === request.path : match.path.test(request.path);
}

/** Faults in the order in which they are tried: the last one injected is the first. */
export class Faults {
  #entries: { readonly fault: Fault; remaining: number }[] = [];

  inject(fault: Fault): InjectedFault {
    const entry = { fault, remaining: fault.times ?? 1 };
    this.#entries.unshift(entry);
    return {
      get remaining() {
        return entry.remaining;
      },
      remove: () => {
        entry.remaining = 0;
      },
    };
  }

  /** What befalls this request, which is counted. */
  take(request: Parameters<typeof matches>[1]): FaultResponse | undefined {
    this.#entries = this.#entries.filter(entry => entry.remaining > 0);
    const entry = this.#entries.find(({ fault }) => matches(fault.match, request));
    if (!entry) return undefined;
    entry.remaining--;
    return entry.fault.respond;
  }
}
