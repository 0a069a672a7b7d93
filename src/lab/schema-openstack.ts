import * as z from 'zod';
import { limits } from './limits.ts';
import { namePattern, serverNamePattern } from './names.ts';
import {
  documentText,
  keysFor,
  label,
  macAddress,
  networkName,
  size,
  text,
  truth,
  whole,
  words,
} from './schema-parts.ts';

/** What a lab file may say only where machines come from an OpenStack cloud. */

const address = () =>
  text(
    /^([\d.]+|[\da-f:]*:[\da-f:]*)$/i,
    'is not an IP address. Write it as 192.168.24.10, or "fd00::10" in quotes.',
  );

const addressRun = () =>
  text(
    /^([\d.]+(-[\d.]+)?|[\da-f:]*:[\da-f:]*)$/i,
    'is not an IP address or range. Write it as 192.168.24.10, "fd00::10" or 192.168.24.10-192.168.24.19.',
  );

const many = <Item extends z.ZodType>(item: Item, most: number, what: string) =>
  z.array(item).max(most, { error: `must be at most ${most} ${what}.` });

const metadata = () =>
  z
    .record(words('a name of 1 to 255 characters'), z.string({ error: 'must be text. Put it in quotes.' }))
    .optional();

const flavor = () => words('the name or ID of a flavor').optional();
const availabilityZone = () =>
  words('the name of an availability zone')
    .optional()
    .meta({ description: "Availability zone. Default: the cloud's." });
const serverGroup = () =>
  words("the name of one of the lab's server groups")
    .optional()
    .meta({ description: "One of the lab's `serverGroups`." });

/** Keys of a network. */
export const networkKeys = keysFor('openstack', {
  existing: words('the name or ID of a network of the cloud').optional().meta({
    description:
      'Name or ID of a network that the cloud has already. It is used as it is and never deleted; `cidr` says which addresses it has.',
  }),
  subnet: truth()
    .default(true)
    .meta({
      description:
        'Whether Neutron knows the addresses. `false` makes a network without subnet, whose ports have no address. Where Nova ' +
        'plugs in no such ports (Neutron lacks the extension `ip_allocation`), there is a subnet after all, but no gateway.',
    }),
  cidr6: text(
    /^[\da-f:]*:[\da-f:]*\/\d+$/i,
    'is not an IPv6 network. Write an address and a prefix length, such as "fd00:24::/64".',
  )
    .optional()
    .meta({
      description: 'IPv6 network in CIDR notation, beside the IPv4 one.',
      examples: ['fd00:24::/64'],
    }),
  ipv6Mode: z.enum(['slaac', 'dhcpv6-stateful', 'dhcpv6-stateless']).optional().meta({
    description:
      'How Neutron gives out the addresses of `cidr6`. Default: not at all; ports have them, and whoever runs the network tells the nodes.',
  }),
  mtu: whole(576, 65535).optional().meta({ description: "MTU in bytes. Default: the cloud's." }),
  gateway: address().optional().meta({
    description:
      'Gateway that the subnet names; an IPv6 address is that of `cidr6`. Default: none, unless a router of the lab is on it.',
  }),
  dns: many(address(), limits.dnsServers, 'name servers')
    .optional()
    .meta({ description: 'Name servers that the subnet names.' }),
  allocationPools: many(
    text(
      /^([\d.]+-[\d.]+|[\da-f:]+-[\da-f:]+)$/i,
      'is not a range of addresses. Write FIRST-LAST: 192.168.24.100-192.168.24.199.',
    ),
    limits.allocationPools,
    'ranges',
  )
    .optional()
    .meta({
      description: 'Ranges `FIRST-LAST` from which Neutron gives addresses to ports. Default: all of `cidr`.',
      examples: [['192.168.24.100-192.168.24.199']],
    }),
  neutronDhcp: truth().default(false).meta({
    description:
      "Whether Neutron's DHCP serves the network. Not where nodes netboot by a DHCP server of the lab.",
  }),
  portSecurity: truth().default(false).meta({
    description:
      'Whether Neutron filters what its ports send. Nodes need `false`: else nobody in the lab can serve DHCP.',
  }),
  vlanTransparent: truth().optional().meta({
    description: 'Whether VLAN tags must pass. Only where the cloud has that extension.',
  }),
  interface: text(
    /^[^\s/:]{1,15}$/,
    'is not the name of a network interface. `ip link` lists those of this machine.',
  )
    .optional()
    .meta({
      description:
        "This machine's own network interface on it. There the boot director answers, and DHCP if `dhcp` is `true`.",
    }),
  dhcpRelay: text(/^[\d.]+$/, 'is not an IPv4 address. Write it as 192.168.24.1.')
    .optional()
    .meta({
      description:
        'Address of a DHCP server on another network of the lab, to which requests from this one are passed on: by this ' +
        'machine from its `interface`, or by the service instance. The server answers through a router of the lab.',
      examples: ['192.168.24.1'],
    }),
});

/** Keys of a node's disk. */
export const diskKeys = keysFor('openstack', {
  source: z.enum(['local', 'volume']).default('local').meta({
    description:
      "`local`: ephemeral space of the flavor, on the hypervisor's disk. `volume`: a Cinder volume.",
  }),
  volumeType: words('the name of a volume type')
    .optional()
    .meta({ description: "Type of the volume. Default: the cloud's." }),
  image: words('the name or ID of an image')
    .optional()
    .meta({ description: 'Image that a new volume begins with. Default: it is empty.' }),
});

/** Keys of a node's network card. */
export const nicKeys = keysFor('openstack', {
  addresses: many(addressRun(), limits.addresses, 'addresses')
    .optional()
    .meta({
      description:
        'Fixed IP addresses. In a group of several nodes: ranges `FIRST-LAST`, of which each node takes the next. Default: Neutron chooses.',
      examples: [['192.168.24.10-192.168.24.19']],
    }),
  vlans: many(
    z
      .strictObject({
        network: networkName().meta({ description: 'Name of a network of this lab.' }),
        vlan: whole(1, 4094).meta({ description: 'VLAN ID that its frames carry on the card.' }),
      })
      .meta({ title: 'VLAN', description: 'A further network that the card carries.' }),
    limits.vlans,
    'VLANs',
  )
    .optional()
    .meta({
      description:
        "Further networks that the card carries with VLAN tags (a Neutron trunk), under the card's MAC.",
    }),
});

/** Keys of a node group. */
export const groupKeys = keysFor('openstack', {
  role: label(limits.label).optional().meta({
    description: 'What the nodes are for, such as `controller`; enrolment tells it to the tool.',
  }),
  flavor: flavor().meta({
    description:
      'Name or ID of the flavor. Default: the smallest that `cpus`, `memory` and local disks fit into.',
  }),
  boot: z
    .enum(['director', 'pxe-first', 'rescue', 'ipxe-disk', 'none'])
    .optional()
    .meta({
      description:
        'How the nodes are told what to boot: `director` (firmware of ours that asks at every boot), `pxe-first` (a Nova ' +
        "patched for the metadata `libvirt:pxe-first`), `rescue` (Nova's rescue mode with an iPXE image), `ipxe-disk` (an iPXE " +
        'image on the root disk) or `none`. Default: what the cloud can do, `director` for nodes that the lab creates.',
    }),
  secureBoot: truth()
    .optional()
    .meta({ description: 'Whether UEFI boots only what is signed. Default: as the cloud has it.' }),
  availabilityZone: availabilityZone(),
  serverGroup: serverGroup(),
  metadata: metadata().meta({ description: 'Metadata of the instances: names and texts.' }),
  server: words('the name or ID of an instance').optional().meta({
    description:
      'Name or ID of an instance that the cloud has already; only for a group of one node. It is never deleted or rebuilt.',
  }),
  serverName: text(
    serverNamePattern,
    'is not a usable name. Use letters, digits, dots, hyphens and underscores, {lab}, and {index} or {index:02} for the number.',
  )
    .max(255, { error: 'is too long. Use at most 255 characters.' })
    .optional()
    .meta({
      description: 'What the instances are called; `{lab}` and `{index}` are filled in. Default: `LAB-NODE`.',
      examples: ['{lab}-baremetal_{index}'],
    }),
});

const router = z
  .strictObject({
    name: label(limits.label).meta({ description: 'Name of the router.' }),
    external: words('the name or ID of a network of the cloud')
      .optional()
      .meta({ description: 'Name or ID of the external network that it leads to. Default: none.' }),
    networks: many(
      z.union([
        networkName(),
        z
          .strictObject({
            network: networkName().meta({ description: 'Name of a network of this lab.' }),
            address: address().optional().meta({
              description: "The router's address there. Default: the gateway of that network.",
            }),
          })
          .meta({ title: 'router interface', description: 'A network and the address of the router on it.' }),
      ]),
      limits.networks,
      'networks',
    )
      .min(1, { error: 'has no network. Name those that the router joins.' })
      .meta({ description: 'Networks of the lab that it joins: names, or name and address.' }),
    snat: truth().optional().meta({
      description: 'Whether it hides the lab behind its external address. Default: as the cloud has it.',
    }),
  })
  .meta({ title: 'router', description: 'A router between networks of the lab.' });

const serverGroupPolicy = z
  .strictObject({
    policy: z.enum(['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity']).meta({
      description: 'Whether its servers must, or should (`soft-`), share a hypervisor or be kept apart.',
    }),
  })
  .meta({ title: 'server group', description: 'Servers that are kept apart or together.' });

const hostNic = z.union([
  networkName(),
  z
    .strictObject({
      network: networkName().meta({ description: 'Name of a network of this lab.' }),
      mac: macAddress().optional().meta({
        description: 'MAC address; only for a single host. Default: derived from the names of lab and host.',
      }),
      addresses: nicKeys.addresses,
      portSecurity: truth().optional().meta({
        description: 'Whether Neutron filters what this port sends. Default: as its network.',
      }),
    })
    .meta({ title: 'nic', description: 'A network card with settings of its own.' }),
]);

const host = z
  .strictObject({
    name: text(
      namePattern,
      'is not a usable name. Use lower-case letters, digits and hyphens, and {index} or {index:02} for the number.',
    ).meta({ description: 'Name of the machine, or of several with `{index}`.', examples: ['undercloud'] }),
    count: whole(1, limits.hosts).default(1).meta({ description: 'How many.' }),
    firstIndex: whole(0, 1_000_000).default(0).meta({ description: 'Number of the first one.' }),
    flavor: flavor().meta({
      description: 'Name or ID of the flavor. Default: the smallest that `cpus` and `memory` fit into.',
    }),
    cpus: whole(1, limits.cpus).optional().meta({ description: 'Processors, at least.' }),
    memory: size().optional().meta({ description: 'Memory, at least.' }),
    image: words('the name or ID of an image').meta({
      description: 'Name or ID of the image that it boots.',
    }),
    volume: size().optional().meta({
      description: "Size of a Cinder volume that it boots from. Default: the flavor's disk.",
    }),
    nics: many(hostNic, limits.nics, 'network cards').optional().meta({
      description: "Network cards: names of networks, or mappings. Default: one, on the lab's first network.",
    }),
    keypair: words('the name of a keypair')
      .optional()
      .meta({ description: 'Name of a keypair that exists.' }),
    publicKey: documentText().optional().meta({
      description: 'SSH public key, or the file that has it; becomes a keypair of the lab.',
    }),
    userData: documentText()
      .optional()
      .meta({ description: 'cloud-init user data, or the file that has it.' }),
    configDrive: truth()
      .optional()
      .meta({ description: 'Whether it gets a config drive. Default: as the cloud has it.' }),
    securityGroups: many(words('the name of a security group'), limits.securityGroups, 'security groups')
      .optional()
      .meta({ description: 'Names of security groups that exist, for ports with port security.' }),
    floatingIp: words('the name or ID of an external network').optional().meta({
      description: 'Name or ID of the external network of which the first card gets a floating IP.',
    }),
    availabilityZone: availabilityZone(),
    serverGroup: serverGroup(),
    metadata: metadata().meta({ description: 'Metadata of the instance: names and texts.' }),
  })
  .meta({
    title: 'host',
    description: 'A machine that is no bare metal: the host of the provisioning tool, a server that it uses.',
  });

const service = z
  .union([
    z.enum(['here']),
    z.discriminatedUnion(
      'on',
      [
        z.strictObject({ on: z.literal('here').meta({ description: 'This machine.' }) }),
        z.strictObject({
          on: z.literal('instance').meta({ description: 'An instance that `up` creates.' }),
          network: networkName().meta({
            description: 'Network of the lab on which it has an address for each BMC.',
          }),
          address: text(/^[\d.]+$/, 'is not an IPv4 address. Write it as 192.168.24.254.')
            .optional()
            .meta({ description: "Its own address there. Default: the network's last one." }),
          flavor: flavor().meta({ description: 'Flavor. Default: the smallest one with 512 MiB of memory.' }),
          floatingIp: words('the name or ID of an external network').optional().meta({
            description:
              'External network of which it gets a floating IP, by which this machine reaches it. Default: none; this machine reaches the network itself.',
          }),
          availabilityZone: availabilityZone(),
        }),
      ],
      { error: 'must be here or instance.' },
    ),
  ])
  .meta({
    title: 'service',
    description: 'Who serves the BMCs, the boot director and DHCP: this machine, or an instance.',
  });

/** Schemas of a lab file's parts that are only for OpenStack, each under its key. */
export const labKeys = keysFor('openstack', {
  routers: many(router, limits.routers, 'routers')
    .default([])
    .meta({ description: 'Routers between networks of the lab.' }),
  serverGroups: z
    .record(label(limits.label), serverGroupPolicy)
    .default({})
    .meta({ description: 'Groups of servers that are kept apart or together, by name.' }),
  hosts: many(host, limits.hosts, 'hosts').default([]).meta({
    description: 'Machines that are no bare metal: the host of the provisioning tool, servers that it uses.',
  }),
  service: service.optional(),
  expires: text(/^\d+(\.\d+)? ?(min|h)$/, 'is not a lease. Write a number and its unit: 30min, 4h, 72h.')
    .optional()
    .meta({
      title: 'duration',
      description: 'How long after `up` anybody may take the lab away (`quintupleo gc`). Default: never.',
    }),
});

export { host as hostSchema, router as routerSchema };

/** What a router of a lab file reads. */
export type RouterContent = z.output<typeof router>;
/** What a host of a lab file reads. */
export type HostContent = z.output<typeof host>;
/** What the service of a lab file reads. */
export type ServiceContent = z.output<typeof service>;
/** What the server groups of a lab file read. */
export type ServerGroupsContent = z.output<typeof labKeys.serverGroups>;
