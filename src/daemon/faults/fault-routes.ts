import type { Hono } from 'hono';
import { z } from 'zod';
import { faultKinds } from '../../faults/fault.ts';
import type { FaultRequest } from '../api-faults.ts';
import type { Labs } from '../labs.ts';

/** Longer faults are lifted by whoever wants them. Milliseconds. */
const longestFault = 7 * 24 * 3_600_000;

const faultRequest = z.strictObject({
  nodes: z.array(z.string()).min(1).optional(),
  fault: z.looseObject({ kind: z.string() }),
  duration: z.number().min(1).max(longestFault).optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional(),
});

/** Adds the control API's routes of faults; `src/daemon/api-faults.ts` describes them. */
export function addFaultRoutes(app: Hono, labs: Labs): void {
  for (const path of ['/v1/labs/:lab/faults', '/v1/labs/:lab/faults/:id']) {
    app.use(path, async (context, next) => {
      const { remote } = labs.get(context.req.param('lab') ?? '');
      return remote ? remote.forward(context.req.raw) : next();
    });
  }
  app.get('/v1/fault-kinds', context => context.json(faultKinds));
  app.get('/v1/labs/:lab/faults', context =>
    context.json(labs.get(context.req.param('lab')).faults.status()),
  );
  app.post('/v1/labs/:lab/faults', async context => {
    const { nodes, ...request } = faultRequest.parse(await context.req.json());
    const { faults } = labs.get(context.req.param('lab'));
    return context.json([await faults.inject({ nodes, ...request } satisfies FaultRequest)]);
  });
  app.delete('/v1/labs/:lab/faults', async context => {
    await labs.get(context.req.param('lab')).faults.liftAll();
    return context.body(null, 204);
  });
  app.delete('/v1/labs/:lab/faults/:id', async context => {
    await labs.get(context.req.param('lab')).faults.lift(context.req.param('id'));
    return context.body(null, 204);
  });
}
