import type { ExportOptions } from '../lab/exports.ts';
import {
  gibibytes,
  mebibytes,
  netbootNic,
  redfishOf,
  twoKeyWarnings,
  verifiesCertificate,
} from './access.ts';
import type { EnrolledNode } from './enrolment.ts';
import type { Format } from './format.ts';
import { capabilities } from './ironic.ts';

/**
 * TripleO's instackenv.json, with what OVB's build-nodes-json wrote: every field of it, `profile` for the role, the
 * card that netboots as the only port, and `network_details`. Besides, `pm_port`, as BMCs here need not be on port 623.
 */
export const instackenv: Format = {
  write: (enrolment, options) => {
    const nodes = enrolment.nodes.map(node => instackNode(node, options));
    const network_details = Object.fromEntries(
      enrolment.nodes.map(node => [node.name, { id: node.uuid, ips: addressesOf(node) }]),
    );
    return `${JSON.stringify({ nodes, network_details }, null, 2)}\n`;
  },
  warnings: (enrolment, options) => [
    ...twoKeyWarnings(enrolment, options),
    ...(options.driver === 'redfish' && enrolment.certificate && !verifiesCertificate(enrolment, options)
      ? [
          'instackenv.json cannot say that a certificate is not to be verified. ' +
            'Let the conductor trust what "export certificate" gives.',
        ]
      : []),
  ],
};

function instackNode(node: EnrolledNode, options: ExportOptions): Readonly<Record<string, unknown>> {
  const nic = netbootNic(node);
  return {
    name: node.name,
    pm_type: options.driver,
    ...powerManagement(node, options),
    arch: node.architecture,
    cpu: node.cpus,
    memory: mebibytes(node.memory),
    disk: gibibytes(node.disks[0]?.size ?? 0),
    capabilities: `boot_option:local,${capabilities(node)}`,
    ...interfaces(options),
    ports: nic ? [{ address: nic.mac, physical_network: nic.network }] : [],
  };
}

function powerManagement(
  node: EnrolledNode,
  { driver }: ExportOptions,
): Readonly<Record<string, string | number>> {
  if (driver === 'ipmi') {
    const { address, port, username, password } = node.ipmi;
    return { pm_addr: address, pm_port: port, pm_user: username, pm_password: password };
  }
  const { url, systemPath, username, password } = redfishOf(node);
  return { pm_addr: url, pm_system_id: systemPath, pm_user: username, pm_password: password };
}

function interfaces(options: ExportOptions): Readonly<Record<string, string>> {
  const all = { ...(options.virtualMedia && { boot: 'redfish-virtual-media' }), ...options.interfaces };
  return Object.fromEntries(Object.entries(all).map(([kind, name]) => [`${kind}_interface`, name]));
}

/** As Nova lists a server's addresses: by network. A card whose address is not fixed has none. */
function addressesOf({ nics }: EnrolledNode): Readonly<Record<string, readonly object[]>> {
  const networks = [...new Set(nics.map(nic => nic.network))];
  return Object.fromEntries(
    networks.map(network => [
      network,
      nics
        .filter(nic => nic.network === network)
        .flatMap(({ mac, addresses }) =>
          (addresses.length > 0 ? addresses : [null]).map(addr => ({
            'OS-EXT-IPS-MAC:mac_addr': mac,
            'OS-EXT-IPS:type': 'fixed',
            version: addr?.includes(':') ? 6 : 4,
            addr,
          })),
        ),
    ]),
  );
}
