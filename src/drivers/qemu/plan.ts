import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../../node/driver.ts';
import type { NodeSpec } from '../../node/spec.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { NetworkRecord } from './lab-networks.ts';

/** What a lab has, or shall have; `undefined` stands for a thing that was not finished. */
export interface LabContent {
  readonly networks: ReadonlyMap<string, NetworkRecord | undefined>;
  readonly machines: ReadonlyMap<string, NodeSpec | undefined>;
  /** What is wrong with networks that exist, by name. */
  readonly faults?: ReadonlyMap<string, string>;
}

/**
 * The steps from what exists to what is wanted: machines go before their networks and come after them.
 * @throws QuintupleoError `DISK_SHRINKS`
 */
export function planChanges(existing: LabContent, wanted: LabContent): Change[] {
  return [
    ...deletions('machine', existing.machines, wanted.machines),
    ...deletions('network', existing.networks, wanted.networks),
    ...[...wanted.networks.values()].flatMap(network =>
      network
        ? networkChange(existing.networks.get(network.name), network, existing.faults?.get(network.name))
        : [],
    ),
    ...[...wanted.machines.values()].flatMap(spec =>
      spec ? machineChange(existing.machines.get(spec.name), spec) : [],
    ),
  ];
}

function deletions(
  kind: Change['kind'],
  existing: ReadonlyMap<string, unknown>,
  wanted: ReadonlyMap<string, unknown>,
): Change[] {
  return [...existing.keys()]
    .filter(name => !wanted.has(name))
    .map(name => {
      const half = existing.get(name) === undefined;
      const summary = half
        ? 'not finished'
        : kind === 'machine'
          ? 'with its disks'
          : 'nothing uses it any more';
      return { op: 'delete', kind, name, summary, disruptive: kind === 'machine' && !half };
    });
}

function networkChange(old: NetworkRecord | undefined, wanted: NetworkRecord, fault?: string): Change[] {
  const { name } = wanted;
  const dhcp = wanted.dhcp ? 'with DHCP' : 'without DHCP';
  if (!old) {
    const summary = `${wanted.cidr}, ${wanted.networking} networking, ${dhcp}`;
    return [{ op: 'create', kind: 'network', name, summary, disruptive: false }];
  }
  const differences = [
    ...differs('', old.cidr, wanted.cidr),
    ...differs('', `${old.networking} networking`, `${wanted.networking} networking`),
    ...(old.dhcp === wanted.dhcp ? [] : [dhcp]),
    ...(isDeepStrictEqual(old.reservations, wanted.reservations) ? [] : ['addresses of its network cards']),
    ...(fault === undefined ? [] : [`made anew: ${fault}`]),
  ];
  if (differences.length === 0) return [];
  // Running machines keep the addresses, and the plugs, that they have.
  const disruptive = old.cidr !== wanted.cidr || old.networking !== wanted.networking;
  return [{ op: 'update', kind: 'network', name, summary: differences.join(', '), disruptive }];
}

function machineChange(old: NodeSpec | undefined, wanted: NodeSpec): Change[] {
  const { name } = wanted;
  if (!old) {
    return [{ op: 'create', kind: 'machine', name, summary: describeMachine(wanted), disruptive: false }];
  }
  const disks = diskDifferences(old, wanted);
  const atPowerOn = [
    ...differs('cpus', String(old.cpus), String(wanted.cpus)),
    ...differs('memory', formatSize(old.memory), formatSize(wanted.memory)),
    ...differs('firmware', old.firmware, wanted.firmware),
    ...differs('UUID', old.uuid, wanted.uuid),
    ...(JSON.stringify(old.nics) === JSON.stringify(wanted.nics) ? [] : ['network cards']),
    ...disks.others,
  ];
  const parts = [
    ...disks.atOnce,
    ...(atPowerOn.length === 0 ? [] : [`${atPowerOn.join(', ')}, at its next power-on`]),
  ];
  if (parts.length === 0) return [];
  return [{ op: 'update', kind: 'machine', name, summary: parts.join('; '), disruptive: disks.lost }];
}

function diskDifferences(old: NodeSpec, wanted: NodeSpec) {
  const before = new Map(old.disks.map(disk => [disk.name, disk.size]));
  const after = new Map(wanted.disks.map(disk => [disk.name, disk.size]));
  const atOnce: string[] = [];
  const others: string[] = [];
  for (const { name, size } of wanted.disks) {
    const size0 = before.get(name);
    if (size0 === undefined) others.push(`new disk ${name} of ${formatSize(size)}`);
    else if (size < size0) throw shrinks(wanted.name, name, size0, size);
    else atOnce.push(...differs(`disk ${name}`, formatSize(size0), formatSize(size)));
  }
  const gone = old.disks.filter(disk => !after.has(disk.name));
  for (const { name } of gone) others.push(`disk ${name} is deleted`);
  const order = (spec: NodeSpec) => spec.disks.map(disk => disk.name).join();
  if (atOnce.length + others.length === 0 && order(old) !== order(wanted)) others.push('order of its disks');
  return { atOnce, others, lost: gone.length > 0 };
}

function shrinks(machine: string, disk: string, from: number, to: number): QuintupleoError {
  return new QuintupleoError(
    `disk ${disk} of ${machine} cannot shrink from ${formatSize(from)} to ${formatSize(to)} and keep its data`,
    {
      family: 'config',
      code: 'DISK_SHRINKS',
      remedy: 'Give the disk another name in the lab file: then it is replaced by an empty one.',
    },
  );
}

function describeMachine({ cpus, memory, disks, nics, firmware }: NodeSpec): string {
  const disk = disks.map(({ size }) => formatSize(size)).join(' + ') || 'none';
  const nic = [...new Set(nics.map(({ network }) => network))].join(', ') || 'none';
  return `${cpus} ${cpus === 1 ? 'cpu' : 'cpus'}, ${formatSize(memory)} memory, disk ${disk}, network ${nic}, ${firmware}`;
}

function differs(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what} ${before} → ${after}`.trim()];
}

/** A number of bytes for people. */
function formatSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && size % 1024 === 0 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size} ${units[unit]}`;
}
