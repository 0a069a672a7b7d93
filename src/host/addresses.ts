import { QuintupleoError } from '../support/errors.ts';
import { formatIpv4, type Ipv4Network, parseCidr } from '../support/ipv4.ts';

/** The addresses of a lab's network. */
export interface NetworkAddresses {
  readonly network: Ipv4Network;
  /** The host's own: the network's first one. */
  readonly host: string;
  readonly prefix: number;
  readonly netmask: string;
  /** Where QEMU's user networking answers for DNS. */
  readonly dns: string;
  /** What DHCP gives out, both included. */
  readonly firstLease: string;
  readonly lastLease: string;
}

/** Addresses that DHCP leaves to people, where the network is large enough. */
const reserved = 8;

/**
 * Shares out a network.
 * @throws QuintupleoError `NETWORK_UNUSABLE` for one that is too small
 */
export function addressesOf(cidr: string): NetworkAddresses {
  const network = parseCidr(cidr);
  if (!network || network.prefix > 29) {
    throw new QuintupleoError(`the network ${cidr} cannot be used`, {
      family: 'config',
      code: 'NETWORK_UNUSABLE',
      remedy: 'Write an IPv4 network of at least 8 addresses, such as 192.168.123.0/24.',
    });
  }
  const { first, last, prefix } = network;
  return {
    network,
    host: formatIpv4(first + 1),
    prefix,
    netmask: formatIpv4((0xffff_ffff << (32 - prefix)) >>> 0),
    dns: formatIpv4(first + 2),
    firstLease: formatIpv4(first + 3 + (last - first > 4 * reserved ? reserved : 0)),
    lastLease: formatIpv4(last - 1),
  };
}
