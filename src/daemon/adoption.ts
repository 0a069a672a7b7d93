import { findAdoptable, type ServerChoice } from '../drivers/openstack/adoption.ts';
import { adoptedLabFile } from '../lab/adopted.ts';
import type { Logger } from '../support/log.ts';
import { type CloudsSources, openCloud } from './cloud-access.ts';

export type { ServerChoice };

/**
 * The lab file of a lab whose nodes are instances that exist. Nothing is changed in the cloud.
 * @param lab - what the lab shall be called
 */
export async function adopt(
  sources: CloudsSources,
  choice: ServerChoice,
  lab: string,
  signal: AbortSignal,
  log: Logger,
): Promise<string> {
  await using openstack = await openCloud(sources, log);
  const { region } = sources;
  const cloud = sources.cloud ?? sources.env.OS_CLOUD;
  return adoptedLabFile({ name: lab, cloud, region, ...(await findAdoptable(openstack, choice, signal)) });
}
