import { type CloudsSources, readCloudConfig } from '../drivers/openstack/client/clouds-file.ts';
import { OpenStack } from '../drivers/openstack/client/openstack.ts';
import { systemClock } from '../support/clock.ts';
import type { Logger } from '../support/log.ts';

/** Where a cloud is looked for, by a command that speaks to it without a daemon. */
export type { CloudsSources };

/**
 * A cloud as the user's own environment and files describe it.
 * @throws QuintupleoError of family `config` when they do not
 */
export async function openCloud(sources: CloudsSources, log: Logger): Promise<OpenStack> {
  return OpenStack.connect(await readCloudConfig(sources), { clock: systemClock, log });
}
