import { z } from 'zod';

const tagsSchema = z.array(z.string()).default([]);

/** Schema of {@link Network}. */
export const networkSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string().optional(),
  admin_state_up: z.boolean().optional(),
  project_id: z.string().optional(),
  shared: z.boolean().optional(),
  'router:external': z.boolean().optional(),
  port_security_enabled: z.boolean().optional(),
  /** Bytes. */
  mtu: z.number().nullish(),
  /** IDs. */
  subnets: z.array(z.string()).default([]),
  vlan_transparent: z.boolean().nullish(),
  availability_zones: z.array(z.string()).optional(),
  tags: tagsSchema,
});

/** A network. */
export type Network = z.infer<typeof networkSchema>;

/** Fields of a network that is created; those of an update are the same, all optional. */
export interface CreateNetwork {
  readonly name: string;
  readonly description?: string | undefined;
  readonly admin_state_up?: boolean | undefined;
  readonly port_security_enabled?: boolean | undefined;
  readonly mtu?: number | undefined;
  readonly vlan_transparent?: boolean | undefined;
}

const allocationPoolSchema = z.looseObject({ start: z.string(), end: z.string() });

/** Schema of {@link Subnet}. */
export const subnetSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  network_id: z.string(),
  ip_version: z.number(),
  cidr: z.string(),
  gateway_ip: z.string().nullish(),
  enable_dhcp: z.boolean(),
  allocation_pools: z.array(allocationPoolSchema).default([]),
  dns_nameservers: z.array(z.string()).default([]),
  host_routes: z.array(z.looseObject({ destination: z.string(), nexthop: z.string() })).default([]),
  ipv6_ra_mode: z.string().nullish(),
  ipv6_address_mode: z.string().nullish(),
  tags: tagsSchema,
});

/** A range of addresses on a network. */
export type Subnet = z.infer<typeof subnetSchema>;

/** Fields of a subnet that is created. */
export interface CreateSubnet {
  readonly network_id: string;
  readonly name?: string | undefined;
  readonly ip_version: 4 | 6;
  readonly cidr: string;
  /** `null`: none. */
  readonly gateway_ip?: string | null | undefined;
  readonly enable_dhcp?: boolean | undefined;
  readonly allocation_pools?: readonly { readonly start: string; readonly end: string }[] | undefined;
  readonly dns_nameservers?: readonly string[] | undefined;
  readonly host_routes?: readonly { readonly destination: string; readonly nexthop: string }[] | undefined;
  readonly ipv6_ra_mode?: 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless' | undefined;
  readonly ipv6_address_mode?: 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless' | undefined;
  readonly description?: string | undefined;
}

const fixedIpSchema = z.looseObject({ subnet_id: z.string(), ip_address: z.string() });

/** Schema of {@link Port}. */
export const portSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  network_id: z.string(),
  mac_address: z.string(),
  /** `ACTIVE`, `DOWN`, `BUILD`. */
  status: z.string().optional(),
  admin_state_up: z.boolean().optional(),
  /** ID of the server or router; empty for a port that nobody uses. */
  device_id: z.string().default(''),
  device_owner: z.string().default(''),
  fixed_ips: z.array(fixedIpSchema).default([]),
  port_security_enabled: z.boolean().optional(),
  security_groups: z.array(z.string()).default([]),
  'binding:vnic_type': z.string().optional(),
  tags: tagsSchema,
});

/** A plug on a network, with its MAC and IP addresses. */
export type Port = z.infer<typeof portSchema>;

/** Fields of a port that is created. */
export interface CreatePort {
  readonly network_id: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly mac_address?: string | undefined;
  readonly admin_state_up?: boolean | undefined;
  readonly port_security_enabled?: boolean | undefined;
  readonly fixed_ips?:
    | readonly { readonly subnet_id?: string | undefined; readonly ip_address?: string | undefined }[]
    | undefined;
  readonly security_groups?: readonly string[] | undefined;
  readonly 'binding:vnic_type'?: string | undefined;
  readonly device_owner?: string | undefined;
}

/** Schema of {@link Router}. */
export const routerSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string().optional(),
  external_gateway_info: z
    .looseObject({
      network_id: z.string(),
      enable_snat: z.boolean().optional(),
      external_fixed_ips: z.array(fixedIpSchema).optional(),
    })
    .nullish(),
  tags: tagsSchema,
});

/** A router. */
export type Router = z.infer<typeof routerSchema>;

/** Fields of a router that is created. */
export interface CreateRouter {
  readonly name: string;
  readonly description?: string | undefined;
  readonly admin_state_up?: boolean | undefined;
  readonly external_gateway_info?:
    | { readonly network_id: string; readonly enable_snat?: boolean | undefined }
    | null
    | undefined;
  readonly routes?: readonly { readonly destination: string; readonly nexthop: string }[] | undefined;
}

/** Schema of {@link FloatingIp}. */
export const floatingIpSchema = z.looseObject({
  id: z.string(),
  floating_ip_address: z.string(),
  floating_network_id: z.string(),
  fixed_ip_address: z.string().nullish(),
  port_id: z.string().nullish(),
  router_id: z.string().nullish(),
  status: z.string().optional(),
  tags: tagsSchema,
});

/** An address of an external network that leads to a port. */
export type FloatingIp = z.infer<typeof floatingIpSchema>;

/** Fields of a floating IP that is created. */
export interface CreateFloatingIp {
  readonly floating_network_id: string;
  readonly port_id?: string | null | undefined;
  readonly fixed_ip_address?: string | undefined;
  readonly description?: string | undefined;
}

/** Schema of {@link SecurityGroup}. */
export const securityGroupSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  tags: tagsSchema,
});

/** A set of rules for what may reach a port. */
export type SecurityGroup = z.infer<typeof securityGroupSchema>;

/** Fields of a security group that is created. */
export interface CreateSecurityGroup {
  readonly name: string;
  readonly description?: string | undefined;
}

const subPortSchema = z.looseObject({
  port_id: z.string(),
  segmentation_type: z.string(),
  segmentation_id: z.number(),
});

/** Schema of {@link Trunk}. */
export const trunkSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  port_id: z.string(),
  status: z.string().optional(),
  sub_ports: z.array(subPortSchema).default([]),
  tags: tagsSchema,
});

/** A port that carries further ports as VLANs. */
export type Trunk = z.infer<typeof trunkSchema>;

/** Fields of a trunk that is created. */
export interface CreateTrunk {
  readonly port_id: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly sub_ports?: readonly Subport[] | undefined;
}

/** A port that a trunk shall carry. */
export interface Subport {
  readonly port_id: string;
  readonly segmentation_type: 'vlan' | 'inherit';
  readonly segmentation_id?: number | undefined;
}

/** Schema of {@link Quota}. */
export const quotaSchema = z.looseObject({
  limit: z.number(),
  used: z.number(),
  reserved: z.number().default(0),
});

/** A quota and what is used of it; a limit of -1 is none. */
export type Quota = z.infer<typeof quotaSchema>;
