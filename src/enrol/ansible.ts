import { gibibytes, mebibytes, netbootNic } from './access.ts';
import type { EnrolledNode } from './enrolment.ts';
import type { Format } from './format.ts';
import { comment, toYaml } from './yaml.ts';

/** An inventory: a group for the lab and one for each role, with variables for `ipmi_power`, `redfish_command` and others. */
export const ansible: Format = {
  write: ({ lab, nodes, networks }) => {
    const roles = [...new Set(nodes.flatMap(({ role }) => role ?? []))].filter(role => role !== lab);
    const hostsIn = (role: string) =>
      Object.fromEntries(nodes.filter(node => node.role === role).map(({ name }) => [name, {}]));
    const children = {
      [groupName(lab)]: {
        hosts: Object.fromEntries(nodes.map(node => [node.name, variables(node)])),
        vars: {
          lab,
          lab_networks: Object.fromEntries(networks.map(({ name, cidr, dhcp }) => [name, { cidr, dhcp }])),
        },
      },
      ...Object.fromEntries(roles.map(role => [groupName(role), { hosts: hostsIn(role) }])),
    };
    return comment(`Nodes of lab ${lab}, for "ansible-playbook -i FILE".`) + toYaml({ all: { children } });
  },
};

/** Names of groups are names of variables too. */
function groupName(name: string): string {
  return name.replaceAll('-', '_').replace(/^\d/, '_$&');
}

function variables(node: EnrolledNode): Readonly<Record<string, unknown>> {
  const { ipmi, redfish } = node;
  return {
    ipmi_address: ipmi.address,
    ipmi_port: ipmi.port,
    ipmi_username: ipmi.username,
    ipmi_password: ipmi.password,
    ...(ipmi.kg && { ipmi_key: ipmi.kg }),
    ...(redfish && {
      // As Redfish modules want it: without a scheme.
      redfish_baseuri: new URL(redfish.url).host,
      redfish_url: redfish.url,
      redfish_resource_id: redfish.systemPath.slice(redfish.systemPath.lastIndexOf('/') + 1),
      redfish_username: redfish.username,
      redfish_password: redfish.password,
    }),
    uuid: node.uuid,
    cpus: node.cpus,
    memory_mb: mebibytes(node.memory),
    architecture: node.architecture,
    boot_mode: node.firmware,
    mac: netbootNic(node)?.mac,
    nics: node.nics.map(({ mac, network }) => ({ mac, network })),
    disks: node.disks.map(({ name, size, serial }) => ({
      name,
      size_gb: gibibytes(size),
      ...(serial && { serial }),
    })),
  };
}
