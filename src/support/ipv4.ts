/** IPv4 addresses and networks, as numbers from 0 to 2^32 - 1. */

/** An IPv4 network: its first and last address. */
export interface Ipv4Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** The number of a dotted address without leading zeros, or `undefined`. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

/** The dotted form of an address. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff).join('.');
}

/**
 * The network that `text` lies in: `192.0.2.9/24` gives 192.0.2.0 to 192.0.2.255.
 * @returns `undefined` if it is not an address and a prefix length
 */
export function parseCidr(text: string): Ipv4Network | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseIpv4(match[1]);
  const prefix = Number(match?.[2]);
  if (address === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const first = address - (address % size);
  return { first, last: first + size - 1, prefix };
}

/** Its CIDR notation. */
export function formatCidr(network: Ipv4Network): string {
  return `${formatIpv4(network.first)}/${network.prefix}`;
}

/** Whether two networks share an address. */
export function overlap(one: Ipv4Network, other: Ipv4Network): boolean {
  return one.first <= other.last && other.first <= one.last;
}
