import type { ExportOptions } from '../lab/exports.ts';
import { gibibytes, mebibytes, netbootNic, redfishOf, verifiesCertificate } from './access.ts';
import type { EnrolledNode, Enrolment } from './enrolment.ts';
import type { Format } from './format.ts';
import { comment, toYaml } from './yaml.ts';

/** A port of Ironic, to be created with its node. */
export interface IronicPort {
  readonly address: string;
  readonly physical_network: string;
  readonly pxe_enabled: boolean;
}

/** A node of Ironic, to be created. */
export interface IronicNode {
  readonly name: string;
  readonly uuid: string;
  readonly driver: 'ipmi' | 'redfish';
  readonly driver_info: Readonly<Record<string, string | number | boolean>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly resource_class: string;
  /** `boot_interface`, `deploy_interface` … as far as they are chosen. */
  readonly [key: `${string}_interface`]: string;
}

/**
 * What `openstack baremetal create` reads.
 * @see https://docs.openstack.org/python-ironicclient/latest/cli/osc_plugin_cli.html
 */
export const ironic: Format = {
  ending: '.yaml',
  write: (enrolment, options) =>
    comment(`Nodes of lab ${enrolment.lab}, for "openstack baremetal create FILE".`) +
    toYaml({
      nodes: enrolment.nodes.map(node => ({
        ...ironicNode(node, enrolment, options),
        ports: ironicPorts(node),
      })),
    }),
};

/** A node as Ironic's API takes it. Its UUID is the system's own. */
export function ironicNode(node: EnrolledNode, enrolment: Enrolment, options: ExportOptions): IronicNode {
  const interfaces = {
    ...(options.virtualMedia && { boot: 'redfish-virtual-media' }),
    ...options.interfaces,
  };
  return {
    name: node.name,
    uuid: node.uuid,
    driver: options.driver,
    resource_class: options.resourceClass,
    ...Object.fromEntries(Object.entries(interfaces).map(([kind, name]) => [`${kind}_interface`, name])),
    driver_info: { ...driverInfo(node, enrolment, options), ...options.driverInfo },
    properties: {
      cpus: node.cpus,
      memory_mb: mebibytes(node.memory),
      local_gb: gibibytes(node.disks[0]?.size ?? 0),
      cpu_arch: node.architecture,
      capabilities: capabilities(node),
      ...rootDevice(node),
    },
  };
}

/** A node's ports. The physical network is the lab's network by name. */
export function ironicPorts(node: EnrolledNode): readonly IronicPort[] {
  const netboots = netbootNic(node);
  return node.nics.map(nic => ({
    address: nic.mac,
    physical_network: nic.network,
    pxe_enabled: nic === netboots,
  }));
}

/** Boot mode and profile, as Ironic and TripleO write them. */
export function capabilities({ firmware, secureBoot, role }: EnrolledNode): string {
  return [
    `boot_mode:${firmware}`,
    ...(secureBoot ? ['secure_boot:true'] : []),
    ...(role === null ? [] : [`profile:${role}`]),
  ].join(',');
}

function driverInfo(
  node: EnrolledNode,
  enrolment: Enrolment,
  options: ExportOptions,
): IronicNode['driver_info'] {
  if (options.driver === 'ipmi') {
    const { address, port, username, password, privilege, kg } = node.ipmi;
    return {
      ipmi_address: address,
      ipmi_port: port,
      ipmi_username: username,
      ipmi_password: password,
      ...(kg && { ipmi_hex_kg_key: kg }),
      // Ironic asks for ADMINISTRATOR unless told otherwise.
      ...(privilege !== 'administrator' && { ipmi_priv_level: privilege.toUpperCase() }),
    };
  }
  const { url, systemPath, username, password } = redfishOf(node);
  const file = typeof options.verifyCa === 'string' ? options.verifyCa : undefined;
  return {
    redfish_address: url,
    redfish_system_id: systemPath,
    redfish_username: username,
    redfish_password: password,
    ...(enrolment.certificate && { redfish_verify_ca: file ?? verifiesCertificate(enrolment, options) }),
  };
}

/** Which disk the image goes to: the first, by serial number; by size where that is not known but tells it from the others. */
function rootDevice({ disks }: EnrolledNode): { readonly root_device?: Readonly<Record<string, unknown>> } {
  const [root, ...others] = disks;
  if (!root) return {};
  if (root.serial) return { root_device: { serial: root.serial } };
  const size = gibibytes(root.size);
  const distinct = others.length > 0 && others.every(disk => gibibytes(disk.size) !== size);
  return distinct ? { root_device: { size } } : {};
}
