import type { OpenStack } from '../drivers/openstack/client/openstack.ts';
import { type FoundLab, findLabs, inventoryOf, labsIn } from '../drivers/openstack/provision/inventory.ts';
import { removeLab } from '../drivers/openstack/provision/remove-lab.ts';
import { explaining } from '../drivers/openstack/provision/resources/explain.ts';
import { systemClock } from '../support/clock.ts';
import type { Logger } from '../support/log.ts';

/** A lab that was found in a project of a cloud, whoever made it. */
export interface CloudLab {
  readonly name: string;
  /** ID of the state directory of the daemon that made it. */
  readonly owner: string;
  /** Milliseconds since the epoch, from which on anybody may take it away; `undefined`: never. */
  readonly expires: number | undefined;
  /** When the oldest part of it was made, as the cloud says it. */
  readonly created: string | undefined;
  /** How many things of the cloud belong to it, by their type. */
  readonly things: Readonly<Record<string, number>>;
}

/** Every lab of the project. */
export async function findCloudLabs(openstack: OpenStack, signal: AbortSignal): Promise<CloudLab[]> {
  const labs = await explaining('the labs of the project cannot be listed', () =>
    labsIn(openstack, { reason: 'gc', signal }),
  );
  return labs.map(describe);
}

function describe(lab: FoundLab): CloudLab {
  const things: Record<string, number> = {};
  for (const { type } of inventoryOf(lab)) things[type] = (things[type] ?? 0) + 1;
  const { name, owner, expires, created } = lab;
  return { name, owner, expires, created, things };
}

/** How many deletions are asked for at a time. */
const concurrency = 8;

/**
 * Takes a lab away without the daemon that made it, which may be gone.
 * @param tell - called with each of its parts when it is gone
 */
export async function removeCloudLab(
  openstack: OpenStack,
  { name, owner }: CloudLab,
  tell: (part: { readonly kind: string; readonly name: string }) => void,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const labs = await explaining(`lab ${name} cannot be looked up`, () =>
    findLabs(openstack, name, { reason: 'gc', signal }),
  );
  const lab = labs.find(found => found.owner === owner);
  if (lab) await removeLab(lab, { openstack, clock: systemClock, log, signal, concurrency, onRemoved: tell });
}
