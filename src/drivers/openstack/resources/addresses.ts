import { isIPv6 } from 'node:net';
import { formatCidr, formatIpv4, parseCidr, parseIpv4 } from '../../../support/ipv4.ts';

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

/** All addresses of an IPv4 network that machines may have, but for the gateway's. */
export function poolsAround(cidr: string, gateway: string | null): AddressPool[] {
  const network = parseCidr(cidr);
  if (!network) return [];
  const [first, last] = [network.first + 1, network.last - 1];
  const middle = gateway === null ? undefined : parseIpv4(gateway);
  if (middle === undefined || middle < first || middle > last) return [pool(first, last)];
  return [
    ...(middle > first ? [pool(first, middle - 1)] : []),
    ...(middle < last ? [pool(middle + 1, last)] : []),
  ];
}

function pool(first: number, last: number): AddressPool {
  return { start: formatIpv4(first), end: formatIpv4(last) };
}
