import { stringify } from 'yaml';
import { QuintupleoError } from '../support/errors.ts';
import { limits } from './limits.ts';
import { labelPattern } from './names.ts';

/** Instances of a cloud that shall be a lab's nodes. */
export interface AdoptedLab {
  readonly name: string;
  readonly cloud: string | undefined;
  readonly region: string | undefined;
  readonly networks: readonly {
    readonly id: string;
    readonly name: string;
    readonly cidr: string | undefined;
  }[];
  readonly servers: readonly {
    readonly id: string;
    readonly name: string;
    readonly cpus: number;
    /** MiB. */
    readonly memory: number;
    readonly firmware: 'bios' | 'uefi';
    readonly disks: readonly { readonly source: 'local' | 'volume' /** GiB. */; readonly size: number }[];
    readonly nics: readonly { readonly mac: string /** ID. */; readonly network: string }[];
  }[];
}

/**
 * The lab file of a lab whose nodes are instances that exist.
 * @throws QuintupleoError `NETWORK_UNUSABLE` for a network without IPv4 subnet
 */
export function adoptedLabFile(lab: AdoptedLab): string {
  const networks = uniqueLabels(lab.networks);
  const nodes = uniqueLabels(lab.servers);
  const file = {
    lab: lab.name,
    driver: {
      name: 'openstack',
      ...(lab.cloud === undefined ? {} : { cloud: lab.cloud }),
      ...(lab.region === undefined ? {} : { region: lab.region }),
    },
    networks: Object.fromEntries(
      lab.networks.map(({ id, name, cidr }) => {
        if (cidr === undefined) {
          throw new QuintupleoError(`the network ${name} has no IPv4 subnet`, {
            family: 'config',
            code: 'NETWORK_UNUSABLE',
            remedy: 'Write the lab file by hand, and give the network the addresses that are used there.',
          });
        }
        return [networks.get(id), { existing: id, cidr }];
      }),
    ),
    nodes: lab.servers.map(server => ({
      name: nodes.get(server.id),
      server: server.id,
      cpus: server.cpus,
      memory: `${server.memory}MiB`,
      firmware: server.firmware,
      disks: server.disks.map(({ source, size }) => ({ size: `${size}GiB`, source })),
      nics: server.nics.map(({ mac, network }) => ({ network: networks.get(network), mac })),
    })),
  };
  return `# Instances that exist, with a BMC each. They are never deleted or rebuilt.\n${stringify(file)}`;
}

/** Names that a lab may use, by ID: what a name has besides letters and digits becomes a hyphen. */
function uniqueLabels(
  things: readonly { readonly id: string; readonly name: string }[],
): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id, name } of things) {
    const label = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, limits.labName - 4)
      .replace(/-+$/, '');
    const base = labelPattern.test(label) ? label : 'unnamed';
    let unique = base;
    for (let count = 2; taken.has(unique); count++) unique = `${base}-${count}`;
    taken.add(unique);
    labels.set(id, unique);
  }
  return labels;
}
