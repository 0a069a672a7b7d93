/** What a lab file may say only where machines come from a cloud; names are those of OpenStack's APIs. */

/**
 * How a node of a cloud is told what to boot.
 *
 * - `director`: its first boot device is firmware of ours, which asks the boot director at every boot.
 * - `pxe-first`: a Nova that was patched for the metadata `libvirt:pxe-first`.
 * - `rescue`: network boot is Nova's rescue mode with an iPXE image.
 * - `ipxe-disk`: an iPXE image is the root disk; the disk is rebuilt where a tag on the server allows it.
 * - `none`: it boots as the cloud lets it.
 */
export type BootStrategy = 'director' | 'pxe-first' | 'rescue' | 'ipxe-disk' | 'none';

/** A node, as an instance of a cloud. */
export interface CloudNodeSettings {
  /** Name or ID; `undefined` takes the smallest flavor that the node fits into. */
  readonly flavor?: string | undefined;
  /** `undefined` takes what the cloud can do: the director for nodes that the lab creates. */
  readonly bootStrategy?: BootStrategy | undefined;
  readonly secureBoot?: boolean | undefined;
  readonly availabilityZone?: string | undefined;
  /** Name of one of the lab's server groups. */
  readonly serverGroup?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** An instance that exists, by ID or unambiguous name: it is used as it is, never deleted or rebuilt. */
  readonly existing?: string | undefined;
  /** What the instance is called; `undefined`: `LAB-NODE`. */
  readonly serverName?: string | undefined;
}

/** A disk of a node, as a cloud has it. */
export interface CloudDiskSettings {
  /** `local`: on the hypervisor's disk, from the flavor's ephemeral space; `volume`: a Cinder volume. */
  readonly source: 'local' | 'volume';
  readonly volumeType?: string | undefined;
  /** Name or ID of an image that a new volume begins with. */
  readonly image?: string | undefined;
}

/** A network card of a node, as a port of a cloud. */
export interface CloudNicSettings {
  /** Fixed IP addresses; `undefined` leaves them to Neutron. */
  readonly addresses?: readonly string[] | undefined;
  /** VLANs that the port carries as a trunk. */
  readonly vlans?:
    | readonly { readonly network: string; readonly vlan: number; readonly mac: string }[]
    | undefined;
}

/** A network, as a cloud has it. */
export interface CloudNetworkSettings {
  /** Name or ID of a network that exists: it is used as it is and never deleted. */
  readonly existing?: string | undefined;
  /** Whether Neutron knows the addresses; `false` makes a network without subnet, whose ports have no address. Default: true. */
  readonly subnet?: boolean | undefined;
  /** IPv6 subnet in CIDR notation. */
  readonly cidr6?: string | undefined;
  readonly ipv6Mode?: 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless' | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
  /** Address of the gateway that the subnet names; `undefined`: none, unless a router of the lab is on it. */
  readonly gateway?: string | undefined;
  readonly dnsNameservers?: readonly string[] | undefined;
  /** First and last address that Neutron gives away. */
  readonly allocationPools?: readonly { readonly start: string; readonly end: string }[] | undefined;
  /** Whether Neutron's own DHCP serves it; never on a network that nodes netboot from. */
  readonly neutronDhcp?: boolean | undefined;
  /** Whether ports are filtered (security groups, anti-spoofing); nodes need `false`, the default. */
  readonly portSecurity?: boolean | undefined;
  readonly vlanTransparent?: boolean | undefined;
  /** This machine's own network interface on it, where the BMC service runs here: where the boot director, and DHCP if the lab serves it, answer. */
  readonly interface?: string | undefined;
  /** Address of a DHCP server on another network, to which requests are passed on from that interface, or the service instance's. */
  readonly dhcpRelay?: string | undefined;
}

/** A router of a lab. */
export interface CloudRouter {
  readonly name: string;
  /** Name or ID of the external network; `undefined`: none. */
  readonly external?: string | undefined;
  /** Networks of the lab that it joins. */
  readonly networks: readonly { readonly network: string; readonly address?: string | undefined }[];
  readonly snat?: boolean | undefined;
}

/** Servers that are kept apart or together. */
export interface CloudServerGroup {
  readonly name: string;
  readonly policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';
}

/** A machine of a lab that is no bare metal: the host of the provisioning tool, a server that it uses. */
export interface CloudHost {
  readonly name: string;
  readonly flavor?: string | undefined;
  readonly cpus?: number | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
  readonly image: string;
  /** Bytes of a Cinder volume that it boots from; `undefined`: the flavor's disk. */
  readonly volume?: number | undefined;
  readonly nics: readonly {
    readonly network: string;
    readonly mac: string;
    readonly addresses?: readonly string[] | undefined;
    readonly portSecurity?: boolean | undefined;
  }[];
  /** Name of a keypair that exists. */
  readonly keypair?: string | undefined;
  /** An SSH public key of the lab's own; becomes a keypair of the lab. */
  readonly publicKey?: string | undefined;
  /** cloud-init user data: its text. */
  readonly userData?: string | undefined;
  readonly configDrive?: boolean | undefined;
  /** Names of security groups that exist; ports with port security only. */
  readonly securityGroups?: readonly string[] | undefined;
  /** External network from which the first card gets a floating IP. */
  readonly floatingIp?: string | undefined;
  readonly availabilityZone?: string | undefined;
  readonly serverGroup?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A small instance of the lab's own that serves its BMCs, boot director and DHCP in place of this machine. */
export interface CloudService {
  /** Its cards: the first one on the network that has the BMCs' addresses, the others where nodes netboot. */
  readonly nics: readonly { readonly network: string; readonly mac: string }[];
  /** Its own address on the first network. */
  readonly address: string;
  /** Addresses of the BMCs there. */
  readonly bmcs: readonly string[];
  readonly flavor?: string | undefined;
  /** External network from which it gets a floating IP, by which it is commanded. */
  readonly floatingIp?: string | undefined;
  readonly availabilityZone?: string | undefined;
}

/** What a lab on a cloud has beyond networks and nodes. */
export interface CloudLabSettings {
  readonly routers: readonly CloudRouter[];
  readonly serverGroups: readonly CloudServerGroup[];
  readonly hosts: readonly CloudHost[];
  /** `undefined`: this machine serves the BMCs. */
  readonly service?: CloudService | undefined;
  /** Milliseconds from `up` until anybody may take the lab away; `undefined`: never. */
  readonly lease?: number | undefined;
}
