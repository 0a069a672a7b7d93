import type { Change } from '../../../node/driver.ts';
import { bearsLease, type FoundLab, type Member } from './inventory.ts';
import type { Difference } from './resources/difference.ts';

// A lease that is as good as new is left alone, so that a second `up` finds nothing to do.
const asGoodAsNew = 0.9;

/** A member on which the lease is not written as it shall be: a part of it ends and must not, or the other way round. */
export function leaseDifferences(member: Member, lease: number | undefined): Difference[] {
  const differs = member.things.some(
    ({ type, expires }) => bearsLease(type) && (expires === undefined) !== (lease === undefined),
  );
  if (!differs) return [];
  return [{ text: lease === undefined ? 'no lease any more' : 'a lease', disruptive: false }];
}

/**
 * The step that prolongs a lab's lease, where nothing else that is planned does: what is made or changed carries the new
 * end, and the latest end is the lab's.
 * @param now - milliseconds since the Unix epoch
 */
export function prolongation(
  found: FoundLab,
  lease: number | undefined,
  changes: readonly Change[],
  now: number,
): Change[] {
  const [member] = found.members.filter(({ things }) => things.some(({ type }) => bearsLease(type)));
  if (lease === undefined || found.expires === undefined || !member) return [];
  if (changes.some(({ op }) => op !== 'delete')) return [];
  if (found.expires >= now + lease * asGoodAsNew) return [];
  const { kind, name } = member;
  const summary = `lease until ${new Date(now + lease).toISOString()}`;
  return [{ op: 'update', kind, name, summary, disruptive: false }];
}
