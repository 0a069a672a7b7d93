import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a request of a client came in. */
export type Face = 'ipmi' | 'redfish' | 'control' | 'dashboard' | 'scenario';

/** What a client asked for, for all that is done on its behalf: decisions, driver calls, cloud calls, logs. */
export interface RequestOrigin {
  readonly face: Face;
  /** What was asked for, as that face calls it: `Chassis Control`, `POST /redfish/v1/Systems/a/Actions/…`. */
  readonly name: string;
  /** Who asks: `admin from 192.0.2.7`. */
  readonly by: string;
  /** W3C trace context that came with the request. @see https://www.w3.org/TR/trace-context/ */
  readonly traceparent?: string | undefined;
}

let count = 0;
const run = Date.now().toString(36);

/** A request that is being carried out. What it is called is found out when somebody wants to know: most change nothing. */
export class RequestScope {
  readonly #describe: () => RequestOrigin;
  #origin: RequestOrigin | undefined;
  #id: string | undefined;

  constructor(describe: () => RequestOrigin) {
    this.#describe = describe;
  }

  get origin(): RequestOrigin {
    this.#origin ??= this.#describe();
    return this.#origin;
  }

  /** Unique among all requests of this host. */
  get id(): string {
    this.#id ??= `${run}-${(++count).toString(36)}`;
    return this.#id;
  }
}

const current = new AsyncLocalStorage<RequestScope | undefined>();

/**
 * Does something on behalf of a client: all that it awaits and starts finds the request in {@link currentRequest}.
 * @param scope - `undefined`: on nobody's behalf, such as what is done again and again once a request has begun it
 */
export function onBehalfOf<T>(scope: RequestScope | undefined, work: () => T): T {
  return scope === current.getStore() ? work() : current.run(scope, work);
}

/** The request on whose behalf this runs; `undefined`: nobody's, such as a timer's. */
export function currentRequest(): RequestScope | undefined {
  return current.getStore();
}
