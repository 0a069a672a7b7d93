import { mkdir, rm } from 'node:fs/promises';
import { addressesOf } from '../../host/addresses.ts';
import {
  type DhcpPaths,
  type DhcpService,
  ensureDnsmasq,
  findIpxeBinaries,
  isServing,
  lastHeardOf,
  stopDnsmasq,
} from '../../host/dnsmasq.ts';
import { userOf } from '../../host/interfaces.ts';
import { type Reservations, reserve } from '../../host/reservations.ts';
import type { LabSpec, NetworkSpec, NodeSpec } from '../../node/spec.ts';
import type { Clock } from '../../support/clock.ts';
import { fileDocument } from '../../support/document.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { NicBackend } from './command-line.ts';
import {
  type Folders,
  type MachinePaths,
  type NetworkPaths,
  namesIn,
  networkPaths,
  networksFolder,
} from './layout.ts';
import { deleteBridge, ensureBridge, findLink } from './links.ts';

/** How machines are connected: by Linux bridges, or each for itself by QEMU's user networking. */
export type NetworkingName = 'bridge' | 'user';

/** A network as it is kept, and compared. */
export type NetworkRecord = NetworkSpec & {
  readonly networking: NetworkingName;
  /** Addresses that its DHCP server keeps for the lab's network cards. */
  readonly reservations: Reservations;
};

/** What the networks of a lab are made with. */
export interface LabNetworksParts {
  readonly lab: string;
  readonly folders: Folders;
  readonly networking: NetworkingName;
  readonly bootPort: number;
  readonly clock: Clock;
}

/** The networks of one lab. */
export class LabNetworks {
  readonly #parts: LabNetworksParts;

  constructor(parts: LabNetworksParts) {
    this.#parts = parts;
  }

  get networking(): NetworkingName {
    return this.#parts.networking;
  }

  /** The record of a network as a lab wants it; what is reserved already stays so. */
  async wanted(network: NetworkSpec, lab: LabSpec): Promise<NetworkRecord> {
    const { networking } = this.#parts;
    const before = await this.#document(network.name).read();
    const nics = lab.nodes.flatMap(node => node.nics).filter(nic => nic.network === network.name);
    const serves = network.dhcp && networking === 'bridge';
    const kept = before?.cidr === network.cidr ? before.reservations : {};
    const reservations = serves
      ? reserve(
          nics.map(nic => nic.mac),
          addressesOf(network.cidr),
          kept,
        )
      : {};
    return { ...network, networking, reservations };
  }

  /** Networks by name; `undefined` stands for one that was not finished. */
  async existing(): Promise<ReadonlyMap<string, NetworkRecord | undefined>> {
    const names = await namesIn(networksFolder(this.#parts.folders, this.#parts.lab));
    const found = new Map<string, NetworkRecord | undefined>();
    for (const name of names) found.set(name, await this.#document(name).read());
    return found;
  }

  /**
   * Checks that a network can be made on this host.
   * @throws QuintupleoError `NETWORK_OVERLAPS`
   */
  async check(network: NetworkSpec): Promise<void> {
    const { network: range } = addressesOf(network.cidr);
    if (this.#parts.networking === 'user') return;
    const user = await userOf(range, this.#paths(network.name).bridge);
    if (user === undefined) return;
    throw new QuintupleoError(`network ${network.name}: ${network.cidr} overlaps ${user} on this host`, {
      family: 'config',
      code: 'NETWORK_OVERLAPS',
      remedy: `Give ${network.name} another cidr in the lab file.`,
    });
  }

  /** Makes a network, or makes one that is there what it shall be. */
  async ensure(record: NetworkRecord): Promise<void> {
    const paths = this.#paths(record.name);
    await mkdir(paths.folder, { recursive: true, mode: 0o700 });
    const { clock } = this.#parts;
    if (record.networking === 'user') {
      await stopDnsmasq(dhcpPaths(paths), clock);
      await this.#deleteBridge(record.name);
    } else {
      await this.check(record);
      const addresses = addressesOf(record.cidr);
      const ipv4 = `${addresses.host}/${addresses.prefix}`;
      const isNew = await ensureBridge({
        ...this.#bridge(record.name),
        addresses: record.dhcp ? [ipv4, `${paths.ipv6}/64`] : [ipv4],
      });
      // A dnsmasq that is left from an earlier bridge of that name hears nothing any more.
      if (isNew || !record.dhcp) await stopDnsmasq(dhcpPaths(paths), clock);
      if (record.dhcp) await ensureDnsmasq(dhcpPaths(paths), this.#dhcpService(record), clock);
    }
    await this.#document(record.name).write(record);
  }

  /** What is wrong with a network that has been made; `undefined` when all is well. */
  async fault(record: NetworkRecord): Promise<string | undefined> {
    if (record.networking === 'user') return undefined;
    const paths = this.#paths(record.name);
    if (!(await findLink(paths.bridge))) return 'its bridge is gone';
    if (record.dhcp && !(await isServing(dhcpPaths(paths), this.#dhcpService(record))))
      return 'its DHCP server is gone';
    return undefined;
  }

  /** The logs of the DHCP servers of those of these networks that have one. */
  dhcpLogs(networks: readonly NetworkSpec[]): readonly string[] {
    if (this.#parts.networking === 'user') return [];
    return networks.filter(({ dhcp }) => dhcp).map(({ name }) => this.#paths(name).log);
  }

  /** What the DHCP server of a network last noted of a network card. */
  lastHeard(name: string, mac: string): Promise<string | undefined> {
    return lastHeardOf(mac, dhcpPaths(this.#paths(name)));
  }

  /** Takes a network away; also one that was only half made. */
  async remove(name: string): Promise<void> {
    const paths = this.#paths(name);
    await stopDnsmasq(dhcpPaths(paths), this.#parts.clock);
    await this.#deleteBridge(name);
    await rm(paths.folder, { recursive: true, force: true });
  }

  /**
   * What each of a machine's network cards is plugged into.
   * @throws QuintupleoError `NETWORK_MISSING`
   */
  async backends(spec: NodeSpec, machine: MachinePaths): Promise<readonly NicBackend[]> {
    const networks = await this.existing();
    return spec.nics.map((nic, index) => {
      const record = networks.get(nic.network);
      if (!record) {
        throw new QuintupleoError(`the network ${nic.network} does not exist`, {
          family: 'platform',
          code: 'NETWORK_MISSING',
          remedy: 'Run up again.',
        });
      }
      if (record.networking === 'bridge') {
        return { type: 'tap', tap: machine.tap(index), bridge: this.#paths(nic.network).bridge };
      }
      const { host, dns, firstLease } = addressesOf(record.cidr);
      const bootUrl = `http://${host}:${this.#parts.bootPort}/boot.ipxe`;
      return { type: 'user', cidr: record.cidr, host, dns, firstLease, bootUrl };
    });
  }

  /** Addresses of this host at which the machines of these networks ask what to boot. */
  bootAddresses(networks: readonly NetworkSpec[]): readonly string[] {
    // To a machine on user networking, its host's address is the host's loopback.
    if (this.#parts.networking === 'user') return networks.length > 0 ? ['127.0.0.1'] : [];
    return networks.map(({ cidr }) => addressesOf(cidr).host);
  }

  /** The bridge of each network, by the network's name; none on user networking. */
  bridges(networks: readonly NetworkSpec[]): ReadonlyMap<string, string> {
    if (this.#parts.networking === 'user') return new Map();
    return new Map(networks.map(({ name }) => [name, this.#paths(name).bridge]));
  }

  #paths(name: string) {
    return networkPaths(this.#parts.folders, this.#parts.lab, name);
  }

  #document(name: string) {
    return fileDocument<NetworkRecord>(this.#paths(name).record);
  }

  #bridge(name: string) {
    const { bridge, mac } = this.#paths(name);
    return { name: bridge, mac, alias: `quintupleo:${this.#parts.lab}/${name}` };
  }

  #dhcpService(record: NetworkRecord): DhcpService {
    const { bootPort } = this.#parts;
    const { cidr, reservations } = record;
    return { addresses: addressesOf(cidr), reservations, bootPort, tftp: findIpxeBinaries() };
  }

  async #deleteBridge(name: string): Promise<void> {
    // Who may not make bridges has none, and may not even have the program to look for them.
    if (this.#parts.networking === 'bridge' || (await this.existing()).get(name)?.networking === 'bridge') {
      await deleteBridge(this.#bridge(name));
    }
  }
}

/** Its dnsmasq answers on its bridge. */
function dhcpPaths({ bridge, leases, pidfile, log }: NetworkPaths): DhcpPaths {
  return { interface: bridge, leases, pidfile, log };
}
