import { type LabComment, labelOf, labelsOf } from './lab-text.ts';
import type { LibvirtDomain } from './libvirt-domain.ts';

/** A machine that another tool has made a BMC for, and what libvirt says of it, if that is known. */
export interface Machine {
  readonly name: string;
  readonly domain?: LibvirtDomain | undefined;
}

/** Networks and nodes of a lab that stand for machines of libvirt. */
export interface MachineParts {
  readonly networks: Readonly<Record<string, object>>;
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  readonly comments: readonly LabComment[];
}

const usualNetwork = 'provisioning';

/** Machines as nodes of a lab, in the same order: as large, and with the same MAC addresses, where that is known. */
export function machineParts(machines: readonly Machine[]): MachineParts {
  const names = labelsOf(machines.map(({ name }) => name));
  const used = machines.flatMap(({ domain }) => domain?.nics.map(({ network }) => network) ?? []);
  const networks = labelsOf(
    used.length < machines.length || used.length === 0 ? [...used, usualNetwork] : used,
  );
  const labels = [...networks.values()];
  return {
    networks: Object.fromEntries(
      labels.map((label, index) => [label, { cidr: `192.168.${130 + index}.0/24`, dhcp: false }]),
    ),
    nodes: machines.map(({ name, domain }) => ({
      name: names.get(name) ?? labelOf(name),
      cpus: domain?.cpus ?? 1,
      memory: domain ? `${Math.max(Math.floor(domain.memory / 2 ** 20), 1)}MiB` : '2GiB',
      disks: Array.from({ length: domain?.disks || 1 }, () => '20GiB'),
      nics:
        domain && domain.nics.length > 0
          ? domain.nics.map(({ mac, network }) => ({
              network: networks.get(network) ?? labelOf(network),
              mac,
            }))
          : [labelOf(usualNetwork)],
      firmware: domain?.firmware ?? 'bios',
    })),
    comments: [
      ...labels.map(
        (label): LabComment => [['networks', label, 'cidr'], 'Check: choose addresses that are free here'],
      ),
      ...machines.flatMap(({ domain }, index): LabComment[] => [
        ...(domain ? [] : [[['nodes', index, 'memory'], 'Check: how large the machine is'] as const]),
        [['nodes', index, 'disks'], 'Check: how large its disks are'],
      ]),
    ],
  };
}
