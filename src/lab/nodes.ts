import type { DiskSpec, NodeSpec } from '../node/spec.ts';
import { formatSize, parseSize } from '../support/quantity.ts';
import { cloudDiskSettings, cloudNicSettings, cloudNodeSettings } from './cloud-nodes.ts';
import type { NamedGroup } from './groups.ts';
import { nicMac, nodeUuid } from './identity.ts';
import { limits } from './limits.ts';
import type { GivenMac } from './macs.ts';
import { checkNetworkName } from './networks.ts';
import type { Path, Report } from './problem.ts';
import type { GroupContent } from './schema.ts';

/** What the nodes of a lab have in common. */
export interface NodeSurroundings {
  readonly lab: string;
  /** Names of the lab's networks, those included whose settings could not be read. */
  readonly networks: readonly string[];
  /** Whether the machines come from a cloud. */
  readonly onCloud: boolean;
  /** MAC addresses that are given; derived ones are added. */
  readonly macs: Set<string>;
  readonly report: Report;
}

/** Turns node groups into the nodes that a driver sees. */
export function resolveNodes(
  groups: readonly NamedGroup<GroupContent>[],
  around: NodeSurroundings,
): readonly NodeSpec[] {
  const { lab, onCloud, macs, report } = around;
  return groups.flatMap(group => {
    const { cpus, firmware } = group.content;
    const memory = resolveMemory(group.content.memory, [...group.path, 'memory'], report);
    const disks = resolveDisks(group, onCloud, report);
    const nics = resolveNics(group, around);
    return group.names.map((name, position) => {
      const cards = nics.map(({ network, mac, content }, index) => {
        const card = { network, mac: mac ?? nicMac(lab, name, index, macs) };
        return onCloud ? { ...card, cloud: cloudNicSettings(content, position, card.mac) } : card;
      });
      const node = { name, uuid: nodeUuid(lab, name), cpus, memory, disks, nics: cards, firmware };
      return onCloud ? { ...node, cloud: cloudNodeSettings(lab, group, position) } : node;
    });
  });
}

/** The MAC addresses that the file gives to nodes. */
export function givenNodeMacs(
  groups: readonly NamedGroup<GroupContent>[],
  onCloud: boolean,
): readonly GivenMac[] {
  return groups.flatMap(({ content, path }) =>
    (content.nics ?? []).flatMap((nic, index) => {
      if (typeof nic === 'string' || nic.mac === undefined) return [];
      const enrolled = onCloud && content.server === undefined;
      return [{ mac: nic.mac, path: [...path, 'nics', index, 'mac'], machines: content.count, enrolled }];
    }),
  );
}

/** Bytes of a machine's memory. */
export function resolveMemory(text: string, path: Path, report: Report): number {
  const memory = parseSize(text) ?? Number.NaN;
  if (!(memory >= limits.leastMemory && memory <= limits.mostMemory)) {
    const range = `${formatSize(limits.leastMemory)} to ${formatSize(limits.mostMemory)}`;
    report(path, `memory "${text}" is out of range. Use ${range}.`);
  } else if (memory % 2 ** 20 !== 0) {
    report(path, `memory "${text}" is not a whole number of MiB. Write it in MiB or GiB.`);
  }
  return memory;
}

/**
 * Bytes of a disk.
 * @param what - names it in messages
 */
export function resolveDiskSize(
  text: string,
  what: string,
  path: Path,
  onCloud: boolean,
  report: Report,
): number {
  const size = parseSize(text) ?? Number.NaN;
  if (!(size >= limits.leastDisk && size <= limits.mostDisk)) {
    const range = `${formatSize(limits.leastDisk)} to ${formatSize(limits.mostDisk)}`;
    report(path, `${what} "${text}" is out of range. Use ${range}.`);
  } else if (onCloud && size % 2 ** 30 !== 0) {
    report(
      path,
      `${what} "${text}" is not a whole number of GiB, and clouds measure disks in them. Round it.`,
    );
  } else if (size % 512 !== 0) {
    report(path, `${what} "${text}" is not a whole number of sectors. Write it in MiB or GiB.`);
  }
  return size;
}

function resolveDisks(
  { content, path }: NamedGroup<GroupContent>,
  onCloud: boolean,
  report: Report,
): readonly DiskSpec[] {
  const names = new Set<string>();
  return content.disks.map((entry, index) => {
    const at = [...path, 'disks', index];
    const disk = typeof entry === 'string' ? { size: entry, source: 'local' as const } : entry;
    const name = ('name' in disk ? disk.name : undefined) ?? `disk-${index}`;
    const sizeAt = typeof entry === 'string' ? at : [...at, 'size'];
    const size = resolveDiskSize(disk.size, 'disk size', sizeAt, onCloud, report);
    if (names.has(name)) report(at, `the node has two disks named "${name}". Give each its own name.`);
    names.add(name);
    return onCloud ? { name, size, cloud: cloudDiskSettings(disk, at, report) } : { name, size };
  });
}

type NicContent = Exclude<NonNullable<GroupContent['nics']>[number], string>;

interface Nic {
  readonly network: string;
  readonly mac: string | undefined;
  readonly content: NicContent;
}

function resolveNics(
  { content, path }: NamedGroup<GroupContent>,
  { networks, report }: NodeSurroundings,
): readonly Nic[] {
  // A server that exists has the cards that it has, whether the file lists them or not.
  const usual = content.server === undefined ? networks.slice(0, 1) : [];
  return (content.nics ?? usual).map((entry, index) => {
    const nic = typeof entry === 'string' ? { network: entry } : entry;
    const at = [...path, 'nics', index, ...(typeof entry === 'string' ? [] : ['network'])];
    checkNetworkName(nic.network, at, networks, report);
    return { network: nic.network, mac: nic.mac?.toLowerCase(), content: nic };
  });
}
