import { formatIpv4, parseIpv4 } from '../support/ipv4.ts';
import type { Given } from './given.ts';
import type { Path, Report } from './problem.ts';

/** Where one BMC listens, and what of the file says so. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
  readonly path: Path;
}

/** What a file says of where BMCs listen. */
export interface EndpointContent {
  /** An address, or a range `FIRST-LAST`. */
  readonly address: Given<string>;
  readonly port: Given<number> | undefined;
  /** Port of all where each BMC has an address of its own. */
  readonly standardPort: number | undefined;
}

/** Hands out addresses and ports to one BMC after another. */
export class EndpointRun {
  readonly #first: number;
  readonly #last: number;
  readonly #content: EndpointContent;
  readonly #report: Report;
  readonly #usable: boolean;
  #count = 0;

  constructor(content: EndpointContent, report: Report) {
    this.#content = content;
    this.#report = report;
    const address = content.address.value;
    const [first, last] = address.split('-').map(parseIpv4);
    this.#first = first ?? 0;
    this.#last = address.includes('-') ? (last ?? 0) : this.#first;
    this.#usable = this.#checkAddress(address, first, address.includes('-') ? last : first);
  }

  /** Whether each BMC has an address of its own. */
  get isRange(): boolean {
    return this.#last > this.#first;
  }

  #checkAddress(text: string, first: number | undefined, last: number | undefined): boolean {
    const { path } = this.#content.address;
    if (first === undefined || last === undefined) {
      this.#report(
        path,
        `address "${text}" is not IPv4. Write four numbers from 0 to 255, such as 127.0.0.1.`,
      );
    } else if (last < first) {
      this.#report(path, `address range "${text}" ends before it begins. Swap its ends.`);
    } else if (first >= 0xe000_0000 || last >= 0xe000_0000) {
      this.#report(
        path,
        `address "${text}" is multicast or reserved. Use an address of this host, such as 127.0.0.1.`,
      );
    } else return true;
    return false;
  }

  /** The next BMC's endpoint; `undefined` once there is none, which has been reported. */
  next(): Endpoint | undefined {
    if (!this.#usable) return undefined;
    const { address, port, standardPort } = this.#content;
    const count = this.#count++;
    if (this.isRange) {
      const number = this.#first + count;
      if (number > this.#last) {
        const size = this.#last - this.#first + 1;
        this.#report(address.path, `the range has ${size} addresses, too few for its BMCs. Make it longer.`);
        return undefined;
      }
      return { address: formatIpv4(number), port: port?.value ?? standardPort, path: address.path };
    }
    const one = formatIpv4(this.#first);
    if (port === undefined) return { address: one, port: undefined, path: address.path };
    const number = port.value + count;
    if (number > 65535) {
      this.#report(
        port.path,
        `ports run out: from ${port.value} on there are ${65536 - port.value}, too few for the BMCs. Begin lower.`,
      );
      return undefined;
    }
    return { address: one, port: number, path: port.path };
  }
}

const everyAddress = '0.0.0.0';

/** Sees to it that no two of a lab listen on one socket. */
export class Endpoints {
  readonly #what: string;
  readonly #owners = new Map<string, string>();
  readonly #reported = new Set<string>();
  readonly #report: Report;

  /** @param what - those that listen, for messages: `BMCs` */
  constructor(what: string, report: Report) {
    this.#what = what;
    this.#report = report;
  }

  /** Notes who listens where; reports a collision, but only once for each place of the file. */
  claim(endpoint: Endpoint, owner: string): void {
    const { address, port, path } = endpoint;
    if (port === undefined) return;
    const other = this.#ownerOf(address, port);
    this.#owners.set(`${address}:${port}`, owner);
    this.#owners.set(`any:${port}`, owner);
    const place = JSON.stringify(path);
    if (other === undefined || this.#reported.has(place)) return;
    this.#reported.add(place);
    this.#report(
      path,
      `the ${this.#what} of ${other} and ${owner} would both listen on ${address}:${port}. ` +
        'Give one of them another port or address.',
    );
  }

  /** Whether nobody listens there yet. */
  isFree(address: string, port: number): boolean {
    return this.#ownerOf(address, port) === undefined;
  }

  #ownerOf(address: string, port: number): string | undefined {
    return (
      this.#owners.get(`${address}:${port}`) ??
      this.#owners.get(`${everyAddress}:${port}`) ??
      (address === everyAddress ? this.#owners.get(`any:${port}`) : undefined)
    );
  }
}
