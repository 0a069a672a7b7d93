import type { BootStrategy } from '../../../../node/cloud-spec.ts';
import type { DiskSpec, LabSpec, NodeSpec } from '../../../../node/spec.ts';
import type { FlavorNeeds } from '../flavors.ts';
import { type DesiredPort, portsOfNode } from './ports.ts';
import type { Aspects } from './record.ts';
import { type DesiredTrunk, trunksOfNode } from './trunks.ts';

/** A disk of a node, as Nova or Cinder shall make it. */
export interface DesiredDisk {
  /** `disk-0`. */
  readonly part: string;
  /** GiB, rounded up: clouds know no less. */
  readonly size: number;
  readonly source: 'local' | 'volume';
  readonly volumeType: string | undefined;
  /** Name or ID. */
  readonly image: string | undefined;
}

/** A node as a server of the cloud. */
export interface DesiredNode {
  readonly node: NodeSpec;
  readonly strategy: BootStrategy;
  readonly serverName: string;
  readonly ports: readonly DesiredPort[];
  readonly trunks: readonly DesiredTrunk[];
  readonly disks: readonly DesiredDisk[];
  readonly flavor: FlavorNeeds;
  readonly aspects: Aspects;
  /** What a person wants to be written on it. */
  readonly metadata: Readonly<Record<string, string>>;
}

const gibibyte = 2 ** 30;

/** What a node of the lab shall be; not for an instance that exists and is only adopted. */
export function desiredNode(node: NodeSpec, lab: LabSpec): DesiredNode {
  const cloud = node.cloud ?? {};
  const strategy = cloud.bootStrategy ?? 'director';
  const disks = node.disks.map(desiredDisk);
  const filtered = (network: string) =>
    lab.networks.find(({ name }) => name === network)?.cloud?.portSecurity === true;
  const ports = portsOfNode(node, filtered);
  return {
    node,
    strategy,
    serverName: cloud.serverName ?? `${lab.name}-${node.name}`,
    ports,
    trunks: trunksOfNode(node),
    disks,
    flavor: flavorNeeds(node, strategy, disks),
    metadata: cloud.metadata ?? {},
    aspects: {
      flavor: { flavor: cloud.flavor, cpus: node.cpus, memory: node.memory },
      disks,
      // VLANs come and go without the machine.
      nics: ports.filter(({ inTrunk }) => !inTrunk).map(({ network, mac }) => ({ network, mac })),
      boot: { firmware: node.firmware, secureBoot: cloud.secureBoot ?? false, strategy },
      place: { zone: cloud.availabilityZone, group: cloud.serverGroup },
    },
  };
}

function desiredDisk({ size, cloud }: DiskSpec, index: number): DesiredDisk {
  return {
    part: `disk-${index}`,
    size: Math.max(1, Math.ceil(size / gibibyte)),
    source: cloud?.source ?? 'local',
    volumeType: cloud?.volumeType,
    image: cloud?.image,
  };
}

function flavorNeeds(node: NodeSpec, strategy: BootStrategy, disks: readonly DesiredDisk[]): FlavorNeeds {
  const { cpus, memory } = node;
  const [root] = disks;
  // Where firmware of ours is the first boot device it takes the root disk's place, and needs almost no room.
  const rootIsDisk = strategy !== 'director' && root?.source === 'local';
  const beside = (rootIsDisk ? disks.slice(1) : disks).filter(({ source }) => source === 'local');
  return {
    cpus,
    memory,
    root: rootIsDisk ? root.size : 1,
    ephemeral: beside.reduce((sum, { size }) => sum + size, 0),
  };
}
