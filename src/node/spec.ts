/** What a node, a network and a lab are made of, once a lab file has been read and its defaults filled in. */

/** How a node's firmware starts it. */
export type Firmware = 'bios' | 'uefi';

/** A disk of a node. */
export interface DiskSpec {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** A network card of a node. The first one is the one that netboots. */
export interface NicSpec {
  /** Lower case, colons. */
  readonly mac: string;
  /** Name of a network of the same lab. */
  readonly network: string;
}

/** One virtual bare-metal machine. */
export interface NodeSpec {
  /** Unique in its lab. */
  readonly name: string;
  /** RFC 4122, lower case: the system's UUID in SMBIOS and the GUID that the BMC tells. */
  readonly uuid: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly disks: readonly DiskSpec[];
  readonly nics: readonly NicSpec[];
  readonly firmware: Firmware;
}

/** One network of a lab. */
export interface NetworkSpec {
  /** Unique in its lab. */
  readonly name: string;
  /** IPv4 network in CIDR notation, such as `192.168.123.0/24`. */
  readonly cidr: string;
  /** Whether the lab itself serves DHCP and network boot here; `false` leaves it to somebody else's server. */
  readonly dhcp: boolean;
}

/** A lab as a driver sees it. */
export interface LabSpec {
  readonly name: string;
  readonly networks: readonly NetworkSpec[];
  readonly nodes: readonly NodeSpec[];
}
