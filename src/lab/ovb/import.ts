import { QuintupleoError } from '../../support/errors.ts';
import { withId } from '../lab-id.ts';
import { labelOf } from '../lab-text.ts';
import { type Environment, mergeEnvironments, roleEnvironment, usualRegistry } from './environment.ts';
import { addDhcpRelay, addUndercloud, extraNode } from './hosts.ts';
import { Ledger, type Mapped, type NotMapped } from './ledger.ts';
import { addNetworks, type NetworkNames, networkNames } from './networks.ts';
import { LabSketch } from './sketch.ts';

/** A lab file made of OVB's environments, and what became of each of their parameters. */
export interface OvbImport {
  /** The lab file's text. */
  readonly text: string;
  readonly mapped: readonly Mapped[];
  readonly notMapped: readonly NotMapped[];
}

/** What is imported. */
export interface OvbSource {
  /** In the order in which `ovb-deploy` was given them. */
  readonly environments: readonly Environment[];
  readonly roles: readonly Environment[];
  /** The stack's name. */
  readonly name: string;
  readonly id?: string | undefined;
  /** Names of the files, for the heading. */
  readonly files: readonly string[];
}

/**
 * Makes a lab file of OVB's environments, merged and with roles as `ovb-deploy --quintupleo` does it.
 * @throws QuintupleoError `OVB_ENVIRONMENT_INVALID`, `LAB_ID_INVALID`
 */
export function importOvb(source: OvbSource): OvbImport {
  const merged = mergeEnvironments(source.environments);
  const base = { ...merged, registry: { ...usualRegistry, ...merged.registry } };
  const ledger = new Ledger('base', base, merged);
  const sketch = new LabSketch(withId(labelOf(source.name), source.id));

  const names = addNetworks(sketch, ledger);
  addUndercloud(sketch, ledger, names);
  addDhcpRelay(sketch, ledger, names);
  addMachines(sketch, ledger, names, undefined);

  const roles = source.roles.map(own => {
    const { environment, ignored } = roleEnvironment(base, own);
    const name = String(own.parameters.role ?? '');
    if (!/^[^_]+$/.test(name)) {
      throw invalid(
        'a role environment needs a parameter "role", without underscores',
        'Name the role in it.',
      );
    }
    const roleLedger = new Ledger(name, environment, own, ignored);
    const prefix = String(base.parameters.baremetal_prefix ?? 'baremetal');
    addMachines(sketch, roleLedger, networkNames(roleLedger), { name, prefix });
    return roleLedger;
  });
  if (sketch.content.nodes.length === 0) {
    throw invalid('the environments describe no nodes', 'Set node_count to 1 or more.');
  }

  const ledgers = [ledger, ...roles];
  const mapped = ledgers.flatMap(one => one.mapped);
  const notMapped = ledgers.flatMap(one => one.notMapped());
  return { text: sketch.toYaml(heading(source, notMapped)), mapped, notMapped };
}

function invalid(message: string, remedy: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'config', code: 'OVB_ENVIRONMENT_INVALID', remedy });
}

function heading({ files }: OvbSource, notMapped: readonly NotMapped[]): string {
  const lost = notMapped.map(({ environment, parameter, why }) => {
    const where = environment === 'base' ? '' : ` (role ${environment})`;
    return `  ${parameter}${where}: ${why}`;
  });
  return [
    `Made of OVB's ${files.join(', ')} by "quintupleo import ovb".`,
    'Comments name the parameters that values come from.',
    ...(lost.length > 0 ? ['Not mapped:', ...lost] : []),
  ].join('\n');
}

/** The templates that give nodes their network cards, and in which order. */
const cards: Readonly<Record<string, readonly (keyof NetworkNames)[]>> = {
  'baremetal-ports-default.yaml': ['provision'],
  'baremetal-ports-all.yaml': ['provision', 'public', 'internal', 'storage', 'storage_mgmt', 'tenant'],
  'baremetal-ports-public-bond.yaml': [
    'provision',
    'public',
    'public',
    'internal',
    'storage',
    'storage_mgmt',
    'tenant',
  ],
};

/** Adds the nodes of the base environment or of a role; a role of extra nodes becomes hosts. */
function addMachines(
  sketch: LabSketch,
  ledger: Ledger,
  names: NetworkNames,
  role: { readonly name: string; readonly prefix: string } | undefined,
): void {
  const ports = ledger.resource('OS::OVB::BaremetalPorts', 'baremetal-ports-default.yaml');
  if (ports.startsWith('baremetal-ports-extra-node')) {
    extraNode(sketch, ledger, names, ports, role);
    return;
  }
  const at = `nodes[${sketch.content.nodes.length}]`;
  const count = ledger.number('node_count', role ? 1 : 2, `${at}.count`);
  if (count < 1) return;
  const prefix = role?.prefix ?? ledger.text('baremetal_prefix', 'baremetal', `${at}.name`);
  const roleName = ledger.text('role', '', `${at}.role`);
  const image = ledger.text('baremetal_image', 'empty', `${at}.firmware`);
  const flavor = ledger.text('baremetal_flavor', 'baremetal', `${at}.flavor`);
  const template = ledger.text('baremetal_name_template', '', `${at}.serverName`);
  const known = cards[ports];
  if (known) ledger.resource('OS::OVB::BaremetalPorts', ports, `${at}.nics`);
  const nics = (known ?? ['provision' as const]).map(card => names[card].use(sketch));
  const onVolume =
    ledger.resource('OS::OVB::ServerPair', 'virtual-baremetal-servers.yaml') ===
    'virtual-baremetal-servers-volume.yaml';
  if (onVolume) ledger.resource('OS::OVB::ServerPair', '', `${at}.disks[0].source`);
  const volume = onVolume ? ledger.number('baremetal_volume_size', 41, `${at}.disks[0].size`) : undefined;

  const index = sketch.content.nodes.length;
  sketch.content.nodes.push({
    name: `${labelOf(role ? `${prefix}-${role.name}` : prefix)}-{index}`,
    count,
    ...(roleName && { role: labelOf(roleName) }),
    flavor,
    cpus: 2,
    memory: '8GiB',
    disks: volume === undefined ? ['50GiB'] : [{ size: `${volume}GiB`, source: 'volume' }],
    nics,
    firmware: /uefi/i.test(image) ? 'uefi' : 'bios',
    ...(template && { serverName: template.replaceAll('%index%', '{index}') }),
  });
  const comment = (key: string, text: string) => sketch.comment(['nodes', index, key], text);
  comment('name', role ? 'baremetal_prefix and role' : 'baremetal_prefix');
  comment('count', 'node_count');
  comment('role', 'role');
  comment('flavor', 'baremetal_flavor');
  comment('cpus', "Check: what the flavor has; OVB's documentation advises 2 and 8 GiB");
  comment('nics', ports);
  comment('firmware', `baremetal_image: ${image}`);
  comment('serverName', 'baremetal_name_template');
  comment(
    'disks',
    volume === undefined
      ? "Check: the node's disk, from the flavor's ephemeral space; for a volume write {size: 50GiB, source: volume}"
      : 'baremetal_volume_size',
  );
}
