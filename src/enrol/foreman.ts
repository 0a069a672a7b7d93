import type { ExportOptions } from '../lab/exports.ts';
import { hostAndPort, loginOf, redfishOf, twoKeyWarnings } from './access.ts';
import type { EnrolledNode, Enrolment } from './enrolment.ts';
import type { Format } from './format.ts';

/**
 * Bodies of `POST /api/hosts`, one a node: a JSON list.
 * @see https://apidocs.theforeman.org/foreman/latest/apidoc/v2/hosts/create.html
 */
export const foreman: Format = {
  write: (enrolment, options) =>
    `${JSON.stringify(
      enrolment.nodes.map(node => ({ host: host(node, enrolment, options) })),
      null,
      2,
    )}\n`,
  warnings: (enrolment, options) => {
    const wanted = options.driver === 'ipmi' ? 623 : 443;
    const elsewhere = enrolment.nodes.filter(node => bmcPlace(node, options).port !== wanted);
    const shared = options.driver === 'redfish' && enrolment.nodes.some(node => isShared(node, enrolment));
    return [
      ...twoKeyWarnings(enrolment, options),
      ...(elsewhere.length > 0
        ? [
            `Foreman reaches BMCs on port ${wanted} only. Give each BMC an address of its own in the lab file.`,
          ]
        : []),
      ...(shared
        ? [
            'Foreman takes the first system of a Redfish service. Give each node its own with "bmc: { redfish: … }".',
          ]
        : []),
    ];
  },
};

function host(node: EnrolledNode, { lab }: Enrolment, options: ExportOptions): object {
  const nics = node.nics.map((nic, index) => ({
    type: 'interface',
    identifier: `eth${index}`,
    mac: nic.mac,
    primary: nic.netboot,
    provision: nic.netboot,
    ...(nic.addresses[0] && { ip: nic.addresses[0] }),
  }));
  const bmc = {
    type: 'bmc',
    provider: options.driver === 'ipmi' ? 'IPMI' : 'Redfish',
    ip: bmcPlace(node, options).host,
    ...loginOf(node, options),
  };
  return {
    name: node.name,
    comment: `Lab ${lab}, ${node.uuid}`,
    managed: false,
    build: false,
    // The form in which Rails takes a list with attributes.
    interfaces_attributes: Object.fromEntries([...nics, bmc].map((one, index) => [String(index), one])),
  };
}

function bmcPlace(
  node: EnrolledNode,
  { driver }: ExportOptions,
): { readonly host: string; readonly port: number } {
  return driver === 'ipmi'
    ? { host: node.ipmi.address, port: node.ipmi.port }
    : hostAndPort(redfishOf(node).url);
}

function isShared(node: EnrolledNode, { nodes }: Enrolment): boolean {
  return nodes.some(other => other !== node && other.redfish?.url === node.redfish?.url);
}
