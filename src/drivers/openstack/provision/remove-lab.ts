import type { Clock } from '../../../support/clock.ts';
import type { Logger } from '../../../support/log.ts';
import { inParallel } from '../../../support/parallel.ts';
import type { OpenStack } from '../client/openstack.ts';
import { deleteDiscs } from '../machines/disc-images.ts';
import type { FoundLab, Member } from './inventory.ts';
import { removalOrder } from './plan.ts';
import { collectFirmware } from './resources/firmware-images.ts';
import { removeMember } from './resources/removal.ts';
import { ServerWatch } from './resources/server-watch.ts';
import type { Site } from './resources/site.ts';

/** What a lab is taken away with. */
export interface Removal {
  readonly openstack: OpenStack;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How many things of one kind may go at once. */
  readonly concurrency: number;
  /** Called when something is gone. */
  readonly onRemoved?: ((member: Pick<Member, 'kind' | 'name'>) => void) | undefined;
}

/**
 * Takes a lab away without its lab file and whoever made it: for labs that leaked. Can be interrupted anywhere, and
 * called again. Instances that the lab only adopted stay.
 */
export async function removeLab(lab: FoundLab, removal: Removal): Promise<void> {
  const { openstack, clock, log, signal, concurrency } = removal;
  const site: Site = {
    openstack,
    clock,
    log,
    lab: lab.name,
    owner: lab.owner,
    expires: undefined,
    servers: new ServerWatch(openstack, clock),
    ctx: { reason: 'gc', signal },
  };
  for (const kind of removalOrder) {
    // While the networks are there, a lab is found again by whoever comes after an interruption.
    if (kind === 'network') {
      await deleteDiscs(openstack, { lab: lab.name, owner: lab.owner }, log, site.ctx);
      await collectFirmware(openstack, log, site.ctx);
    }
    const members = lab.members.filter(member => member.kind === kind);
    await inParallel(members, concurrency, async member => {
      await removeMember(site, member);
      removal.onRemoved?.(member);
    });
  }
}
