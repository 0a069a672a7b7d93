import type { Hono } from 'hono';
import { z } from 'zod';
import { watchAnswer } from './watch-answer.ts';
import type { NodeWatch } from './watch-stream.ts';
import type { WatchedNodes } from './watched-nodes.ts';

/** What those who watch are answered from. */
export interface WatchRoutesParts {
  readonly nodes: WatchedNodes;
  readonly watch: NodeWatch;
}

const watchQuery = z.object({ after: z.coerce.number().int().min(0).optional() });

/**
 * Adds the routes of what is watched: all nodes, and what happens.
 * @param labs - those that a request may see; `undefined`: all
 */
export function addWatchRoutes(
  app: Hono,
  { nodes, watch }: WatchRoutesParts,
  labs: (request: Request) => ReadonlySet<string> | undefined = () => undefined,
): void {
  app.get('/v1/nodes', context => {
    const seen = labs(context.req.raw);
    return context.json(nodes.all().filter(node => seen === undefined || seen.has(node.lab)));
  });
  app.get('/v1/watch', context => {
    const { after } = watchQuery.parse(context.req.query());
    const { raw } = context.req;
    return watchAnswer(watch, { labs: labs(raw), after }, raw.signal);
  });
}
