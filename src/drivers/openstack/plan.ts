import type { Change, ResourceKind } from '../../node/driver.ts';
import type { FoundLab, Member } from './inventory.ts';
import type { Difference } from './resources/difference.ts';

/** What a lab shall have of one kind and name. */
export interface WantedMember {
  readonly kind: ResourceKind;
  readonly name: string;
  /** For people, when it is new. */
  readonly summary: string;
  /** What is not as it shall be; `undefined` when it was not finished, so that making it goes on. */
  readonly differences: (found: Member) => readonly Difference[] | undefined;
}

// Deletions go the other way round.
const order: readonly ResourceKind[] = ['network', 'router', 'server-group', 'keypair', 'host', 'machine'];

/** The steps from what was found to what is wanted, in an order in which the cloud takes them. */
export function planChanges(found: FoundLab | undefined, wanted: readonly WantedMember[]): Change[] {
  const keys = new Set(wanted.map(keyOf));
  const members = new Map((found?.members ?? []).map(member => [keyOf(member), member]));
  const deletions = [...members.values()].filter(member => !keys.has(keyOf(member)));
  return [
    ...deletions.sort((one, other) => rank(other) - rank(one)).map(deletion),
    ...[...wanted]
      .sort((one, other) => rank(one) - rank(other))
      .flatMap(member => change(member, members.get(keyOf(member)))),
  ];
}

function change({ kind, name, summary, differences }: WantedMember, found: Member | undefined): Change[] {
  if (!found) return [{ op: 'create', kind, name, summary, disruptive: false }];
  const all = differences(found);
  if (!all)
    return [{ op: 'create', kind, name, summary: `${summary}: goes on where it ended`, disruptive: false }];
  if (all.length === 0) return [];
  return [
    {
      op: 'update',
      kind,
      name,
      summary: all.map(({ text }) => text).join(', '),
      disruptive: all.some(({ disruptive }) => disruptive),
    },
  ];
}

function deletion({ kind, name, things }: Member): Change {
  const base = { op: 'delete', kind, name } as const;
  const isServer = kind === 'machine' || kind === 'host';
  if (!isServer) return { ...base, summary: 'nothing uses it any more', disruptive: false };
  const servers = things.filter(({ type }) => type === 'server');
  if (servers.length === 0) return { ...base, summary: 'not finished', disruptive: false };
  return { ...base, summary: 'with its disks', disruptive: true };
}

function rank({ kind }: { readonly kind: ResourceKind }): number {
  return order.indexOf(kind);
}

function keyOf({ kind, name }: { readonly kind: ResourceKind; readonly name: string }): string {
  return `${kind} ${name}`;
}
