import { isIP } from 'node:net';
import type { CloudNetworkSettings } from '../node/cloud-spec.ts';
import { parseIpv4 } from '../support/ipv4.ts';
import { formatIpv6, type Ipv6Network, parseCidr6, parseIpv6 } from '../support/ipv6.ts';
import { misplaced } from './addresses.ts';
import { defined } from './defined.ts';
import type { Path, Report } from './problem.ts';
import type { NetworkContent } from './schema.ts';

/** What a network of a lab is to a cloud. */
export function cloudNetworkSettings(content: NetworkContent): CloudNetworkSettings {
  const { cidr: _, dhcp: __, dns, allocationPools, ...rest } = content;
  return defined({
    ...rest,
    dnsNameservers: dns,
    allocationPools: allocationPools?.map(pool => {
      const [start = '', end = ''] = pool.split('-');
      return { start, end };
    }),
  });
}

/** Reports what the networks of a cloud's lab cannot be. */
export function checkCloudNetworks(
  networks: ReadonlyMap<string, NetworkContent>,
  where: (path: Path) => string,
  report: Report,
): void {
  const interfaces = new Map<string, Path>();
  const ranges: { name: string; path: Path; range: Ipv6Network }[] = [];
  for (const [name, content] of networks) {
    const path = ['networks', name];
    checkDhcp(content, path, report);
    checkUse(content, path, report);
    if (content.subnet && content.existing === undefined) checkAddresses(content, path, report);

    const { cidr6, interface: own } = content;
    if (cidr6 === undefined && content.ipv6Mode !== undefined && content.existing === undefined) {
      report([...path, 'ipv6Mode'], 'ipv6Mode needs an IPv6 network. Add "cidr6".', 'key');
    }
    const range = cidr6 === undefined ? undefined : checkIpv6(content, cidr6, path, report);
    const other = range && ranges.find(one => one.range.first <= range.last && range.first <= one.range.last);
    const cidr6Path = [...path, 'cidr6'];
    if (other) {
      const place = where(other.path);
      report(cidr6Path, `cidr6 "${cidr6}" overlaps that of ${other.name} at ${place}. Choose another range.`);
    }
    if (range) ranges.push({ name, path: cidr6Path, range });

    const at = [...path, 'interface'];
    const taken = own === undefined ? undefined : interfaces.get(own);
    if (taken)
      report(at, `interface "${own}" is already used at ${where(taken)}. Each network needs its own.`);
    if (own !== undefined) interfaces.set(own, taken ?? at);
  }
}

function checkDhcp(content: NetworkContent, path: Path, report: Report): void {
  const { dhcpRelay } = content;
  if (dhcpRelay !== undefined && (content.dhcp || content.neutronDhcp)) {
    report(
      [...path, 'dhcpRelay'],
      'dhcpRelay is for a network that has no DHCP server of its own. Leave it or the other one away.',
    );
  } else if (dhcpRelay !== undefined && misplaced(dhcpRelay, content) === undefined) {
    report(
      [...path, 'dhcpRelay'],
      `dhcpRelay "${dhcpRelay}" is on the network itself, where a server needs no relay. Leave it away.`,
    );
  }
  if (content.dhcp && content.neutronDhcp) {
    report(
      [...path, 'neutronDhcp'],
      'neutronDhcp and dhcp are both true, and two DHCP servers would answer. Leave one of them away.',
    );
  }
}

/** Keys that make no sense beside others. */
function checkUse(content: NetworkContent, path: Path, report: Report): void {
  const ofSubnet = ['cidr6', 'ipv6Mode', 'gateway', 'dns', 'allocationPools'] as const;
  const ofNetwork = ['ipv6Mode', 'gateway', 'dns', 'allocationPools', 'mtu', 'vlanTransparent'] as const;
  if (content.existing !== undefined) {
    const changed = [
      ...ofNetwork.filter(key => content[key] !== undefined),
      ...(content.neutronDhcp ? ['neutronDhcp'] : []),
      ...(content.subnet ? [] : ['subnet']),
    ];
    for (const key of changed) {
      report(
        [...path, key],
        `${key} cannot be set of a network that exists: it is used as it is. Leave the key away.`,
        'key',
      );
    }
  } else if (!content.subnet) {
    const needing = [
      ...ofSubnet.filter(key => content[key] !== undefined),
      ...(content.neutronDhcp ? ['neutronDhcp'] : []),
    ];
    for (const key of needing) {
      report(
        [...path, key],
        `${key} needs a subnet, and this network has none. Leave one of the two away.`,
        'key',
      );
    }
  }
}

/** Reports addresses that the subnets cannot have. */
function checkAddresses(content: NetworkContent, path: Path, report: Report): void {
  const checkPlace = (what: string, address: string, at: Path) => {
    const complaint = misplaced(address, content);
    if (complaint !== undefined) report(at, `${what} "${address}" ${complaint}`);
    return complaint === undefined;
  };
  if (content.gateway !== undefined) checkPlace('gateway', content.gateway, [...path, 'gateway']);
  for (const [index, server] of (content.dns ?? []).entries()) {
    if (isIP(server) !== 0) continue;
    report([...path, 'dns', index], `name server "${server}" is not an IP address. Write it as 192.0.2.53.`);
  }
  const pools: { first: bigint; last: bigint }[] = [];
  for (const [index, text] of (content.allocationPools ?? []).entries()) {
    const at = [...path, 'allocationPools', index];
    const [start = '', end = ''] = text.split('-');
    if (!checkPlace('address', start, at) || !checkPlace('address', end, at)) continue;
    const pool = { first: numberOf(start), last: numberOf(end) };
    const complaint =
      pool.last < pool.first
        ? 'ends before it begins. Swap its ends.'
        : pools.some(one => one.first <= pool.last && pool.first <= one.last)
          ? 'overlaps another one. Join them, or set them apart.'
          : undefined;
    if (complaint !== undefined) report(at, `allocation pool "${text}" ${complaint}`);
    pools.push(pool);
  }
}

/** An address of either kind, so that those of one kind can be compared. */
function numberOf(address: string): bigint {
  return parseIpv6(address) ?? BigInt(parseIpv4(address) ?? 0);
}

function checkIpv6(
  { ipv6Mode }: NetworkContent,
  text: string,
  path: Path,
  report: Report,
): Ipv6Network | undefined {
  const range = parseCidr6(text);
  const canonical = range && `${formatIpv6(range.first)}/${range.prefix}`;
  const complaint = !range
    ? 'is not an IPv6 network. Write it as "fd00:24::/64".'
    : range.prefix < 16 || range.prefix > 126
      ? 'has an unusable size. Use a prefix length from /16 to /126; 64 is usual.'
      : range.first !== parseIpv6(text.slice(0, text.indexOf('/')))
        ? `has host bits set. Write "${canonical}".`
        : range.first >> 120n === 0xffn || range.first >> 118n === 0x3fan || range.first >> 16n === 0n
          ? 'is multicast, link-local or loopback. Use a private range, such as "fd00:24::/64".'
          : range.prefix !== 64 && (ipv6Mode === 'slaac' || ipv6Mode === 'dhcpv6-stateless')
            ? `is not a /64, which ${ipv6Mode} needs. Make it one, or use dhcpv6-stateful.`
            : undefined;
  if (complaint !== undefined) report([...path, 'cidr6'], `cidr6 "${text}" ${complaint}`);
  return range;
}
