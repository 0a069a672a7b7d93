import { readFile } from 'node:fs/promises';

/** The two ends of a request's connection, as the kernel tells them. */
export interface Caller {
  /** The client's address; link-local ones with their zone. */
  readonly address: string;
  /** The address of this host at which it was reached. */
  readonly ownAddress: string;
}

/**
 * The IPv6 link-local address that firmware gives a network card.
 * @param mac - lower case, colons
 * @see RFC 4291 appendix A (EUI-64)
 */
export function linkLocalAddress(mac: string): string {
  const [first = 0, ...rest] = mac.split(':').map(byte => Number.parseInt(byte, 16));
  const bytes = [first ^ 0x02, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  const groups = [0, 2, 4, 6].map(at => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  // As the kernel writes addresses: shortened.
  return new URL(`http://[fe80::${groups.join(':')}]`).hostname.slice(1, -1);
}

/**
 * Whether a client is the network card that it speaks of. By IPv6 the card's link-local address says so, by IPv4
 * this host's neighbour table. A client on this host itself stands for machines on user networking, of which neither
 * knows anything.
 * @param neighbours - reads the text of /proc/net/arp
 */
export async function isCard(
  caller: Caller,
  mac: string,
  neighbours: () => Promise<string> = () => readFile('/proc/net/arp', 'utf8'),
): Promise<boolean> {
  const address = plain(caller.address);
  if (/^fe[89ab]/i.test(address)) return address === linkLocalAddress(mac);
  if (address === plain(caller.ownAddress) || address.startsWith('127.') || address === '::1') return true;
  return isNeighbour(await neighbours(), address, mac);
}

/** Without the zone, and IPv4 as such. */
function plain(address: string): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
}

/** @see proc(5) on /proc/net/arp: address, hardware type, flags, hardware address, mask, device */
function isNeighbour(table: string, address: string, mac: string): boolean {
  return table.split('\n').some(line => {
    const [ip, , , hardware] = line.split(/\s+/);
    return ip === address && hardware?.toLowerCase() === mac;
  });
}
