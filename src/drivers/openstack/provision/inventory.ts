import type { ResourceKind } from '../../../node/driver.ts';
import type { CallContext, Query } from '../client/call.ts';
import type { Keypair, Server, ServerGroup } from '../client/compute-types.ts';
import type { FloatingIp, Network, Port, Router, Subnet, Trunk } from '../client/network-types.ts';
import type { OpenStack } from '../client/openstack.ts';
import type { Volume } from '../client/volume.ts';
import {
  expiryInMetadata,
  expiryOf,
  type Label,
  type Labelled,
  labelInMetadata,
  labelOf,
  labelOfName,
  labTag,
  projectTag,
} from './resources/label.ts';

/** What a cloud may hold for a lab, by type. */
export interface Things {
  readonly server: Server;
  readonly 'floating-ip': FloatingIp;
  readonly trunk: Trunk;
  readonly port: Port;
  readonly volume: Volume;
  readonly router: Router;
  readonly subnet: Subnet;
  readonly network: Network;
  readonly 'server-group': ServerGroup;
  readonly keypair: Keypair;
}

export type ThingType = keyof Things;

/** One thing in the cloud that carries a label of ours. */
export interface Thing<T extends ThingType = ThingType> {
  readonly type: T;
  /** Keypairs have only a name. */
  readonly id: string;
  /** As the cloud shows it. */
  readonly name: string;
  readonly label: Label;
  /** Milliseconds since the Unix epoch. */
  readonly expires: number | undefined;
  /** ISO 8601, where the cloud tells. */
  readonly created: string | undefined;
  readonly it: Things[T];
}

/** A network, node, router … of a lab, with all that was made for it; some of that may be missing. */
export interface Member {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly things: readonly Thing[];
}

/** A lab as its tags in a project tell of it. */
export interface FoundLab {
  readonly name: string;
  readonly owner: string;
  /** Milliseconds since the Unix epoch from which on anybody may take it away; `undefined`: never. */
  readonly expires: number | undefined;
  /** When its oldest thing was made: ISO 8601. */
  readonly created: string | undefined;
  readonly members: readonly Member[];
}

/** A line of the table of what a lab holds. */
export interface InventoryRow {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly type: ThingType;
  readonly id: string;
  readonly cloudName: string;
}

/** Whether things of that type can say when their lab's lease ends. */
export function bearsLease(type: ThingType): boolean {
  return type !== 'server-group' && type !== 'keypair';
}

/** What of a member is of one type. */
export function thingsOf<T extends ThingType>(member: Member | undefined, type: T): Things[T][] {
  return (member?.things ?? []).filter((thing): thing is Thing<T> => thing.type === type).map(({ it }) => it);
}

/** The one part of a member of that type and name, if it is there. */
export function partOf<T extends ThingType>(
  member: Member | undefined,
  type: T,
  part: string,
): Things[T] | undefined {
  return (member?.things ?? []).find(
    (thing): thing is Thing<T> => thing.type === type && thing.label.part === part,
  )?.it;
}

/** Every lab of the project, whoever made it. Labs of one name and different owners are different labs. */
export async function labsIn(openstack: OpenStack, ctx: CallContext): Promise<readonly FoundLab[]> {
  return labsOf(await readThings(openstack, undefined, ctx));
}

/** All labs of that name; more than one only if different owners made them. */
export async function findLabs(
  openstack: OpenStack,
  lab: string,
  ctx: CallContext,
): Promise<readonly FoundLab[]> {
  return labsOf(await readThings(openstack, lab, ctx));
}

/** What a lab holds, a line for each thing. */
export function inventoryOf({ members }: FoundLab): InventoryRow[] {
  return members.flatMap(({ kind, name, things }) =>
    things.map(({ type, id, name: cloudName }) => ({ kind, name, type, id, cloudName })),
  );
}

function labsOf(things: readonly Thing[]): FoundLab[] {
  return grouped(things, ({ label }) => `${label.lab} ${label.owner}`).flatMap(ofLab => {
    const [first] = ofLab;
    if (!first) return [];
    const leases = ofLab.filter(({ type }) => bearsLease(type)).map(({ expires }) => expires);
    const ends = leases.flatMap(expires => expires ?? []);
    const created = ofLab.flatMap(thing => thing.created ?? []).sort()[0];
    return [
      {
        name: first.label.lab,
        owner: first.label.owner,
        // What has no end makes the whole lab endless; else it ends with what was made last.
        expires: ends.length > 0 && ends.length === leases.length ? Math.max(...ends) : undefined,
        created,
        members: membersOf(ofLab),
      },
    ];
  });
}

function membersOf(things: readonly Thing[]): Member[] {
  return grouped(things, ({ label }) => `${label.kind} ${label.name}`).flatMap(ofMember => {
    const [first] = ofMember;
    return first ? [{ kind: first.label.kind, name: first.label.name, things: ofMember }] : [];
  });
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}

async function readThings(
  openstack: OpenStack,
  lab: string | undefined,
  ctx: CallContext,
): Promise<readonly Thing[]> {
  const all = await Promise.all([
    readServers(openstack, ctx),
    readNetworking(openstack, lab, ctx),
    readVolumes(openstack, ctx),
    readNamed(openstack, ctx),
  ]);
  return all.flat().filter(({ label }) => lab === undefined || label.lab === lab);
}

async function readServers(openstack: OpenStack, ctx: CallContext): Promise<Thing[]> {
  const { servers } = await openstack.compute.listServers({ details: true }, ctx);
  return servers.flatMap(server => {
    const label = labelInMetadata(server.metadata);
    if (!label || server.status === 'DELETED' || server.status === 'SOFT_DELETED') return [];
    const { id, name, created } = server;
    return [
      { type: 'server', id, name, label, expires: expiryInMetadata(server.metadata), created, it: server },
    ];
  });
}

async function readVolumes(openstack: OpenStack, ctx: CallContext): Promise<Thing[]> {
  if (!(await openstack.has('block-storage', ctx))) return [];
  const volumes = await openstack.volume.volumes.list({}, ctx);
  return volumes.flatMap(volume => {
    const metadata = volume.metadata ?? {};
    const label = labelInMetadata(metadata);
    if (!label) return [];
    const { id, created_at: created } = volume;
    const expires = expiryInMetadata(metadata);
    return [{ type: 'volume', id, name: volume.name ?? '', label, expires, created, it: volume }];
  });
}

/** Server groups and keypairs, which have nothing but their name to carry a label. */
async function readNamed(openstack: OpenStack, ctx: CallContext): Promise<Thing[]> {
  const [groups, keypairs] = await Promise.all([
    openstack.compute.serverGroups.list(ctx),
    openstack.compute.keypairs.list(ctx),
  ]);
  const none = { expires: undefined, created: undefined };
  return [
    ...groups.flatMap(it => {
      const label = labelOfName('server-group', it.name);
      return label ? [{ type: 'server-group', id: it.id, name: it.name, label, ...none, it } as const] : [];
    }),
    ...keypairs.flatMap(it => {
      const label = labelOfName('keypair', it.name);
      return label ? [{ type: 'keypair', id: it.name, name: it.name, label, ...none, it } as const] : [];
    }),
  ];
}

type NetworkingType = 'floating-ip' | 'trunk' | 'port' | 'router' | 'subnet' | 'network';

/** The extension without which a cloud does not have such things. */
const extensionOf: Partial<Record<NetworkingType, string>> = {
  'floating-ip': 'router',
  router: 'router',
  trunk: 'trunk',
};

async function readNetworking(
  openstack: OpenStack,
  lab: string | undefined,
  ctx: CallContext,
): Promise<Thing[]> {
  const { network } = openstack;
  const extensions = new Set(await network.extensions(ctx));
  const { projectId } = await openstack.project(ctx);
  const read = async <T extends NetworkingType>(
    type: T,
    collection: Listing<Things[T]>,
  ): Promise<Thing[]> => {
    const extension = extensionOf[type];
    if (extension !== undefined && !extensions.has(extension)) return [];
    // Tags are set after a thing has been made. What has none may be left from a run that ended between the two.
    const [tagged, untagged] = await Promise.all([
      collection.list({ tags: lab === undefined ? projectTag : labTag(lab), project_id: projectId }, ctx),
      collection.list({ 'not-tags': projectTag, project_id: projectId }, ctx),
    ]);
    return [...tagged, ...untagged].flatMap(it => {
      const marks: Labelled = { tags: it.tags, description: textOf(it.description) };
      const label = labelOf(marks);
      if (!label) return [];
      const name = textOf(it.name) ?? '';
      return [{ type, id: it.id, name, label, expires: expiryOf(marks), created: textOf(it.created_at), it }];
    });
  };
  const all = await Promise.all([
    read('floating-ip', network.floatingIps),
    read('trunk', network.trunks),
    read('port', network.ports),
    read('router', network.routers),
    read('subnet', network.subnets),
    read('network', network.networks),
  ]);
  return all.flat();
}

interface Listing<T> {
  list(query: Query, ctx: CallContext): Promise<(T & NetworkingThing)[]>;
}

/** What all of Neutron's things have. */
interface NetworkingThing {
  readonly id: string;
  readonly tags: string[];
  readonly [field: string]: unknown;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
