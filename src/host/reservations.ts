import { formatIpv4, parseIpv4 } from '../support/ipv4.ts';
import type { NetworkAddresses } from './addresses.ts';

/** IPv4 addresses that a DHCP server keeps for network cards, by MAC address. */
export type Reservations = Readonly<Record<string, string>>;

/**
 * Gives every network card an address of its own. dnsmasq by itself offers one address to two machines that ask in the
 * same moment, and iPXE does not get over the refusal that follows.
 * @param before - reservations that stay where they are still wanted
 * @returns without the cards for which the network is too small
 */
export function reserve(
  macs: readonly string[],
  { firstLease, lastLease }: NetworkAddresses,
  before: Reservations,
): Reservations {
  const reserved = new Map(macs.map(mac => [mac, before[mac]]));
  const taken = new Set(reserved.values());
  const last = parseIpv4(lastLease) ?? 0;
  let next = parseIpv4(firstLease) ?? 0;
  for (const [mac, kept] of reserved) {
    if (kept !== undefined) continue;
    while (next <= last && taken.has(formatIpv4(next))) next++;
    if (next > last) reserved.delete(mac);
    else reserved.set(mac, formatIpv4(next++));
  }
  const entries = [...reserved].flatMap(([mac, address]) => (address === undefined ? [] : [[mac, address]]));
  return Object.fromEntries(entries);
}
