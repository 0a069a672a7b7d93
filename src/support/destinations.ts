import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { messageOf, QuintupleoError } from './errors.ts';
import { parseCidr } from './ipv4.ts';
import { parseCidr6 } from './ipv6.ts';

/** Finds the addresses of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

/** How connections are made. */
export interface ConnectionOptions {
  /** Whether a server must show a certificate that a known authority vouches for. */
  readonly verifyCertificate: boolean;
  /** Milliseconds for a connection to be made. */
  readonly timeout: number;
}

/**
 * Where URLs that a client gave may lead, so that nobody makes this host ask on his behalf what he cannot ask himself
 * (server-side request forgery). What counts is the address that is connected to, whatever the URL's name says: it is
 * looked at anew at every connection.
 */
export class Destinations {
  readonly #anywhere: boolean;
  /** Addresses that are allowed; without a list, those that are not. */
  readonly #addresses = new BlockList();
  readonly #names: readonly string[];
  readonly #hasList: boolean;
  readonly #resolve: Resolve;

  /**
   * @param allow - addresses and networks of IPv4 and IPv6, host names, `*.example.org`, or `any`: these are allowed, and
   * nothing else. `undefined` allows any address but loopback, link-local, unspecified and multicast ones and those at
   * which clouds keep an instance's secrets
   * @throws QuintupleoError `DESTINATION_INVALID`
   */
  constructor(allow?: readonly string[], resolve: Resolve = name => systemLookup(name, { all: true })) {
    this.#resolve = resolve;
    this.#hasList = allow !== undefined;
    this.#anywhere = allow?.includes('any') ?? false;
    const rest = (allow ?? neverByDefault).filter(rule => rule !== 'any');
    this.#names = rest.filter(rule => !addRule(this.#addresses, rule)).map(nameRule);
  }

  /**
   * Looks at a URL before anything is asked.
   * @returns why nothing may be asked of it; `undefined` also where that depends on what its name resolves to
   */
  refusal(url: string): string | undefined {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed) return 'it is no URL';
    if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
      return `only http and https are spoken here, not ${parsed.protocol.slice(0, -1)}`;
    return this.#refusalOfHost(parsed.hostname);
  }

  /** Resolves a name for a connection, to those of its addresses that are allowed. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.#find(name).then(
      found => {
        const [first] = found;
        if (options.all) callback(null, [...found]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), ''),
    );
  };

  /** Connections that lead only where they may; one that may not be made fails with `DESTINATION_REFUSED`. */
  agent({ verifyCertificate, timeout }: ConnectionOptions): Agent {
    const connect = buildConnector({ rejectUnauthorized: verifyCertificate, timeout, lookup: this.lookup });
    return new Agent({
      connect: (options, callback) => {
        // An address needs no lookup, so nobody else looks at it.
        const reason = this.#refusalOfHost(options.hostname);
        if (reason === undefined) connect(options, callback);
        else callback(refused(reason), null);
      },
    });
  }

  /** @param text - a name or an address; one of IPv6 with brackets or without */
  #refusalOfHost(text: string): string | undefined {
    const host = bare(text);
    return isIP(host) === 0 || this.#allowsAddress(host) ? undefined : refusalOf(host);
  }

  async #find(name: string): Promise<readonly LookupAddress[]> {
    const found = await this.#resolve(name);
    if (this.#allowsName(name)) return found;
    const allowed = found.filter(({ address }) => this.#allowsAddress(address));
    if (allowed.length > 0) return allowed;
    const [first] = found;
    throw refused(first ? `${name} is ${first.address}: ${refusalOf(first.address)}` : `${name} is nowhere`);
  }

  #allowsAddress(address: string): boolean {
    if (this.#anywhere) return true;
    const plain = address.replace(/%.*$/, '');
    const listed = this.#addresses.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
    return listed === this.#hasList;
  }

  #allowsName(text: string): boolean {
    const name = plainName(text);
    return this.#names.some(rule => (rule.startsWith('*.') ? name.endsWith(rule.slice(1)) : name === rule));
  }
}

const neverByDefault = [
  // Unspecified, loopback, link-local, multicast, broadcast.
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255'],
  ...['::', '::1', 'fe80::/10', 'ff00::/8'],
  // Where clouds tell an instance its secrets; the other such address is link-local.
  'fd00:ec2::254',
  // Ways to write an IPv4 address that a router would translate.
  ...['64:ff9b::/96', '64:ff9b:1::/48', '2002::/16'],
];

/** @returns whether the rule was an address or a network */
function addRule(list: BlockList, rule: string): boolean {
  const family = isIP(rule);
  const [network = '', length = ''] = rule.split('/');
  if (family !== 0) list.addAddress(rule, family === 6 ? 'ipv6' : 'ipv4');
  else if (parseCidr(rule)) list.addSubnet(network, Number(length), 'ipv4');
  else if (parseCidr6(rule)) list.addSubnet(network, Number(length), 'ipv6');
  else return false;
  return true;
}

function nameRule(rule: string): string {
  const name = plainName(rule);
  if (/^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name))
    return name;
  throw new QuintupleoError(`${rule} is no address, network or host name`, {
    family: 'config',
    code: 'DESTINATION_INVALID',
    remedy: 'Write an address, a network such as 192.0.2.0/24, a host name, *.example.org, or any.',
  });
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** A URL's host, where an IPv6 address has brackets. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function refusalOf(address: string): string {
  return `nothing may be fetched from ${address} here`;
}

function refused(reason: string): QuintupleoError {
  return new QuintupleoError(reason, {
    family: 'config',
    code: 'DESTINATION_REFUSED',
    remedy: 'Name that host or address among the destinations that the lab file allows.',
  });
}
