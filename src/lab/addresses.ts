import { formatIpv4, parseCidr, parseIpv4 } from '../support/ipv4.ts';
import { formatIpv6, parseCidr6, parseIpv6 } from '../support/ipv6.ts';
import type { Path, Report } from './problem.ts';
import type { NetworkContent } from './schema.ts';

/** The fixed address that an entry of a file gives to one machine of a group: itself, or the next of a range. */
export function addressAt(entry: string, position: number): string {
  const [first = entry] = entry.split('-');
  const start = entry.includes('-') ? parseIpv4(first) : undefined;
  return start === undefined ? entry : formatIpv4(start + position);
}

/** Sees to it that every fixed address of a lab is one of its network, and is used once. */
export class AddressBook {
  readonly #networks: ReadonlyMap<string, NetworkContent>;
  readonly #where: (path: Path) => string;
  readonly #report: Report;
  readonly #places = new Map<string, Path>();

  /** @param where - says where a path stands in the file, for messages that name two places */
  constructor(networks: ReadonlyMap<string, NetworkContent>, where: (path: Path) => string, report: Report) {
    this.#networks = networks;
    this.#where = where;
    this.#report = report;
  }

  /** Notes the addresses that an entry of a file gives to the machines of a group; reports what cannot be. */
  claimRun(entry: string, machines: number, network: string, path: Path): void {
    const [first, last] = entry.split('-').map(parseIpv4);
    if (entry.includes('-')) {
      const length = (last ?? Number.NaN) - (first ?? Number.NaN) + 1;
      if (length < machines) {
        const remedy = length < 1 ? 'Swap its ends.' : 'Make it longer.';
        this.#report(
          path,
          `the range has ${Math.max(length, 0)} addresses, too few for ${machines} machines. ${remedy}`,
        );
        return;
      }
    } else if (machines > 1) {
      this.#report(
        path,
        `address "${entry}" would be that of ${machines} machines. Write a range: FIRST-LAST.`,
      );
      return;
    }
    for (let position = 0; position < machines; position++) {
      if (!this.claim(addressAt(entry, position), network, path)) return;
    }
  }

  /** Notes who has an address. @returns whether it can be had; else that has been reported */
  claim(address: string, network: string, path: Path): boolean {
    const content = this.#networks.get(network);
    // A network that is unknown or unreadable has been reported as such.
    if (!content) return true;
    const complaint = misplaced(address, content);
    const key = `${network} ${canonical(address)}`;
    const other = this.#places.get(key);
    this.#places.set(key, other ?? path);
    if (complaint !== undefined) this.#report(path, `address "${address}" ${complaint}`);
    else if (other) {
      this.#report(
        path,
        `address "${address}" is already used at ${this.#where(other)}. Give each card its own.`,
      );
    } else return true;
    return false;
  }
}

/** Why an address cannot be one of a network: the rest of a sentence that begins with it. */
export function misplaced(text: string, { cidr, cidr6, subnet }: NetworkContent): string | undefined {
  if (!subnet) return 'is on a network without subnet, where ports have none. Leave it away.';
  if (text.includes(':')) {
    const address = parseIpv6(text);
    if (address === undefined) return 'is not an IP address. Write it as "fd00::10".';
    if (cidr6 === undefined) return 'is IPv6, and its network is not. Give the network "cidr6".';
    const range = parseCidr6(cidr6);
    if (!range || (address > range.first && address <= range.last)) return undefined;
    return `is not an address of ${cidr6}. Choose one from it.`;
  }
  const address = parseIpv4(text);
  if (address === undefined) return 'is not an IP address. Write it as 192.168.24.10.';
  const range = parseCidr(cidr);
  if (!range || (address > range.first && address < range.last)) return undefined;
  return `is not an address of ${cidr}. Choose one from it.`;
}

function canonical(text: string): string {
  const address = parseIpv6(text);
  return address === undefined ? text : formatIpv6(address);
}
