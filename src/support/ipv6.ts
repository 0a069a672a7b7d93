import { isIPv6 } from 'node:net';

/** IPv6 addresses and networks, as numbers from 0 to 2^128 - 1. */

/** An IPv6 network: its first and last address. */
export interface Ipv6Network {
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

/** The number of an address in colons and hexadecimal digits, or `undefined`. */
export function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || !/^[\da-f:]+$/i.test(text)) return undefined;
  const [before = '', after] = text.split('::');
  const left = before.split(':').filter(Boolean);
  const right = (after ?? '').split(':').filter(Boolean);
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return BigInt(`0x${groups.map(group => group.padStart(4, '0')).join('')}`);
}

/** The colon form of an address. @see RFC 5952 §4 */
export function formatIpv6(address: bigint): string {
  const groups = address.toString(16).padStart(32, '0').match(/.{4}/g) ?? [];
  const text = groups.map(group => group.replace(/^0+(?=.)/, '')).join(':');
  // The first of the longest runs of zeros, if it is of two groups or more.
  const runs = [...text.matchAll(/\b0(:0)+\b/g)].sort((a, b) => b[0].length - a[0].length);
  const [run] = runs;
  if (!run) return text;
  const head = text.slice(0, run.index).replace(/:$/, '');
  const tail = text.slice(run.index + run[0].length).replace(/^:/, '');
  return `${head}::${tail}`;
}

/**
 * The network that `text` lies in: `fd00::9/64` gives fd00:: to fd00::ffff:ffff:ffff:ffff.
 * @returns `undefined` if it is not an address and a prefix length
 */
export function parseCidr6(text: string): Ipv6Network | undefined {
  const [, from = '', length = ''] = /^([\da-f:]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const address = parseIpv6(from);
  const prefix = Number(length);
  if (address === undefined || prefix > 128) return undefined;
  const size = 1n << BigInt(128 - prefix);
  const first = address - (address % size);
  return { first, last: first + size - 1n, prefix };
}
