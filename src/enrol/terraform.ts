import { gibibytes, mebibytes } from './access.ts';
import type { EnrolledNode } from './enrolment.ts';
import type { Format } from './format.ts';

/** A tfvars file with one variable, `quintupleo`, for Terraform and OpenTofu. */
export const terraform: Format = {
  ending: '.tfvars.json',
  write: ({ lab, networks, certificate, nodes }) => {
    const quintupleo = {
      lab,
      networks: Object.fromEntries(networks.map(({ name, cidr, dhcp }) => [name, { cidr, dhcp }])),
      certificate: certificate?.pem ?? null,
      nodes: Object.fromEntries(nodes.map(node => [node.name, values(node)])),
    };
    return `${JSON.stringify({ quintupleo }, null, 2)}\n`;
  },
};

function values(node: EnrolledNode): Readonly<Record<string, unknown>> {
  const { ipmi, redfish } = node;
  return {
    uuid: node.uuid,
    role: node.role,
    cpus: node.cpus,
    memory_mb: mebibytes(node.memory),
    boot_mode: node.firmware,
    disks: node.disks.map(({ name, size, serial }) => ({ name, size_gb: gibibytes(size), serial })),
    nics: node.nics.map(({ mac, network, netboot }) => ({ mac, network, netboot })),
    ipmi: {
      address: ipmi.address,
      port: ipmi.port,
      username: ipmi.username,
      password: ipmi.password,
      kg: ipmi.kg,
    },
    redfish: redfish && {
      url: redfish.url,
      system_path: redfish.systemPath,
      username: redfish.username,
      password: redfish.password,
    },
  };
}
