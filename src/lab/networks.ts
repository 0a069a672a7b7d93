import type { NetworkSpec } from '../node/spec.ts';
import { formatCidr, type Ipv4Network, overlap, parseCidr } from '../support/ipv4.ts';
import { checkCloudNetworks, cloudNetworkSettings } from './cloud-networks.ts';
import { limits } from './limits.ts';
import { closest } from './names.ts';
import type { Path, Report } from './problem.ts';
import type { NetworkContent } from './schema.ts';

/** Networks that no lab can use, and what they are. */
const reserved: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'of no use as a network'],
  ['127.0.0.0/8', 'the loopback network'],
  ['224.0.0.0/3', 'multicast or reserved'],
];

/**
 * Checks the lab's networks and turns them into what a driver sees.
 * @param onCloud - whether the machines come from a cloud
 * @param where - says where a path stands in the file, for messages that name two places
 */
export function resolveNetworks(
  networks: ReadonlyMap<string, NetworkContent>,
  onCloud: boolean,
  where: (path: Path) => string,
  report: Report,
): readonly NetworkSpec[] {
  const ranges: { name: string; path: Path; range: Ipv4Network }[] = [];
  const specs: NetworkSpec[] = [];
  for (const [name, content] of networks) {
    const base = { name, cidr: content.cidr, dhcp: content.dhcp };
    specs.push(onCloud ? { ...base, cloud: cloudNetworkSettings(content) } : base);
    const path = ['networks', name, 'cidr'];
    const range = parseCidr(content.cidr);
    const complaint = range
      ? unusable(content.cidr, range)
      : 'is not an IPv4 network. Write it as 192.168.123.0/24.';
    if (complaint !== undefined) report(path, `cidr "${content.cidr}" ${complaint}`);
    if (!range) continue;
    const other = ranges.find(one => overlap(one.range, range));
    if (other) {
      report(
        path,
        `cidr "${content.cidr}" overlaps that of ${other.name} at ${where(other.path)}. Choose another range.`,
      );
    }
    ranges.push({ name, path, range });
  }
  if (onCloud) checkCloudNetworks(networks, where, report);
  return specs;
}

/** Reports a name of a network that the lab does not have. */
export function checkNetworkName(
  name: string,
  path: Path,
  networks: readonly string[],
  report: Report,
): void {
  if (networks.includes(name)) return;
  const meant = closest(name, networks);
  const remedy = meant
    ? `Did you mean "${meant}"?`
    : networks.length > 0
      ? `The lab has: ${networks.join(', ')}.`
      : 'Add it under "networks".';
  report(path, `unknown network "${name}". ${remedy}`);
}

function unusable(text: string, range: Ipv4Network): string | undefined {
  if (range.prefix < limits.shortestPrefix || range.prefix > limits.longestPrefix) {
    return `has an unusable size. Use a prefix length from /${limits.shortestPrefix} to /${limits.longestPrefix}.`;
  }
  if (formatCidr(range) !== text) return `has host bits set. Write ${formatCidr(range)}.`;
  for (const [cidr, what] of reserved) {
    const other = parseCidr(cidr);
    if (other && overlap(other, range)) return `is ${what}. Use a private range, such as 192.168.123.0/24.`;
  }
  return undefined;
}
