import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import type { LabDefinition } from '../lab/definition.ts';
import type { Command } from '../node/command.ts';
import type { NodeRunner } from '../node/runner.ts';
import type { Clock } from '../support/clock.ts';
import { type ErrorFamily, messageOf, QuintupleoError } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { currentRequest, onBehalfOf, RequestScope } from '../support/request-scope.ts';
import type {
  ApiError,
  CredentialsAnswer,
  DaemonStatus,
  OperationAnswer,
  PlanAnswer,
  Progress,
} from './api.ts';
import type { WebAccess } from './api-watch.ts';
import type { BootService } from './boot-service.ts';
import { addFaultRoutes } from './faults/fault-routes.ts';
import { addHardwareRoutes } from './hardware-routes.ts';
import { loginsOf, serviceLoginsOf } from './lab-record.ts';
import type { LabRuntime } from './lab-runtime.ts';
import type { Labs } from './labs.ts';
import { powerNode, refused } from './node-power.ts';
import type { Metrics } from './watch/metrics.ts';
import { addMetricsRoute } from './watch/metrics-route.ts';
import type { Timeline } from './watch/timeline.ts';
import { addWatchRoutes, type WatchRoutesParts } from './watch/watch-routes.ts';

/** What the control API works with. */
export interface ControlParts {
  readonly labs: Labs;
  readonly boot: BootService;
  readonly timeline: Timeline;
  readonly metrics: Metrics;
  readonly watched: WatchRoutesParts;
  /** Opens the dashboard, if it is not open. */
  readonly web: () => Promise<WebAccess>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly status: () => DaemonStatus;
  readonly stop: () => void;
}

const powerRequest = z.object({
  action: z.enum(['on', 'off', 'soft-off', 'reset', 'cycle', 'graceful-restart', 'nmi']),
  wait: z.number().min(0).max(600_000),
});

const stopRequest = z.object({ grace: z.number().min(0).max(600_000) });

const bootRequest = z.object({
  target: z.enum([
    'default',
    'pxe',
    'disk',
    'disk-safe-mode',
    'diagnostic',
    'cdrom',
    'bios-setup',
    'removable',
  ]),
  enabled: z.enum(['disabled', 'once', 'continuous']),
  mode: z.enum(['bios', 'uefi']).optional(),
});

/** The control API's routes; `src/daemon/api.ts` describes them. */
export function controlApi(parts: ControlParts): Hono {
  const { labs, boot, timeline, clock, log, status, stop } = parts;
  const app = new Hono();

  app.use(async ({ req }, next) => {
    // A way in that knows who asks has said so already.
    if (currentRequest()) return next();
    const { method, path } = req;
    const scope = new RequestScope(() => ({
      face: 'control',
      name: `${method} ${path}`,
      by: 'the command line',
      traceparent: req.header('traceparent'),
    }));
    return onBehalfOf(scope, next);
  });

  app.get('/v1/daemon', context => context.json(status()));
  app.post('/v1/daemon/stop', context => {
    // Who asks is answered before the daemon begins to hang up.
    const { outgoing } = context.env as HttpBindings;
    outgoing.once('close', stop);
    return context.body(null, 204);
  });

  addWatchRoutes(app, parts.watched);
  app.post('/v1/web', async context => context.json(await parts.web()));
  addFaultRoutes(app, labs);
  addMetricsRoute(app, parts.metrics);

  app.get('/v1/labs', async context =>
    context.json(await Promise.all(labs.list().map(lab => lab.currentStatus()))),
  );
  app.get('/v1/labs/:lab', async context =>
    context.json(await labs.get(context.req.param('lab')).currentStatus()),
  );
  app.get('/v1/labs/:lab/credentials', context => {
    const lab = labs.get(context.req.param('lab'));
    const names = lab.remote ? Object.keys(lab.record.definition.bmcs) : lab.nodes.names();
    const nodes = Object.fromEntries(names.map(name => [name, loginsOf(lab.record, name)]));
    const kg = Object.fromEntries(
      Object.entries(lab.record.definition.bmcs).flatMap(([name, { ipmi }]) =>
        ipmi.kg ? [[name, ipmi.kg]] : [],
      ),
    );
    return context.json({ nodes, redfish: serviceLoginsOf(lab.record), kg } satisfies CredentialsAnswer);
  });
  app.post('/v1/labs/plan', async context => {
    const definition = await context.req.json<LabDefinition>();
    return context.json(await labs.plan(definition));
  });
  app.post('/v1/labs/apply', async context => {
    const definition = await context.req.json<LabDefinition>();
    return progressStream(context.req.raw.signal, log, async (tell, signal) =>
      (await labs.apply(definition, tell, signal)).currentStatus(),
    );
  });
  app.delete('/v1/labs/:lab', context =>
    progressStream(context.req.raw.signal, log, async (tell, signal) => {
      await labs.remove(context.req.param('lab'), tell, signal);
      return undefined;
    }),
  );

  app.post('/v1/labs/:lab/stop', async context => {
    const { grace } = stopRequest.parse(await context.req.json());
    return progressStream(context.req.raw.signal, log, async (tell, signal) =>
      (await labs.stop(context.req.param('lab'), grace, tell, signal)).currentStatus(),
    );
  });
  app.post('/v1/labs/:lab/start', context =>
    progressStream(context.req.raw.signal, log, async (tell, signal) =>
      (await labs.start(context.req.param('lab'), tell, signal)).currentStatus(),
    ),
  );
  app.get('/v1/labs/:lab/drift', async context =>
    context.json({ changes: await labs.drift(context.req.param('lab')), warnings: [] } satisfies PlanAnswer),
  );

  // Of a node that is served elsewhere, too: what happens is told here with this daemon's own numbers.
  app.get('/v1/labs/:lab/nodes/:node/timeline', async (context, next) => {
    const { name, elsewhere } = labs.get(context.req.param('lab'));
    const node = elsewhere?.summary(context.req.param('node'));
    return node ? context.json(timeline.of(name, node.name)) : next();
  });
  app.use('/v1/labs/:lab/nodes/*', async (context, next) => {
    const { remote } = labs.get(context.req.param('lab'));
    return remote ? remote.forward(context.req.raw) : next();
  });
  app.get('/v1/labs/:lab/nodes/:node', context => {
    const { lab, name } = lookUp(context);
    return context.json(lab.nodes.status(name));
  });
  app.get('/v1/labs/:lab/nodes/:node/why', async context => {
    const { lab, name } = lookUp(context);
    return context.json(await lab.why(name, context.req.raw.signal));
  });
  app.get('/v1/labs/:lab/nodes/:node/events', context =>
    context.json(lookUp(context).node.state.log.entries),
  );
  app.get('/v1/labs/:lab/nodes/:node/timeline', context => {
    const { lab, name } = lookUp(context);
    return context.json(timeline.of(lab.name, name));
  });
  app.post('/v1/labs/:lab/nodes/:node/power', async context => {
    const { lab, node, name } = lookUp(context);
    const request = powerRequest.parse(await context.req.json());
    const result = await powerNode(node, request, clock, context.req.raw.signal);
    return context.json({ node: lab.nodes.status(name), result } satisfies OperationAnswer);
  });
  app.put('/v1/labs/:lab/nodes/:node/boot', async context => {
    const { lab, node, name } = lookUp(context);
    const { target, enabled, mode } = bootRequest.parse(await context.req.json());
    const by = 'control API';
    const commands: Command[] = [
      {
        type: 'set-boot-override',
        override: { target, enabled, detail: undefined },
        expiresAfter: undefined,
        by,
      },
    ];
    if (mode) commands.unshift({ type: 'set-firmware', settings: { mode }, by });
    for (const command of commands) {
      const reply = await node.command(command);
      if (!reply.accepted) throw refused(reply.refusal, `${name}: ${reply.message}`);
    }
    return context.json(lab.nodes.status(name));
  });
  app.get('/v1/labs/:lab/nodes/:node/console', async context => {
    const history = await lookUp(context).node.serial.history();
    return context.body(new Uint8Array(history), 200, { 'Content-Type': 'application/octet-stream' });
  });
  addHardwareRoutes(app, { labs, clock, log });
  app.put('/v1/labs/:lab/nodes/:node/deploy', async context => {
    const { lab, name } = lookUp(context);
    await boot.deploy(lab.netbootMac(name), context.req.raw.signal);
    return context.body(null, 204);
  });
  app.get('/v1/labs/:lab/nodes/:node/reports', context => {
    const { lab, name } = lookUp(context);
    return context.json(boot.reports(lab.netbootMac(name)));
  });

  app.notFound(context => context.json(apiError('NOT_FOUND', `there is no ${context.req.path}`), 404));
  app.onError((error, context) => {
    if (error instanceof QuintupleoError) {
      return context.json(
        apiError(error.code, error.message, error.remedy, error.family),
        httpStatus[error.family],
      );
    }
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      return context.json(apiError('BAD_REQUEST', messageOf(error)), 400);
    }
    log.error({ path: context.req.path, error: messageOf(error), stack: error.stack }, 'a request failed');
    return context.json(apiError('INTERNAL', messageOf(error), undefined, 'bug'), 500);
  });

  function lookUp(context: { req: { param: (name: string) => string | undefined } }): {
    lab: LabRuntime;
    node: NodeRunner;
    name: string;
  } {
    const lab = labs.get(context.req.param('lab') ?? '');
    const name = context.req.param('node') ?? '';
    return { lab, name, node: lab.nodes.node(name) };
  }

  return app;
}

const httpStatus: Readonly<Record<ErrorFamily, ContentfulStatusCode>> = {
  user: 404,
  config: 422,
  peer: 502,
  platform: 503,
  bug: 500,
};

function apiError(code: string, message: string, remedy?: string, family: ErrorFamily = 'user'): ApiError {
  return { code, message, remedy, family };
}

/** A long answer, a JSON value a line. The work stops when the client goes away. */
function progressStream(
  client: AbortSignal,
  log: Logger,
  work: (
    tell: (progress: Progress) => void,
    signal: AbortSignal,
  ) => Promise<(Progress & { type: 'done' })['lab']>,
): Response {
  const gone = new AbortController();
  client.addEventListener('abort', () => gone.abort(), { once: true });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const tell = (progress: Progress) => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(progress)}\n`));
      };
      try {
        tell({ type: 'done', lab: await work(tell, gone.signal) });
      } catch (error) {
        const known = error instanceof QuintupleoError ? error : undefined;
        if (!known)
          log.error({ error: messageOf(error), stack: error instanceof Error ? error.stack : '' }, 'failed');
        tell({
          type: 'failed',
          error: apiError(known?.code ?? 'FAILED', messageOf(error), known?.remedy, known?.family ?? 'bug'),
        });
      }
      if (!gone.signal.aborted) controller.close();
    },
    cancel() {
      gone.abort();
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'application/x-ndjson' } });
}
