import type { OpenStack } from '../drivers/openstack/client/openstack.ts';
import { type FoundLab, inventoryOf, labsIn } from '../drivers/openstack/inventory.ts';
import { LabProvider } from '../drivers/openstack/provider.ts';
import type { Change } from '../node/driver.ts';
import { systemClock } from '../support/clock.ts';
import { QuintupleoError } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { inParallel } from '../support/parallel.ts';

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
  const labs = await labsIn(openstack, { reason: 'gc', signal });
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
 * @param tell - called with each step when it is done
 */
export async function removeCloudLab(
  openstack: OpenStack,
  { name, owner }: CloudLab,
  tell: (change: Change) => void,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const provider = new LabProvider({
    openstack,
    lab: name,
    owner,
    clock: systemClock,
    log,
    firmwareImage: () => {
      throw new QuintupleoError('nothing is made here', { family: 'bug', code: 'NOT_A_MAKER' });
    },
  });
  const nothing = { name, networks: [], nodes: [] };
  const changes = [...(await provider.plan(nothing))];
  while (changes.length > 0) {
    const next = changes.findIndex(({ kind }) => kind !== changes[0]?.kind);
    const stage = changes.splice(0, next === -1 ? changes.length : next);
    await inParallel(stage, concurrency, async change => {
      await provider.apply(nothing, change, signal);
      tell(change);
    });
  }
}
