import { formatIpv4, parseIpv4 } from '../support/ipv4.ts';
import { bmcDefaults, ipmiPort } from './limits.ts';
import type { Path, Report } from './problem.ts';
import type { BmcContent } from './schema-bmc.ts';

type IpmiContent = NonNullable<BmcContent['ipmi']>;

/** Where one BMC listens, and what of the file says so. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
  readonly path: Path;
}

/** Hands out addresses and ports to one BMC after another. */
export class EndpointRun {
  readonly #first: number;
  readonly #last: number;
  readonly #port: number | undefined;
  readonly #addressPath: Path;
  readonly #portPath: Path;
  readonly #report: Report;
  readonly #usable: boolean;
  #count = 0;

  constructor(
    own: IpmiContent | undefined,
    inherited: IpmiContent | undefined,
    ownPath: Path,
    inheritedPath: Path,
    report: Report,
  ) {
    this.#report = report;
    this.#addressPath = [...(own?.address === undefined ? inheritedPath : ownPath), 'address'];
    this.#portPath = [...(own?.port === undefined ? inheritedPath : ownPath), 'port'];
    this.#port = own?.port ?? inherited?.port;
    const address = own?.address ?? inherited?.address ?? bmcDefaults.address;
    const [first, last] = address.split('-').map(parseIpv4);
    this.#first = first ?? 0;
    this.#last = address.includes('-') ? (last ?? 0) : this.#first;
    this.#usable = this.#checkAddress(address, first, address.includes('-') ? last : first);
  }

  #checkAddress(text: string, first: number | undefined, last: number | undefined): boolean {
    if (first === undefined || last === undefined) {
      this.#report(
        this.#addressPath,
        `address "${text}" is not IPv4. Write four numbers from 0 to 255, such as 127.0.0.1.`,
      );
    } else if (last < first) {
      this.#report(this.#addressPath, `address range "${text}" ends before it begins. Swap its ends.`);
    } else if (first >= 0xe000_0000 || last >= 0xe000_0000) {
      this.#report(
        this.#addressPath,
        `address "${text}" is multicast or reserved. Use an address of this host, such as 127.0.0.1.`,
      );
    } else return true;
    return false;
  }

  /** The next BMC's endpoint; `undefined` once there is none, which has been reported. */
  next(): Endpoint | undefined {
    if (!this.#usable) return undefined;
    const count = this.#count++;
    if (this.#last > this.#first) {
      const address = this.#first + count;
      if (address > this.#last) {
        const size = this.#last - this.#first + 1;
        this.#report(
          this.#addressPath,
          `the range has ${size} addresses, too few for its BMCs. Make it longer.`,
        );
        return undefined;
      }
      return { address: formatIpv4(address), port: this.#port ?? ipmiPort, path: this.#addressPath };
    }
    const address = formatIpv4(this.#first);
    if (this.#port === undefined) return { address, port: undefined, path: this.#addressPath };
    const port = this.#port + count;
    if (port > 65535) {
      this.#report(
        this.#portPath,
        `ports run out: from ${this.#port} on there are ${65536 - this.#port}, too few for the BMCs. Begin lower.`,
      );
      return undefined;
    }
    return { address, port, path: this.#portPath };
  }
}

const everyAddress = '0.0.0.0';

/** Sees to it that no two BMCs of a lab listen on one socket. */
export class Endpoints {
  readonly #nodes = new Map<string, string>();
  readonly #reported = new Set<string>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Notes who listens where; reports a collision, but only once for each place of the file. */
  claim(endpoint: Endpoint, node: string): void {
    const { address, port, path } = endpoint;
    if (port === undefined) return;
    const other =
      this.#nodes.get(`${address}:${port}`) ??
      this.#nodes.get(`${everyAddress}:${port}`) ??
      (address === everyAddress ? this.#nodes.get(`any:${port}`) : undefined);
    this.#nodes.set(`${address}:${port}`, node);
    this.#nodes.set(`any:${port}`, node);
    const place = JSON.stringify(path);
    if (other === undefined || this.#reported.has(place)) return;
    this.#reported.add(place);
    this.#report(
      path,
      `the BMCs of ${other} and ${node} would both listen on ${address}:${port}. ` +
        'Give one of them another port or address.',
    );
  }
}
