import { isIP } from 'node:net';

/** An IP network, with addresses as numbers so that both versions count alike. */
export interface Cidr {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

export function parseCidr(value: string): Cidr | undefined {
  const [address, length, ...more] = value.split('/');
  if (address === undefined || length === undefined || more.length > 0 || !/^\d+$/.test(length))
    return undefined;
  const version = isIP(address);
  if (version !== 4 && version !== 6) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = Number(length);
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const number = parseAddress(address);
  const first = number - (number % size);
  return { version, first, last: first + size - 1n, prefix };
}

/** @param address - a valid IPv4 or IPv6 address */
export function parseAddress(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}

export function formatAddress(number: bigint, version: 4 | 6): string {
  if (version === 4) {
    return [24n, 16n, 8n, 0n].map(shift => (number >> shift) & 255n).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((number >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  // A URL's host is written in the shortest form, as addresses are here.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

export const contains = (cidr: Cidr, address: string): boolean => {
  if (isIP(address) !== cidr.version) return false;
  const number = parseAddress(address);
  return number >= cidr.first && number <= cidr.last;
};

export const overlaps = (one: Cidr, other: Cidr): boolean =>
  one.version === other.version && one.first <= other.last && other.first <= one.last;

/** The address that a card with this MAC address gives itself in an IPv6 network. @see RFC 4291 appendix A */
export function slaacAddress(cidr: Cidr, mac: string): string {
  const bytes = mac.split(':').map(byte => Number.parseInt(byte, 16));
  const [first = 0, ...rest] = bytes;
  const identifier = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  const suffix = identifier.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return formatAddress(cidr.first + suffix, 6);
}
