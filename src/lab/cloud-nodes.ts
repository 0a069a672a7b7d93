import type { CloudDiskSettings, CloudNicSettings, CloudNodeSettings } from '../node/cloud-spec.ts';
import { type AddressBook, addressAt } from './addresses.ts';
import { defined } from './defined.ts';
import type { NamedGroup } from './groups.ts';
import { closest, expandName, hasIndex } from './names.ts';
import { checkNetworkName } from './networks.ts';
import type { Path, Report } from './problem.ts';
import type { GroupContent } from './schema.ts';

type Group = NamedGroup<GroupContent>;
type Nic = Exclude<NonNullable<GroupContent['nics']>[number], string>;
type Disk = Exclude<GroupContent['disks'][number], string>;

/** What one node of a group is to a cloud. */
export function cloudNodeSettings(lab: string, group: Group, position: number): CloudNodeSettings {
  const { content } = group;
  const { role, metadata } = content;
  return defined({
    flavor: content.flavor,
    bootStrategy: content.boot,
    secureBoot: content.secureBoot,
    availabilityZone: content.availabilityZone,
    serverGroup: content.serverGroup,
    metadata: role === undefined ? metadata : { ...metadata, 'quintupleo:role': role },
    existing: content.server,
    serverName: content.serverName === undefined ? undefined : serverName(lab, group, position),
  });
}

/** What a network card of one node of a group is to a cloud. */
export function cloudNicSettings(content: Nic, position: number, mac: string): CloudNicSettings {
  return defined({
    addresses: content.addresses?.map(entry => addressAt(entry, position)),
    // Guests give the card's own address to their VLAN interfaces.
    vlans: content.vlans?.map(vlan => ({ ...vlan, mac })),
  });
}

/** What a disk is to a cloud; reports keys that only volumes have. */
export function cloudDiskSettings(content: Partial<Disk>, path: Path, report: Report): CloudDiskSettings {
  const { source = 'local', volumeType, image } = content;
  for (const key of ['volumeType', 'image'] as const) {
    if (source === 'volume' || content[key] === undefined) continue;
    report([...path, key], `${key} is for volumes. Add "source: volume", or leave the key away.`, 'key');
  }
  return defined({ source, volumeType, image });
}

/** What the nodes and hosts of a cloud's lab are checked against. */
export interface CloudSurroundings {
  readonly lab: string;
  readonly networks: readonly string[];
  readonly serverGroups: readonly string[];
  readonly addresses: AddressBook;
  readonly where: (path: Path) => string;
  readonly report: Report;
}

/** Reports what the nodes of a cloud's lab cannot be. */
export function checkCloudNodes(groups: readonly Group[], around: CloudSurroundings): void {
  const servers = new Map<string, Path>();
  for (const group of groups) {
    const { content, path } = group;
    if (content.secureBoot && content.firmware !== 'uefi') {
      around.report([...path, 'secureBoot'], 'secureBoot needs UEFI. Add "firmware: uefi".');
    }
    checkServerGroup(content.serverGroup, path, around);
    checkMetadata(content.metadata, path, around.report);
    checkServerName(group, around.report);
    checkExisting(group, servers, around);
    for (const [index, nic] of (content.nics ?? []).entries()) {
      if (typeof nic === 'string') continue;
      const at = [...path, 'nics', index];
      checkAddresses(nic, group.names.length, at, around);
      checkVlans(nic, at, around);
    }
  }
}

/** Sees to it that no two instances of a lab have one name. */
export function checkServerNames(
  groups: readonly Group[],
  hosts: readonly NamedGroup<unknown>[],
  { lab, where, report }: CloudSurroundings,
): void {
  const named = [
    ...groups
      .filter(({ content }) => content.server === undefined)
      .map(group => ({
        path: group.path,
        own: group.content.serverName !== undefined,
        servers: group.names.map((_, position) => serverName(lab, group, position)),
      })),
    ...hosts.map(({ path, names }) => ({ path, own: false, servers: names.map(name => `${lab}-${name}`) })),
  ];
  const places = new Map<string, { readonly at: Path; readonly own: boolean }>();
  for (const { path, own, servers } of named) {
    const at = [...path, own ? 'serverName' : 'name'];
    // Two that follow from names are two machines of one name, which has been reported.
    const other = servers
      .map(name => ({ name, ...places.get(name) }))
      .find(one => one.at !== undefined && (own || one.own));
    if (other?.at) {
      report(
        at,
        `server name "${other.name}" is already that at ${where(other.at)}. Give each instance its own name.`,
      );
    }
    for (const name of servers) places.set(name, places.get(name) ?? { at, own });
  }
}

/** Reports a server group that the lab does not have. */
export function checkServerGroup(name: string | undefined, path: Path, around: CloudSurroundings): void {
  if (name === undefined || around.serverGroups.includes(name)) return;
  const meant = closest(name, around.serverGroups);
  const remedy = meant ? `Did you mean "${meant}"?` : `Add it: serverGroups: {${name}: {policy: …}}.`;
  around.report([...path, 'serverGroup'], `unknown server group "${name}". ${remedy}`);
}

/** Reports metadata under names that this project uses itself. */
export function checkMetadata(
  metadata: Readonly<Record<string, string>> | undefined,
  path: Path,
  report: Report,
): void {
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const at = [...path, 'metadata', key];
    if (key.startsWith('quintupleo')) {
      report(
        at,
        `metadata "${key}" is a name of our own. Use one that does not begin with quintupleo.`,
        'key',
      );
    }
    if (value.length > 255) {
      report(at, `metadata "${key}" has ${value.length} characters, and Nova has room for 255. Shorten it.`);
    }
  }
}

/** Reports fixed addresses that a network card cannot have. */
export function checkAddresses(
  nic: { readonly network: string; readonly addresses?: readonly string[] | undefined },
  machines: number,
  path: Path,
  { addresses }: CloudSurroundings,
): void {
  for (const [index, entry] of (nic.addresses ?? []).entries()) {
    addresses.claimRun(entry, machines, nic.network, [...path, 'addresses', index]);
  }
}

function checkVlans(nic: Nic, path: Path, { networks, report }: CloudSurroundings): void {
  const ids = new Set<number>();
  const carried = new Set([nic.network]);
  for (const [index, { network, vlan }] of (nic.vlans ?? []).entries()) {
    const at = [...path, 'vlans', index];
    checkNetworkName(network, [...at, 'network'], networks, report);
    if (ids.has(vlan)) {
      report([...at, 'vlan'], `the card has VLAN ${vlan} twice. Give each network its own.`);
    }
    if (carried.has(network)) {
      report([...at, 'network'], `the card already carries network "${network}". Name each network once.`);
    }
    ids.add(vlan);
    carried.add(network);
  }
}

function serverName(lab: string, { content, names }: Group, position: number): string {
  return content.serverName === undefined
    ? `${lab}-${names[position]}`
    : expandName(content.serverName.replaceAll('{lab}', lab), content.firstIndex + position);
}

function checkServerName({ content, path }: Group, report: Report): void {
  const pattern = content.serverName;
  if (pattern === undefined || content.count === 1 || hasIndex(pattern)) return;
  report(
    [...path, 'serverName'],
    `server name "${pattern}" would be that of ${content.count} instances. Put the number in: "${pattern}-{index}".`,
  );
}

/** An instance that exists is used as it is: one node, and nothing that would shape it. */
function checkExisting(
  { content, path }: Group,
  servers: Map<string, Path>,
  { where, report }: CloudSurroundings,
): void {
  const { server } = content;
  if (server === undefined) return;
  const at = [...path, 'server'];
  const other = servers.get(server);
  if (content.count > 1) {
    report(at, `server "${server}" would be ${content.count} nodes. Give the node a group of its own.`);
  } else if (other) {
    report(at, `server "${server}" is already a node at ${where(other)}. Name each instance once.`);
  }
  servers.set(server, other ?? at);
  const shaping = [
    'flavor',
    'availabilityZone',
    'serverGroup',
    'secureBoot',
    'serverName',
    'metadata',
  ] as const;
  for (const key of shaping) {
    if (content[key] === undefined) continue;
    report([...path, key], `${key} cannot be set of a server that exists. Leave the key away.`, 'key');
  }
  for (const [index, nic] of (content.nics ?? []).entries()) {
    if (typeof nic !== 'string' && nic.mac !== undefined) continue;
    report(
      [...path, 'nics', index],
      'the network card of a server that exists needs its MAC address. Write {network, mac}, or leave nics away.',
    );
  }
}
