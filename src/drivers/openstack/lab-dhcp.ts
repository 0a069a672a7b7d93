import { mkdir, rm } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { addressesOf, type NetworkAddresses } from '../../host/addresses.ts';
import {
  type DhcpPaths,
  type DhcpRelay,
  type DhcpService,
  ensureDnsmasq,
  findIpxeBinaries,
  isServing,
  lastHeardOf,
  stopDnsmasq,
} from '../../host/dnsmasq.ts';
import { hostInterfaces } from '../../host/interfaces.ts';
import { run } from '../../host/programs.ts';
import type { Reservations } from '../../host/reservations.ts';
import type { MachineId, Observation } from '../../node/driver.ts';
import type { LabSpec, NetworkSpec } from '../../node/spec.ts';
import type { Clock, Timer } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import { parseCidr, parseIpv4 } from '../../support/ipv4.ts';
import type { Logger } from '../../support/log.ts';
import { DhcpWatch } from '../dhcp-watch.ts';
import { gatewayOf, legAddress } from './provision/resources/desired-network.ts';

/** What a lab's DHCP works with. */
export interface LabDhcpParts {
  readonly lab: string;
  readonly stateDirectory: string;
  /** TCP port of the boot service. */
  readonly bootPort: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The addresses that Neutron gave to the ports of a network, by MAC address: DHCP gives them to whom they belong. */
  readonly reservations: (network: NetworkSpec) => Promise<Reservations>;
  /** Told what the lab's machines are seen to do. */
  readonly observe: (machine: MachineId, observation: Observation) => void;
}

/** A network that is served here. */
interface Served {
  readonly network: NetworkSpec;
  /** This machine's interface on it. */
  readonly interface: string;
  /** This machine's address on it, as long as the interface has none. */
  readonly address: string | undefined;
  readonly gateway: string | undefined;
  /** Address of the DHCP server to which it is passed on; `undefined`: it is served by ourselves. */
  readonly relayTo: string | undefined;
  readonly reservations: Reservations;
}

/** How DHCP is served on a network. */
export interface DhcpView {
  /** Why it is not, or not yet; `undefined` when it is. */
  readonly trouble: string | undefined;
  /** What the server last noted of a network card. */
  readonly heard: string | undefined;
}

/** How often it is seen whether the interface is there and its dnsmasq runs. Milliseconds. */
const inspectionInterval = 5_000;

/**
 * DHCP and network boot of a lab's networks, from this machine's own interfaces on them. The interfaces are plugged by
 * somebody else, before or after the networks are made: each is served from when it is there.
 */
export class LabDhcp {
  readonly #parts: LabDhcpParts;
  readonly #watch: DhcpWatch;
  #lab: LabSpec;
  #served: readonly Served[] = [];
  /** By network. */
  readonly #troubles = new Map<string, string>();
  #timer: Timer | undefined;
  #inspection: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: LabDhcpParts) {
    this.#parts = parts;
    this.#watch = new DhcpWatch(parts.observe, parts.log);
    this.#lab = { name: parts.lab, networks: [], nodes: [] };
  }

  /**
   * Serves those of a lab's networks that ask for it, or relays for them, and no others.
   * @returns the IPv4 addresses at which netbooting machines are told to ask
   */
  async serve(lab: LabSpec): Promise<readonly string[]> {
    const before = this.#served;
    const served: Served[] = [];
    for (const network of lab.networks) {
      const { interface: name, dhcpRelay: relayTo } = network.cloud ?? {};
      if (name === undefined || (!network.dhcp && relayTo === undefined)) continue;
      served.push({
        network,
        interface: name,
        address: legAddress(network, lab),
        gateway: gatewayOf(network, lab),
        relayTo,
        reservations: relayTo === undefined ? await this.#parts.reservations(network) : {},
      });
    }
    this.#served = served;
    this.#lab = lab;
    for (const { network } of before) {
      if (!served.some(other => other.network.name === network.name)) await this.#stop(network.name);
    }
    await this.#inspect();
    return served.filter(({ relayTo }) => relayTo === undefined).map(one => addressesAt(one).host);
  }

  /** Looks how a network is served, and what was heard there of a network card; `undefined` for one that is not to be. */
  async look(network: string, mac: string): Promise<DhcpView | undefined> {
    if (!this.#served.some(one => one.network.name === network && !one.relayTo)) return undefined;
    await this.#inspect();
    const heard = await lastHeardOf(mac, this.#paths(network, ''));
    return { trouble: this.#troubles.get(network), heard };
  }

  /** Stops looking after it; what serves goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#inspection;
    this.#watch.close();
  }

  /** Ends a network's DHCP, and takes away what was kept of it. */
  async #stop(network: string): Promise<void> {
    await this.#inspection;
    await stopDnsmasq(this.#paths(network, ''), this.#parts.clock);
    await rm(this.#folder(network), { recursive: true, force: true });
  }

  /** One inspection at a time. */
  #inspect(): Promise<void> {
    this.#timer?.cancel();
    this.#inspection = this.#inspection.then(() => this.#inspectAll());
    return this.#inspection;
  }

  async #inspectAll(): Promise<void> {
    const { clock, log, lab } = this.#parts;
    for (const served of this.#served) {
      try {
        await this.#ensure(served);
        this.#troubles.delete(served.network.name);
      } catch (error) {
        this.#troubles.set(served.network.name, messageOf(error));
        log.warn({ lab, network: served.network.name, error: messageOf(error) }, 'DHCP cannot be served yet');
      }
    }
    await this.#watch.follow(this.#lab, this.#logs());
    if (this.#closed || this.#served.length === 0) return;
    this.#timer = clock.after(inspectionInterval, () => void this.#inspect());
  }

  /** Of the servers that run. */
  #logs(): readonly string[] {
    return this.#served
      .filter(({ network, relayTo }) => relayTo === undefined && !this.#troubles.has(network.name))
      .map(({ network }) => this.#paths(network.name, '').log);
  }

  async #ensure(served: Served): Promise<void> {
    const { network, interface: name, relayTo, gateway } = served;
    if (networkInterfaces()[name] === undefined) {
      // An interface without any address is not listed: it is there if it can be given one.
      await run('ip', ['link', 'set', name, 'up']);
    }
    const addresses = addressesAt(served);
    if (addressOn(name, network.cidr) === undefined) {
      await run('ip', ['address', 'replace', `${addresses.host}/${addresses.prefix}`, 'dev', name]);
    }
    if (relayTo !== undefined && gateway !== undefined && !(await isNear(relayTo))) {
      await run('ip', ['route', 'replace', relayTo, 'via', gateway, 'dev', name]);
    }
    const paths = this.#paths(network.name, name);
    const service = this.#serviceOf(served, addresses);
    if (await isServing(paths, service)) return;
    await mkdir(this.#folder(network.name), { recursive: true, mode: 0o700 });
    await ensureDnsmasq(paths, service, this.#parts.clock);
    this.#parts.log.info({ lab: this.#parts.lab, network: network.name, interface: name }, 'DHCP is served');
  }

  #serviceOf(
    { relayTo, reservations, gateway }: Served,
    addresses: NetworkAddresses,
  ): DhcpService | DhcpRelay {
    if (relayTo !== undefined) return { from: addresses.host, to: relayTo };
    const { bootPort } = this.#parts;
    return { addresses, reservations, bootPort, tftp: findIpxeBinaries(), gateway };
  }

  #folder(network: string): string {
    return join(this.#parts.stateDirectory, 'labs', this.#parts.lab, 'dhcp', network);
  }

  #paths(network: string, name: string): DhcpPaths {
    const folder = this.#folder(network);
    return {
      interface: name,
      leases: join(folder, 'leases'),
      pidfile: join(folder, 'dnsmasq.pid'),
      log: join(folder, 'dnsmasq.log'),
    };
  }
}

/** The network's addresses; this machine's own is the one that its interface has, if it has one. */
function addressesAt({ network, interface: name, address }: Served): NetworkAddresses {
  const addresses = addressesOf(network.cidr);
  return { ...addresses, host: addressOn(name, network.cidr) ?? address ?? addresses.host };
}

/** Whether an address is on a network that this machine itself is on. */
async function isNear(address: string): Promise<boolean> {
  const number = parseIpv4(address);
  const interfaces = await hostInterfaces();
  return interfaces
    .flatMap(({ addresses }) => addresses.map(parseCidr))
    .some(range => range && number !== undefined && number >= range.first && number <= range.last);
}

/** The address of a network that an interface of this host has. */
function addressOn(name: string, cidr: string): string | undefined {
  const range = parseCidr(cidr);
  return networkInterfaces()
    [name]?.map(({ address }) => address)
    .find(address => {
      const number = parseIpv4(address);
      return range && number !== undefined && number >= range.first && number <= range.last;
    });
}
