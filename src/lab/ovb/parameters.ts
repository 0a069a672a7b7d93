/** What becomes of a parameter of OVB's templates in a lab file. */
export type Fate =
  /** Where its value goes; and why it has no place where nothing takes it, if that is not obvious. */
  | { readonly to: string; readonly otherwise?: string }
  /** Why it has no place. */
  | { readonly why: string };

const bmcService = 'one process of this project serves all BMCs; no instance per lab is made for them here';
const credentials = 'credentials are read from clouds.yaml or OS_* variables, and never written down';
const inside = 'the templates hand it to each other';
const shared = 'networks of a lab are its own; sharing them needs an administrator';
const radvd = 'no router advertisements are sent for the lab; let the provisioning host send them';

const overcloudNetwork = (name: string): Readonly<Record<string, Fate>> => ({
  [`overcloud_${name}_net`]: { to: 'name of a network' },
  [`overcloud_${name}_net_cidr`]: { to: 'networks.NAME.cidr, or cidr6' },
  [`overcloud_${name}_net_ip_version`]: { to: 'networks.NAME.cidr6 if it is 6' },
  [`overcloud_${name}_net_router_address`]: { to: 'routers[].networks[].address' },
  [`overcloud_${name}_net2`]: { to: 'name of a network' },
  [`overcloud_${name}_net2_cidr`]: { to: 'networks.NAME.cidr, or cidr6' },
  [`overcloud_${name}_net2_ip_version`]: { to: 'networks.NAME.cidr6 if it is 6' },
  [`overcloud_${name}_net2_router_address`]: { to: 'routers[].networks[].address' },
  [`overcloud_${name}_router`]: { to: 'routers[].name' },
});

const provisionNetwork = (name: string): Readonly<Record<string, Fate>> => ({
  [name]: { to: 'name of a network' },
  [`${name}_cidr`]: { to: 'networks.NAME.cidr, or cidr6' },
  [`${name}_ip_version`]: { to: 'networks.NAME.cidr6 if it is 6' },
  [`${name}_router_address`]: { to: 'routers[].networks[].address' },
  [`${name}_shared`]: { why: shared },
});

/** Every parameter of OVB's templates, and what becomes of it. */
export const parameters: Readonly<Record<string, Fate>> = {
  baremetal_flavor: { to: 'nodes[].flavor' },
  baremetal_image: {
    to: 'nodes[].firmware: uefi if its name says so; hosts[].image of extra nodes. Nodes boot from firmware of our own',
  },
  baremetal_name: { why: inside },
  baremetal_name_template: { to: 'nodes[].serverName' },
  baremetal_prefix: { to: 'nodes[].name' },
  baremetal_volume_size: { to: 'nodes[].disks[].size' },
  bmc_flavor: { why: bmcService },
  bmc_image: { why: bmcService },
  bmc_prefix: { why: bmcService },
  bmc_use_cache: {
    why: 'one question to the cloud always serves all BMCs and never shows an old answer as a new one',
  },
  cloud_data: { why: credentials },
  dhcp_ips: { to: "hosts[].userData of the DHCP relay: the relay's targets" },
  dhcp_relay_flavor: { to: 'hosts[].flavor of the DHCP relay' },
  dhcp_relay_image: { to: 'hosts[].image of the DHCP relay' },
  dhcp_relay_provision_address: { to: 'hosts[].nics[].addresses of the DHCP relay' },
  dhcp_relay_provision2_address: { to: 'hosts[].nics[].addresses of the DHCP relay' },
  dhcp_relay_provision3_address: { to: 'hosts[].nics[].addresses of the DHCP relay' },
  dhcrelay_prefix: { to: 'hosts[].name of the DHCP relay' },
  dns_nameservers: { to: 'networks.NAME.dns of the private network' },
  external_net: { to: 'routers[].external, hosts[].floatingIp' },
  'IPv6_dhcpv6-statefull': { why: radvd },
  key_name: { to: 'hosts[].keypair', otherwise: 'bare metal needs no key' },
  networks: { why: inside },
  node_count: { to: 'nodes[].count' },
  NtpPool: { why: radvd },
  os_auth_url: { why: credentials },
  os_password: { why: credentials },
  os_project: { why: credentials },
  os_project_domain: { why: credentials },
  os_tenant: { why: credentials },
  os_user: { why: credentials },
  os_user_domain: { why: credentials },
  ...overcloudNetwork('internal'),
  ...overcloudNetwork('storage'),
  ...overcloudNetwork('storage_mgmt'),
  ...overcloudNetwork('tenant'),
  private_net: { to: 'networks.NAME.existing, or the name of a network that is made' },
  private_net_cidr: { to: 'networks.NAME.cidr' },
  ...provisionNetwork('provision_net'),
  ...provisionNetwork('provision_net2'),
  ...provisionNetwork('provision_net3'),
  provision_network_routers_data: { why: inside },
  provision_router_name: { to: 'routers[].name' },
  public_net: { to: 'name of a network' },
  public_net_allocation_pools: { to: 'networks.NAME.allocationPools' },
  public_net_cidr: { to: 'networks.NAME.cidr, or cidr6' },
  public_net_ip_version: { to: 'networks.NAME.cidr6 if it is 6' },
  public_net_router_address: { to: 'routers[].networks[].address' },
  public_net_shared: { why: shared },
  public_subnet_ip_version: { to: 'networks.NAME.cidr6 if it is 6' },
  radvd_flavor: { why: radvd },
  radvd_image: { why: radvd },
  radvd_prefix: { why: radvd },
  radvd_provision_address: { why: radvd },
  role: { to: 'nodes[].role' },
  suffix: { why: inside },
  undercloud_flavor: { to: 'hosts[].flavor' },
  undercloud_floating_ip: { why: 'the host gets a floating IP of its own; one that exists cannot be named' },
  undercloud_floating_ip_id: {
    why: 'the host gets a floating IP of its own; one that exists cannot be named',
  },
  undercloud_image: { to: 'hosts[].image' },
  undercloud_name: { to: 'hosts[].name' },
  undercloud_port: { why: inside },
  undercloud_user_data: { to: 'hosts[].userData' },
  undercloud_user_data_format: { why: 'user data is always handed over as it is (RAW)' },
  undercloud_volume_size: { to: 'hosts[].volume' },
};

/** Every entry of OVB's resource registry, and what becomes of it. */
export const registry: Readonly<Record<string, Fate>> = {
  'OS::OVB::ServerPair': { to: 'nodes[].disks: volumes where it names the template with volumes' },
  'OS::OVB::BaremetalEnvironment': { to: 'nodes' },
  'OS::OVB::UndercloudEnvironment': { to: 'hosts: the undercloud, with a volume, or none' },
  'OS::OVB::UndercloudFloating': { to: 'hosts[].floatingIp, or none' },
  'OS::OVB::UndercloudPorts': {
    why: 'the undercloud has a card on the private, the provision and the public network',
  },
  'OS::OVB::UndercloudNetworks': { to: 'networks and routers' },
  'OS::OVB::PrivateNetwork': { to: 'networks and routers: a private network that exists, or is made' },
  'OS::OVB::BaremetalNetworks': { to: 'networks and routers of the overcloud' },
  'OS::OVB::BaremetalPorts': { to: 'nodes[].nics, or hosts for extra nodes' },
  'OS::OVB::BMC': { why: bmcService },
  'OS::OVB::BMCPort': { why: bmcService },
  'OS::OVB::DHCPRelay': {
    to: 'hosts: the DHCP relay',
    otherwise: 'only the relay for IPv4 is made; relay DHCPv6 on the machine that routes it',
  },
  'OS::OVB::RouterAdvertisementDaemon': { why: radvd },
  'OS::OVB::ProvisionNetRouter': { to: 'routers: none if it is OS::Heat::None' },
  'OS::OVB::ProvisionNetRouterInterface': { to: 'routers: none if it is OS::Heat::None' },
};
