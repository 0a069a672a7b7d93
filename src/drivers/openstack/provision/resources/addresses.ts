import { isIPv6 } from 'node:net';
import { formatCidr, formatIpv4, parseCidr, parseIpv4 } from '../../../../support/ipv4.ts';

/** An address as Neutron writes it: IPv6 compressed and in lower case. */
export function canonicalAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** A network in CIDR notation as Neutron writes it. */
export function canonicalCidr(cidr: string): string {
  const ipv4 = parseCidr(cidr);
  if (ipv4) return formatCidr(ipv4);
  const [address = '', prefix = ''] = cidr.split('/');
  return `${canonicalAddress(address)}/${prefix}`;
}

/** The first address of an IPv4 network that a machine may have. */
export function firstHostOf(cidr: string): string | undefined {
  const network = parseCidr(cidr);
  return network && formatIpv4(network.first + 1);
}

/** First and last address of a range. */
export interface AddressPool {
  readonly start: string;
  readonly end: string;
}

/** All addresses of a network that machines may have, but for the gateway's; `undefined` gateway: its usual place is kept free. */
export function poolsAround(cidr: string, gateway: string | undefined): AddressPool[] {
  return cidr.includes(':') ? [poolAboveGateway(cidr)] : poolsAroundGateway(cidr, gateway);
}

function poolsAroundGateway(cidr: string, gateway = firstHostOf(cidr)): AddressPool[] {
  const network = parseCidr(cidr);
  if (!network) return [];
  const [first, last] = [network.first + 1, network.last - 1];
  const middle = gateway === undefined ? undefined : parseIpv4(gateway);
  if (middle === undefined || middle < first || middle > last) return [pool(first, last)];
  return [
    ...(middle > first ? [pool(first, middle - 1)] : []),
    ...(middle < last ? [pool(middle + 1, last)] : []),
  ];
}

/** Of an IPv6 network, whose gateway has its first address or one that no machine gets by chance. */
function poolAboveGateway(cidr: string): AddressPool {
  const [address = '', prefix = '64'] = cidr.split('/');
  const size = 1n << BigInt(128 - Number(prefix));
  const first = (parseIpv6(address) / size) * size;
  return { start: formatIpv6(first + 2n), end: formatIpv6(first + size - 1n) };
}

function parseIpv6(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  return canonicalAddress(groups.join(':'));
}

function pool(first: number, last: number): AddressPool {
  return { start: formatIpv4(first), end: formatIpv4(last) };
}
