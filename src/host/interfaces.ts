import { type Ipv4Network, overlap, parseCidr } from '../support/ipv4.ts';
import { run } from './programs.ts';

/** A network interface of this host, with its addresses. */
export interface HostInterface {
  readonly name: string;
  /** Bytes. */
  readonly mtu: number;
  readonly up: boolean;
  /** With prefix length: `192.0.2.1/24`, `fe80::1/64`. */
  readonly addresses: readonly string[];
}

// Only what is read of `ip -json address show` and `ip -json route show`.
interface AddressJson {
  readonly ifname: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

interface RouteJson {
  readonly dst: string;
  readonly dev?: string;
}

/** Every network interface of this host. */
export async function hostInterfaces(): Promise<readonly HostInterface[]> {
  const interfaces = (await ipJson('address', 'show')) as readonly AddressJson[];
  return interfaces.map(({ ifname, mtu, flags, addr_info }) => ({
    name: ifname,
    mtu,
    up: flags.includes('UP'),
    addresses: addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  }));
}

/**
 * What of this host already uses an address of a network: an interface, or a route.
 * @param except - the interface that may
 */
export async function userOf(network: Ipv4Network, except: string): Promise<string | undefined> {
  const isUsed = (cidr: string) => {
    const other = parseCidr(cidr);
    return other !== undefined && overlap(other, network);
  };
  for (const { name, addresses } of await hostInterfaces()) {
    const used = name === except ? undefined : addresses.find(isUsed);
    if (used !== undefined) return `${used} of ${name}`;
  }
  for (const { dst, dev } of (await ipJson('-4', 'route', 'show')) as readonly RouteJson[]) {
    if (dev !== except && isUsed(dst.includes('/') ? dst : `${dst}/32`))
      return `a route to ${dst} by ${dev ?? 'nowhere'}`;
  }
  return undefined;
}

/** What `ip` says, as JSON. @see ip(8) */
export async function ipJson(...args: string[]): Promise<unknown> {
  const text = await run('ip', ['-json', ...args]);
  return text.trim() === '' ? [] : JSON.parse(text);
}
