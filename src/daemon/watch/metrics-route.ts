import type { Hono } from 'hono';
import { type Metrics, metricsContentType } from './metrics.ts';

/** Adds the route of the metrics; `?nodes=1` tells of each node, too. */
export function addMetricsRoute(app: Hono, metrics: Metrics): void {
  app.get('/v1/metrics', async context =>
    context.body(await metrics.text(context.req.query('nodes') === '1'), 200, {
      'Content-Type': metricsContentType,
    }),
  );
}
