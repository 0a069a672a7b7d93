import { join } from 'node:path';
import type { Hono } from 'hono';
import { z } from 'zod';
import { writeFileAtomically } from '../support/document.ts';
import type { LabStatus } from './api.ts';
import { type ControlParts, controlApi } from './control-api.ts';
import type { LabRecord } from './lab-record.ts';

/** A lab that is handed over to be served. Holds secrets. */
export interface HandedLab {
  readonly record: LabRecord;
  /**
   * How the lab's cloud is reached: the content of a `clouds.yaml` as a JSON value, and its CA certificates (PEM),
   * which it names as `ca.pem`.
   */
  readonly cloud: { readonly clouds: unknown; readonly ca: string | undefined } | undefined;
}

const handedLab = z.object({
  record: z.custom<LabRecord>(value => typeof value === 'object' && value !== null && 'definition' in value),
  cloud: z.object({ clouds: z.unknown(), ca: z.string().optional() }).optional(),
});

/** Name of the file in the state directory that tells how the cloud is reached. */
export const cloudsFile = 'clouds.json';

/**
 * The control API of a daemon that serves labs for another one, which makes what they consist of:
 *
 *     PUT    /v1/labs/LAB/record   HandedLab → LabStatus; serves the lab as the record says, and makes nothing
 *     DELETE /v1/labs/LAB/record   204; serves it no more and forgets it; what it consists of stays
 *
 * and all that `src/daemon/api.ts` describes.
 */
export function serviceApi(parts: ControlParts, stateDirectory: string): Hono {
  const app = controlApi(parts);
  let cloudNow: string | undefined;
  app.put('/v1/labs/:lab/record', async context => {
    const { record, cloud } = handedLab.parse(await context.req.json());
    const text = JSON.stringify(cloud);
    // Drivers read this when they are made.
    const fresh = text !== cloudNow;
    if (cloud && fresh) {
      if (cloud.ca !== undefined) await writeFileAtomically(join(stateDirectory, 'ca.pem'), cloud.ca);
      await writeFileAtomically(
        join(stateDirectory, cloudsFile),
        `${JSON.stringify(cloud.clouds, null, 2)}\n`,
      );
    }
    cloudNow = text;
    const lab = await parts.labs.follow(record, fresh);
    return context.json(lab.status() satisfies LabStatus);
  });
  app.delete('/v1/labs/:lab/record', async context => {
    await parts.labs.leave(context.req.param('lab'));
    return context.body(null, 204);
  });
  return app;
}
