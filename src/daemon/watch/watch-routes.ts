import type { Hono } from 'hono';
import { z } from 'zod';
import { watchAnswer, watchHead } from './watch-answer.ts';
import type { NodeWatch } from './watch-stream.ts';
import type { WatchedNodes } from './watched-nodes.ts';

/** What those who watch are answered from. */
export interface WatchRoutesParts {
  readonly nodes: WatchedNodes;
  readonly watch: NodeWatch;
}

const watchQuery = z.object({ after: z.coerce.number().int().min(0).optional() });

/** Adds the routes of what is watched: all nodes, and what happens. */
export function addWatchRoutes(app: Hono, { nodes, watch }: WatchRoutesParts): void {
  app.get('/v1/nodes', context => context.json(nodes.all()));
  app.get('/v1/watch', context => {
    const { after } = watchQuery.parse(context.req.query());
    if (context.req.method === 'HEAD') return watchHead();
    return watchAnswer(watch, { labs: undefined, after }, context.req.raw.signal);
  });
}
