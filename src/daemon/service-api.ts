import { join } from 'node:path';
import type { Hono } from 'hono';
import { z } from 'zod';
import { writeFileAtomically } from '../support/document.ts';
import type { LabStatus } from './api.ts';
import { type ControlParts, controlApi } from './control-api.ts';
import type { HandedLab } from './handed-lab.ts';
import type { LabRecord } from './lab-record.ts';

const handedLab = z.object({
  record: z.custom<LabRecord>(value => typeof value === 'object' && value !== null && 'definition' in value),
  cloud: z.object({ clouds: z.unknown(), ca: z.string().optional() }).optional(),
});

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
    const isNew = text !== cloudNow;
    if (cloud && isNew) await writeCloud(stateDirectory, { clouds: cloud.clouds, ca: cloud.ca });
    cloudNow = text;
    // Drivers read how the cloud is reached when they are made.
    const lab = await parts.labs.follow(atHome(record, stateDirectory), isNew);
    return context.json(lab.status() satisfies LabStatus);
  });
  app.delete('/v1/labs/:lab/record', async context => {
    await parts.labs.leave(context.req.param('lab'));
    return context.body(null, 204);
  });
  return app;
}

/** The file in the state directory that tells how the cloud is reached; it may name another one beside it. */
const cloudsFile = 'clouds.json';
const caFile = 'ca.pem';

async function writeCloud(folder: string, { clouds, ca }: NonNullable<HandedLab['cloud']>): Promise<void> {
  if (ca !== undefined) await writeFileAtomically(join(folder, caFile), ca);
  await writeFileAtomically(join(folder, cloudsFile), `${JSON.stringify(clouds, null, 2)}\n`);
}

/** The same lab, whose cloud is described where {@link writeCloud} has put it. */
function atHome(record: LabRecord, folder: string): LabRecord {
  const { definition } = record;
  if (definition.driver.name !== 'openstack') return record;
  const env = { OS_CLIENT_CONFIG_FILE: join(folder, cloudsFile) };
  const environment = { env, home: folder, cwd: folder };
  return { ...record, definition: { ...definition, driver: { ...definition.driver, environment } } };
}
