import type {
  CloudDiskSettings,
  CloudLabSettings,
  CloudNetworkSettings,
  CloudNicSettings,
  CloudNodeSettings,
} from './cloud-spec.ts';

/** What a node, a network and a lab are made of, once a lab file has been read and its defaults filled in. */

/** How a node's firmware starts it. */
export type Firmware = 'bios' | 'uefi';

/** A disk of a node. */
export interface DiskSpec {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Of a cloud's machines only, as every `cloud` below. */
  readonly cloud?: CloudDiskSettings | undefined;
}

/** A network card of a node. The first one is the one that netboots. */
export interface NicSpec {
  /** Lower case, colons. */
  readonly mac: string;
  /** Name of a network of the same lab. */
  readonly network: string;
  readonly cloud?: CloudNicSettings | undefined;
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
  readonly cloud?: CloudNodeSettings | undefined;
}

/** One network of a lab. */
export interface NetworkSpec {
  /** Unique in its lab. */
  readonly name: string;
  /** IPv4 network in CIDR notation, such as `192.168.123.0/24`. */
  readonly cidr: string;
  /** Whether the lab itself serves DHCP and network boot here; `false` leaves it to somebody else's server. */
  readonly dhcp: boolean;
  readonly cloud?: CloudNetworkSettings | undefined;
}

/** A lab as a driver sees it. */
export interface LabSpec {
  readonly name: string;
  readonly networks: readonly NetworkSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly cloud?: CloudLabSettings | undefined;
}
