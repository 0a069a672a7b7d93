import type { CloudHost, CloudLabSettings, CloudRouter } from '../node/cloud-spec.ts';
import { formatIpv4, parseCidr } from '../support/ipv4.ts';
import { type AddressBook, addressAt } from './addresses.ts';
import { type CloudSurroundings, checkAddresses, checkMetadata, checkServerGroup } from './cloud-nodes.ts';
import { defined } from './defined.ts';
import type { NamedGroup } from './groups.ts';
import { nicMac } from './identity.ts';
import { leaseRange, parseLease } from './lease.ts';
import { limits } from './limits.ts';
import type { GivenMac } from './macs.ts';
import { checkNetworkName } from './networks.ts';
import { resolveDiskSize, resolveMemory } from './nodes.ts';
import type { Path, Report } from './problem.ts';
import type { NetworkContent } from './schema.ts';
import type { HostContent, RouterContent, ServerGroupsContent } from './schema-openstack.ts';
import type { DocumentContent } from './schema-parts.ts';
import { type LabFileSources, readDocument } from './secret.ts';

/** What a cloud's lab has beyond networks and nodes, as a file says it. */
export interface CloudLabContent {
  /** By position in the file; `undefined` for one that could not be read. */
  readonly routers: readonly (RouterContent | undefined)[];
  readonly serverGroups: ServerGroupsContent;
  readonly hosts: readonly NamedGroup<HostContent>[];
  readonly expires: string | undefined;
}

/** What hosts draw on besides the file. */
export interface HostSurroundings extends CloudSurroundings {
  /** MAC addresses that are given; derived ones are added. */
  readonly macs: Set<string>;
  readonly sources: LabFileSources;
}

/** Checks what a cloud's lab has beyond networks and nodes, and turns it into what a driver sees. */
export function resolveCloudLab(
  content: CloudLabContent,
  networks: ReadonlyMap<string, NetworkContent>,
  around: HostSurroundings,
): CloudLabSettings {
  return defined({
    routers: resolveRouters(content.routers, networks, around),
    serverGroups: Object.entries(content.serverGroups).map(([name, { policy }]) => ({ name, policy })),
    hosts: content.hosts.flatMap(group => resolveHosts(group, networks, around)),
    lease: content.expires === undefined ? undefined : resolveLease(content.expires, around.report),
  });
}

/** The MAC addresses that the file gives to hosts. */
export function givenHostMacs(hosts: readonly NamedGroup<HostContent>[]): readonly GivenMac[] {
  return hosts.flatMap(({ content, path }) =>
    (content.nics ?? []).flatMap((nic, index) => {
      if (typeof nic === 'string' || nic.mac === undefined) return [];
      const at = [...path, 'nics', index, 'mac'];
      return [{ mac: nic.mac, path: at, machines: content.count, enrolled: false }];
    }),
  );
}

function resolveLease(text: string, report: Report): number | undefined {
  const lease = parseLease(text);
  if (lease === undefined) report(['expires'], `expires "${text}" is out of range. Use ${leaseRange}.`);
  return lease;
}

function resolveRouters(
  routers: CloudLabContent['routers'],
  networks: ReadonlyMap<string, NetworkContent>,
  { networks: known, addresses, where, report }: HostSurroundings,
): readonly CloudRouter[] {
  const places = new Map<string, Path>();
  return routers.flatMap((router, position) => {
    if (!router) return [];
    const path = ['routers', position];
    const other = places.get(router.name);
    if (other) {
      report(
        [...path, 'name'],
        `router name "${router.name}" is already used at ${where(other)}. Give each router its own name.`,
      );
    }
    places.set(router.name, other ?? [...path, 'name']);
    const joined = router.networks.map((entry, index) => {
      const at = [...path, 'networks', index];
      const { network, address } = typeof entry === 'string' ? { network: entry } : entry;
      checkNetworkName(network, typeof entry === 'string' ? at : [...at, 'network'], known, report);
      const content = networks.get(network);
      if (content?.subnet === false) {
        report(
          at,
          `router "${router.name}" needs addresses, and network "${network}" has no subnet. Give it one.`,
        );
      } else if (address !== undefined) addresses.claim(address, network, [...at, 'address']);
      else if (content?.existing === undefined) claimGateway(content, network, at, addresses);
      return defined({ network, address });
    });
    return [defined({ ...router, networks: joined })];
  });
}

/** Where the file does not say it, a router takes the subnet's gateway, or its first address. */
function claimGateway(
  content: NetworkContent | undefined,
  network: string,
  path: Path,
  addresses: AddressBook,
): void {
  const range = content && parseCidr(content.cidr);
  if (!range) return;
  const { gateway } = content;
  const own = gateway === undefined || gateway.includes(':') ? formatIpv4(range.first + 1) : gateway;
  addresses.claim(own, network, path);
}

type HostNic = Exclude<NonNullable<HostContent['nics']>[number], string>;

function resolveHosts(
  { content, path, names }: NamedGroup<HostContent>,
  settings: ReadonlyMap<string, NetworkContent>,
  around: HostSurroundings,
): readonly CloudHost[] {
  const { lab, networks, macs, sources, report } = around;
  checkServerGroup(content.serverGroup, path, around);
  checkMetadata(content.metadata, path, report);
  const size = <T>(text: string | undefined, key: string, resolve: (text: string, at: Path) => T) =>
    text === undefined ? undefined : resolve(text, [...path, key]);
  const memory = size(content.memory, 'memory', (text, at) => resolveMemory(text, at, report));
  const volume = size(content.volume, 'volume', (text, at) =>
    resolveDiskSize(text, 'volume', at, true, report),
  );
  const nics = (content.nics ?? networks.slice(0, 1)).map((entry, index) => {
    const nic: HostNic = typeof entry === 'string' ? { network: entry } : entry;
    const at = [...path, 'nics', index];
    checkNetworkName(nic.network, typeof entry === 'string' ? at : [...at, 'network'], networks, report);
    checkAddresses(nic, names.length, at, around);
    return nic;
  });
  if (content.floatingIp !== undefined && nics.length === 0) {
    report([...path, 'floatingIp'], 'floatingIp needs a network card. Add one to "nics".', 'key');
  }
  const filtered = nics.some(nic => nic.portSecurity ?? settings.get(nic.network)?.portSecurity);
  if (content.securityGroups !== undefined && !filtered) {
    report(
      [...path, 'securityGroups'],
      'securityGroups need a card with port security. Give one of them "portSecurity: true", or leave the key away.',
      'key',
    );
  }
  const publicKey = readPublicKey(content.publicKey, [...path, 'publicKey'], sources, report);
  if (content.keypair !== undefined && content.publicKey !== undefined) {
    report([...path, 'publicKey'], 'publicKey and keypair are both given. Leave one of them away.', 'key');
  }
  const userData =
    content.userData === undefined
      ? undefined
      : readDocument(content.userData, 'userData', [...path, 'userData'], limits.userData, sources, report);

  const { name: _, count: __, firstIndex: ___, ...rest } = content;
  return names.map((name, position) =>
    defined({
      ...rest,
      name,
      memory,
      volume,
      nics: nics.map(({ network, mac, addresses, portSecurity }, index) =>
        defined({
          network,
          mac: mac?.toLowerCase() ?? nicMac(lab, name, index, macs),
          addresses: addresses?.map(entry => addressAt(entry, position)),
          portSecurity,
        }),
      ),
      publicKey,
      userData,
    }),
  );
}

function readPublicKey(
  content: DocumentContent | undefined,
  path: Path,
  sources: LabFileSources,
  report: Report,
): string | undefined {
  if (content === undefined) return undefined;
  const key = readDocument(content, 'publicKey', path, limits.publicKey, sources, report)?.trim();
  if (key !== undefined && !/^(ssh|ecdsa|sk)-[\w@.-]+ [\w+/=]+( [^\n]*)?$/.test(key)) {
    report(
      path,
      'publicKey is not an SSH public key. Give the line that begins with ssh-ed25519 or ssh-rsa.',
    );
  }
  return key;
}
