/** What a lab may be made of. */
export const limits = {
  nodes: 10_000,
  cpus: 255,
  /** Bytes. Less does not get a firmware through its own start. */
  leastMemory: 64 * 2 ** 20,
  mostMemory: 4 * 2 ** 40,
  leastDisk: 2 ** 20,
  mostDisk: 64 * 2 ** 40,
  disks: 16,
  nics: 16,
  networks: 64,
  hosts: 100,
  routers: 64,
  securityGroups: 16,
  dnsServers: 8,
  allocationPools: 16,
  /** Fixed addresses of a network card, and VLANs that it carries. */
  addresses: 16,
  vlans: 64,
  /** Bytes of cloud-init user data: Nova has room for 65,535 in base64. */
  userData: 49_151,
  publicKey: 16_384,
  /** Milliseconds. */
  shortestLease: 60_000,
  longestLease: 8760 * 3_600_000,
  /** @see Redfish schema SessionService, SessionTimeout */
  shortestRedfishSession: 30_000,
  longestRedfishSession: 86_400_000,
  leastMediaLimit: 2 ** 20,
  mostMediaLimit: 2 ** 40,
  destinations: 64,
  /** Webhooks of a lab, and receivers of traps. */
  receivers: 16,
  /** Bytes. */
  leastEventFile: 65_536,
  mostEventFile: 2 ** 30,
  /** Bytes of a certificate with its chain. */
  certificate: 65_536,
  /** CIDR prefix lengths. */
  shortestPrefix: 8,
  longestPrefix: 29,
  /** Bytes of UTF-8. @see IPMI 2.0 §22.28 and §22.30 */
  userName: 16,
  password: 20,
  /** IPMI's 15 slots less the anonymous one. */
  users: 14,
  /** Characters. */
  labName: 32,
  label: 63,
} as const;

/** Cipher suites that a lab file may name. @see IPMI 2.0 table 22-20 */
export const cipherSuites: readonly number[] = [1, 2, 3, 15, 16, 17];

/** Who is told of events, when a lab file does not say. */
export const notifyDefaults = { community: 'public', size: '10MiB', keep: 4 } as const;

/** IPMI's own port. */
export const ipmiPort = 623;

/** Redfish's own port. @see DSP0266 §6 */
export const httpsPort = 443;

/** What a BMC is when its lab file does not say. */
export const bmcDefaults = {
  username: 'admin',
  privilege: 'administrator',
  /** Of a further user: the least that is of use. */
  userPrivilege: 'user',
  address: '127.0.0.1',
  cipherSuites: [3, 17],
  ipmi15: false,
  sessionTimeout: '60s',
  maximumSessions: 16,
  channelPrivilege: 'administrator',
} as const;

/** What a lab's Redfish services are when its file does not say. */
export const redfishDefaults = {
  address: '127.0.0.1',
  tls: true,
  sessionTimeout: '30min',
  mediaLimit: '16GiB',
} as const;
