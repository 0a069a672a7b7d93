import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Activity } from '../../node/activity.ts';
import type { Clock } from '../../support/clock.ts';
import type { RequestScope } from '../../support/request-scope.ts';
import { version } from '../../support/version.ts';
import { commandText } from './command-text.ts';
import type { Happening, Happenings } from './happenings.ts';

/** A span with that under which others are below it. */
interface Open {
  readonly span: Span;
  readonly context: Context;
}

/** A request's span, and how much that it has set off is under way. */
interface Requested extends Open {
  pending: number;
  ended: boolean;
}

/** An operation or a driver call, and the request that set it off. */
interface Deed extends Open {
  readonly id: number;
  readonly requested: Requested | undefined;
}

/** What a node has under way. */
interface Underway {
  operation?: Deed | undefined;
  call?: Deed | undefined;
}

/**
 * Makes spans of what happens: a client's request, the node's operation below it, the driver's calls below that, the
 * cloud's below those. Of polls and other things that are nobody's there are none. Costs next to nothing as long as no
 * OpenTelemetry SDK is loaded.
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/
 */
export class Tracing {
  readonly #clock: Clock;
  readonly #tracer: Tracer;
  readonly #requests = new WeakMap<RequestScope, Requested>();
  readonly #nodes = new Map<string, Underway>();
  /** The driver call that is made for a request now. */
  readonly #calls = new WeakMap<RequestScope, Open>();

  constructor(happenings: Happenings, clock: Clock, tracer: Tracer = trace.getTracer('quintupleo', version)) {
    this.#clock = clock;
    this.#tracer = tracer;
    happenings.listen(happening => this.#take(happening));
  }

  #take(happening: Happening): void {
    if (happening.type === 'node') this.#takeActivity(happening, happening.activity);
    else if (happening.type === 'cloud') this.#takeCloudCall(happening);
  }

  #takeActivity({ lab, node }: Happening & { type: 'node' }, activity: Activity): void {
    const key = `${lab}/${node}`;
    const attributes = { 'quintupleo.lab': lab, 'quintupleo.node': node };
    switch (activity.type) {
      case 'command': {
        const { command, reply, request } = activity;
        if (!request) return;
        const { span } = this.#requested(request);
        span.setAttributes({ ...attributes, 'quintupleo.command': commandText(command) });
        if (!reply.accepted) span.setStatus({ code: SpanStatusCode.ERROR, message: reply.message });
        break;
      }
      case 'operation-began': {
        const { operation, request } = activity;
        const { id, action, trigger } = operation;
        const more = { 'quintupleo.operation': id, 'quintupleo.trigger': trigger };
        const underway = this.#underway(key);
        // One that nobody heard the end of: its node was taken down meanwhile.
        this.#end(underway.operation);
        underway.operation = this.#begin(id, `power ${action}`, { ...attributes, ...more }, request);
        break;
      }
      case 'operation-ended': {
        const underway = this.#nodes.get(key);
        const operation = underway?.operation;
        if (!operation || operation.id !== activity.result.id) return;
        const { outcome, message } = activity.result;
        operation.span.setAttribute('quintupleo.outcome', outcome);
        this.#end(operation, outcome === 'failed' ? message : undefined);
        underway.operation = undefined;
        this.#settle(key, underway);
        break;
      }
      case 'call': {
        const { id, act, request } = activity;
        const underway = this.#underway(key);
        this.#end(underway.call);
        const call = this.#begin(id, `driver ${act.action}`, attributes, request, underway.operation);
        underway.call = call;
        if (request) this.#calls.set(request, call);
        break;
      }
      case 'call-ended': {
        const underway = this.#nodes.get(key);
        const call = underway?.call;
        if (!call || call.id !== activity.id) return;
        const { error, request } = activity;
        this.#end(call, error && `${error.kind}: ${error.message}`);
        underway.call = undefined;
        if (request && this.#calls.get(request)?.span === call.span) this.#calls.delete(request);
        this.#settle(key, underway);
        break;
      }
      default:
        break;
    }
  }

  /** A call that has ended is all that is heard of it. */
  #takeCloudCall({ call, request }: Happening & { type: 'cloud' }): void {
    if (!request) return;
    const { cloud, service, method, path, status, reason, milliseconds } = call;
    const end = this.#clock.now();
    const above = this.#calls.get(request) ?? this.#requested(request);
    const attributes = {
      'http.request.method': method,
      'url.path': path,
      'quintupleo.cloud': cloud,
      'quintupleo.reason': reason,
      ...(/^\d+$/.test(status) && { 'http.response.status_code': Number(status) }),
    };
    const span = this.#tracer.startSpan(
      `${method} ${service}`,
      { kind: SpanKind.CLIENT, startTime: end - milliseconds, attributes },
      above.context,
    );
    if (!/^[23]/.test(status)) span.setStatus({ code: SpanStatusCode.ERROR, message: status });
    span.end(end);
  }

  /** A request's span. It ends when nothing that it has set off is under way any more. */
  #requested(request: RequestScope): Requested {
    const known = this.#requests.get(request);
    if (known) {
      this.#hold(known);
      return known;
    }
    const { name, face, by, traceparent } = request.origin;
    const attributes = {
      'quintupleo.request': request.id,
      'quintupleo.face': face,
      'quintupleo.by': by,
    };
    const above = remoteContext(traceparent);
    const open = this.#open(name, above, attributes, SpanKind.SERVER);
    const requested = { ...open, pending: 0, ended: false };
    this.#requests.set(request, requested);
    this.#hold(requested);
    return requested;
  }

  /** What a request sets off at once has begun by the next microtask. */
  #hold(requested: Requested): void {
    requested.pending++;
    queueMicrotask(() => this.#release(requested));
  }

  #release(requested: Requested | undefined): void {
    if (!requested) return;
    requested.pending--;
    if (requested.pending > 0 || requested.ended) return;
    requested.ended = true;
    requested.span.end(this.#clock.now());
  }

  #open(name: string, above: Context, attributes: Record<string, string | number>, kind?: SpanKind): Open {
    const startTime = this.#clock.now();
    const span = this.#tracer.startSpan(name, { startTime, attributes, ...(kind && { kind }) }, above);
    return { span, context: trace.setSpan(above, span) };
  }

  /** @param operation - which it is part of, if it is the same request's */
  #begin(
    id: number,
    name: string,
    attributes: Record<string, string | number>,
    request: RequestScope | undefined,
    operation?: Deed | undefined,
  ): Deed {
    const requested = request && this.#requested(request);
    if (requested) requested.pending++;
    const above = operation?.requested === requested ? operation : requested;
    return { ...this.#open(name, above?.context ?? ROOT_CONTEXT, attributes), id, requested };
  }

  #end(deed: Deed | undefined, failure?: string | undefined): void {
    if (!deed) return;
    if (failure !== undefined) deed.span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    deed.span.end(this.#clock.now());
    this.#release(deed.requested);
  }

  #underway(key: string): Underway {
    const underway = this.#nodes.get(key) ?? {};
    this.#nodes.set(key, underway);
    return underway;
  }

  /** Nodes that have nothing under way are not remembered. */
  #settle(key: string, { operation, call }: Underway): void {
    if (!operation && !call) this.#nodes.delete(key);
  }
}

/** The context of a client that says in which trace it asks. @see https://www.w3.org/TR/trace-context/#traceparent-header */
function remoteContext(traceparent: string | undefined): Context {
  const [, traceId = '', spanId = '', flags = '0'] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/.exec(traceparent ?? '') ?? [];
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
}
