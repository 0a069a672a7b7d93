import type { NetworkSpec, NicSpec } from '../../../node/spec.ts';
import { type Finding, fail, fine, warn } from '../../../support/finding.ts';
import type { CallContext } from '../client/call.ts';
import type { Port } from '../client/network-types.ts';
import type { OpenStack } from '../client/openstack.ts';

/** Ethernet's usual MTU: what the systems that are deployed on nodes take for granted. Bytes. */
export const usualMtu = 1500;

/** What a network boot needs of the cloud's network. */
export interface NetworkQuestion {
  readonly openstack: OpenStack;
  /** The card that netboots, and the network that it shall be on. */
  readonly nic: NicSpec;
  readonly network: NetworkSpec;
  /** ID of the machine's server. */
  readonly server: string;
  readonly isOn: boolean;
  readonly ctx: CallContext;
}

/** Looks at the port of the card that netboots, and at its network. */
export async function examinePort(question: NetworkQuestion): Promise<Finding[]> {
  const { openstack, nic, server, ctx } = question;
  const check = 'network card';
  const ports = await openstack.network.ports.list({ device_id: server }, ctx);
  const port = ports.find(({ mac_address }) => mac_address === nic.mac);
  if (!port) {
    const macs = ports.map(({ mac_address }) => mac_address).join(', ') || 'none';
    const remedy = 'Run up again, which mends it.';
    return [
      fail(check, `no port of the instance has its MAC address ${nic.mac}; there are: ${macs}`, remedy),
    ];
  }
  return [...portFindings(port, question), ...(await networkFindings(port, question))];
}

function portFindings(port: Port, { nic, isOn }: NetworkQuestion): Finding[] {
  const check = 'network card';
  const findings: Finding[] = [];
  // Neutron takes a port down with its machine.
  if (isOn && port.status !== 'ACTIVE') {
    const remedy = 'The network agent of its hypervisor has not plugged it: ask the cloud’s operator.';
    findings.push(fail(check, `port ${port.id} is ${port.status ?? 'in an unknown state'}`, remedy));
  }
  if (port.port_security_enabled === true) {
    const remedy = `openstack port set --no-security-group --disable-port-security ${port.id}`;
    const message = `port ${port.id} has port security, which drops the answers of a DHCP server in the lab`;
    findings.push(fail(check, message, remedy));
  }
  if (nic.mac.startsWith('fa:')) {
    const message = `${nic.mac} begins with fa:, and ironic-python-agent ignores such cards`;
    findings.push(warn(check, message, 'Give it another MAC address in the lab file.'));
  }
  return findings.length > 0 ? findings : [fine(check, `port ${port.id} (${nic.mac})`)];
}

async function networkFindings(port: Port, question: NetworkQuestion): Promise<Finding[]> {
  const { openstack, network, ctx } = question;
  const check = `network ${network.name}`;
  const [it, subnets] = await Promise.all([
    openstack.network.networks.get(port.network_id, ctx),
    openstack.network.subnets.list({ network_id: port.network_id }, ctx),
  ]);
  const findings: Finding[] = [];
  const { existing } = network.cloud ?? {};
  const isWanted =
    existing === undefined
      ? it.tags.some(tag => tag.endsWith(`:name=${network.name}`))
      : [it.id, it.name].includes(existing);
  if (!isWanted) {
    findings.push(
      fail(check, `the card is plugged into ${it.name} (${it.id}) instead`, 'Run up again, which mends it.'),
    );
  }
  const served = subnets.find(subnet => subnet.enable_dhcp);
  if (served) {
    findings.push(
      fail(
        check,
        `Neutron itself serves DHCP on its subnet ${served.cidr}, and does not say what to boot`,
        `openstack subnet set --no-dhcp ${served.id}`,
      ),
    );
  }
  const mtu = it.mtu ?? usualMtu;
  if (mtu < usualMtu) {
    const remedy = `Have its DHCP server announce an MTU of ${mtu}.`;
    findings.push(
      warn(check, `carries ${mtu} bytes, less than the ${usualMtu} that systems take for granted`, remedy),
    );
  }
  return findings.length > 0 ? findings : [fine(check, `${it.name}, MTU ${mtu}, leaves DHCP to the lab`)];
}
