import type { DiskSpec, NodeSpec } from '../node/spec.ts';
import { nicMac, nodeUuid } from './identity.ts';
import { limits } from './limits.ts';
import { closest, expandName, hasIndex, labelPattern } from './names.ts';
import type { Path, Report } from './problem.ts';
import { formatSize, parseSize } from './quantity.ts';
import type { GroupContent } from './schema.ts';

/** A node group, its place in the file, and the names of its nodes. */
export interface NamedGroup {
  readonly content: GroupContent;
  readonly path: Path;
  readonly names: readonly string[];
}

/**
 * Names the nodes of every group, and reports names that cannot be.
 * @param groups - by position in the file; `undefined` for a group that could not be read
 * @param where - says where a path stands in the file, for messages that name two places
 */
export function nameNodes(
  groups: readonly (GroupContent | undefined)[],
  where: (path: Path) => string,
  report: Report,
): readonly NamedGroup[] {
  const places = new Map<string, Path>();
  const named: NamedGroup[] = [];
  for (const [position, content] of groups.entries()) {
    if (!content) continue;
    const path = ['nodes', position];
    const namePath = [...path, 'name'];
    if (content.count > 1 && !hasIndex(content.name)) {
      const remedy = `Put the number in: "${content.name}-{index}".`;
      report(namePath, `name "${content.name}" would be that of ${content.count} nodes. ${remedy}`);
      continue;
    }
    if (places.size + content.count > limits.nodes) {
      report(path, `the lab has more than ${limits.nodes} nodes. Split it into several labs.`);
      break;
    }
    const names = Array.from({ length: content.count }, (_, index) =>
      expandName(content.name, content.firstIndex + index),
    );
    const bad = names.find(name => name.length > limits.label || !labelPattern.test(name));
    if (bad !== undefined) {
      const rule = `at most ${limits.label} lower-case letters, digits and hyphens, with a letter or digit at both ends`;
      report(namePath, `name "${content.name}" gives "${bad}", which is not a host name. Use ${rule}.`);
    }
    const double = names.find(name => places.has(name));
    if (double !== undefined) {
      const first = where(places.get(double) ?? []);
      report(namePath, `node name "${double}" is already used at ${first}. Give each node its own name.`);
    }
    for (const name of names) places.set(name, places.get(name) ?? namePath);
    named.push({ content, path, names });
  }
  return named;
}

/**
 * Turns node groups into the nodes that a driver sees.
 * @param networks - names of the lab's networks, those included whose settings could not be read
 */
export function resolveNodes(
  lab: string,
  networks: readonly string[],
  groups: readonly NamedGroup[],
  where: (path: Path) => string,
  report: Report,
): readonly NodeSpec[] {
  const macs = explicitMacs(groups, where, report);
  return groups.flatMap(group => {
    const memory = resolveMemory(group, report);
    const disks = resolveDisks(group, report);
    const nics = resolveNics(group, networks, report);
    return group.names.map(name => ({
      name,
      uuid: nodeUuid(lab, name),
      cpus: group.content.cpus,
      memory,
      disks,
      nics: nics.map(({ network, mac }, index) => ({ network, mac: mac ?? nicMac(lab, name, index, macs) })),
      firmware: group.content.firmware,
    }));
  });
}

function resolveMemory({ content, path }: NamedGroup, report: Report): number {
  const memory = parseSize(content.memory) ?? Number.NaN;
  const at = [...path, 'memory'];
  if (!(memory >= limits.leastMemory && memory <= limits.mostMemory)) {
    const range = `${formatSize(limits.leastMemory)} to ${formatSize(limits.mostMemory)}`;
    report(at, `memory "${content.memory}" is out of range. Use ${range}.`);
  } else if (memory % 2 ** 20 !== 0) {
    report(at, `memory "${content.memory}" is not a whole number of MiB. Write it in MiB or GiB.`);
  }
  return memory;
}

function resolveDisks({ content, path }: NamedGroup, report: Report): readonly DiskSpec[] {
  const names = new Set<string>();
  return content.disks.map((disk, index) => {
    const at = [...path, 'disks', index];
    const text = typeof disk === 'string' ? disk : disk.size;
    const name = (typeof disk === 'string' ? undefined : disk.name) ?? `disk-${index}`;
    const size = parseSize(text) ?? Number.NaN;
    const sizeAt = typeof disk === 'string' ? at : [...at, 'size'];
    if (!(size >= limits.leastDisk && size <= limits.mostDisk)) {
      const range = `${formatSize(limits.leastDisk)} to ${formatSize(limits.mostDisk)}`;
      report(sizeAt, `disk size "${text}" is out of range. Use ${range}.`);
    } else if (size % 512 !== 0) {
      report(sizeAt, `disk size "${text}" is not a whole number of sectors. Write it in MiB or GiB.`);
    }
    if (names.has(name)) report(at, `the node has two disks named "${name}". Give each its own name.`);
    names.add(name);
    return { name, size };
  });
}

interface Nic {
  readonly network: string;
  readonly mac: string | undefined;
}

function resolveNics(
  { content, path }: NamedGroup,
  networks: readonly string[],
  report: Report,
): readonly Nic[] {
  const nics = content.nics ?? networks.slice(0, 1);
  return nics.map((nic, index) => {
    const network = typeof nic === 'string' ? nic : nic.network;
    if (!networks.includes(network)) {
      const at = [...path, 'nics', index, ...(typeof nic === 'string' ? [] : ['network'])];
      const meant = closest(network, networks);
      const remedy = meant
        ? `Did you mean "${meant}"?`
        : networks.length > 0
          ? `The lab has: ${networks.join(', ')}.`
          : 'Add it under "networks".';
      report(at, `unknown network "${network}". ${remedy}`);
    }
    return { network, mac: typeof nic === 'string' ? undefined : nic.mac?.toLowerCase() };
  });
}

/** The MAC addresses that the file itself gives. */
function explicitMacs(
  groups: readonly NamedGroup[],
  where: (path: Path) => string,
  report: Report,
): Set<string> {
  const places = new Map<string, Path>();
  for (const { content, path } of groups) {
    for (const [index, nic] of (content.nics ?? []).entries()) {
      if (typeof nic === 'string' || nic.mac === undefined) continue;
      const at = [...path, 'nics', index, 'mac'];
      const mac = nic.mac.toLowerCase();
      const other = places.get(mac);
      if (content.count > 1) {
        report(
          at,
          `mac "${nic.mac}" would be that of ${content.count} nodes. Give the node a group of its own.`,
        );
      } else if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
        report(
          at,
          `mac "${nic.mac}" is a multicast address. Make its first pair of digits even, such as 52.`,
        );
      } else if (mac === '00:00:00:00:00:00') {
        report(at, `mac "${nic.mac}" is no address. Leave the key away to have one derived.`);
      } else if (other) {
        report(at, `mac "${nic.mac}" is already used at ${where(other)}. Give each network card its own.`);
      }
      places.set(mac, other ?? at);
    }
  }
  return new Set(places.keys());
}
