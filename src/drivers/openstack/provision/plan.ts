import type { Change, ResourceKind } from '../../../node/driver.ts';
import { type FoundLab, type Member, thingsOf } from './inventory.ts';
import type { WantedMember } from './members/wanted-member.ts';
import { isOwn } from './resources/servers.ts';

const order: readonly ResourceKind[] = [
  'network',
  'router',
  'server-group',
  'keypair',
  'service',
  'host',
  'machine',
];

/** Kinds in the order in which those of a whole lab go. */
export const removalOrder: readonly ResourceKind[] = [...order].reverse();

/** What goes before anything new comes; the rest is needed until nothing uses it any more. */
const goFirst: ReadonlySet<ResourceKind> = new Set(['machine', 'host', 'service', 'router']);

/** The steps from what was found to what is wanted, in an order in which the cloud takes them. */
export async function planChanges(found: FoundLab, wanted: readonly WantedMember[]): Promise<Change[]> {
  const keys = new Set(wanted.map(keyOf));
  const members = new Map(found.members.map(member => [keyOf(member), member]));
  const deletions = found.members
    .filter(member => !keys.has(keyOf(member)))
    .sort((one, other) => rank(other) - rank(one));
  const changes: Change[] = [];
  for (const member of [...wanted].sort((one, other) => rank(one) - rank(other))) {
    changes.push(...(await changeOf(member, members.get(keyOf(member)), found)));
  }
  return [
    ...deletions.filter(({ kind }) => goFirst.has(kind)).map(deletion),
    ...changes,
    ...deletions.filter(({ kind }) => !goFirst.has(kind)).map(deletion),
  ];
}

async function changeOf(
  wanted: WantedMember,
  member: Member | undefined,
  found: FoundLab,
): Promise<Change[]> {
  const { kind, name, summary } = wanted;
  const create = { op: 'create', kind, name, disruptive: false } as const;
  if (!member) return [{ ...create, summary }];
  const differences = await wanted.differences(member, found);
  if (!differences) return [{ ...create, summary: `${summary}: goes on where it ended` }];
  if (differences.length === 0) return [];
  return [
    {
      op: 'update',
      kind,
      name,
      summary: differences.map(({ text }) => text).join(', '),
      disruptive: differences.some(({ disruptive }) => disruptive),
    },
  ];
}

function deletion(member: Member): Change {
  const { kind, name } = member;
  const base = { op: 'delete', kind, name, disruptive: false } as const;
  if (kind !== 'machine' && kind !== 'host' && kind !== 'service')
    return { ...base, summary: 'nothing uses it any more' };
  const servers = thingsOf(member, 'server');
  if (servers.length === 0) return { ...base, summary: 'not finished' };
  if (!servers.some(isOwn)) return { ...base, summary: 'released; the instance itself stays' };
  return { ...base, summary: 'with its disks', disruptive: true };
}

function rank({ kind }: { readonly kind: ResourceKind }): number {
  return order.indexOf(kind);
}

function keyOf({ kind, name }: { readonly kind: ResourceKind; readonly name: string }): string {
  return `${kind} ${name}`;
}
