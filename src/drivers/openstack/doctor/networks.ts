import type { LabSpec } from '../../../node/spec.ts';
import { type Finding, fine } from '../../../support/finding.ts';
import { parseCidr } from '../../../support/ipv4.ts';
import type { CallContext } from '../client/call.ts';
import type { OpenStack } from '../client/openstack.ts';
import { type HostView, overlaps, thisHost } from '../netboot/plug.ts';

/** Networks that exist are used as they are: what nodes on them will meet. */
export async function* examineExisting(
  openstack: OpenStack,
  lab: LabSpec,
  ctx: CallContext,
): AsyncIterable<Finding> {
  for (const { name, cloud } of lab.networks) {
    if (cloud?.existing === undefined) continue;
    const check = `network ${name}`;
    const all = await openstack.network.networks.list({}, ctx);
    const found = all.filter(network => [network.id, network.name].includes(cloud.existing ?? ''));
    const [network] = found;
    if (!network || found.length > 1) {
      const message = network ? `there are several named ${cloud.existing}` : `there is no ${cloud.existing}`;
      yield { check, result: 'fail', message, remedy: 'Give the ID of a network of the project.' };
      continue;
    }
    const subnets = await openstack.network.subnets.list({ network_id: network.id }, ctx);
    const served = subnets.find(subnet => subnet.enable_dhcp);
    if (network.port_security_enabled === true) {
      yield {
        check,
        result: 'warn',
        message: 'has port security, which drops the answers of a DHCP server of your own',
        remedy:
          'Nodes’ ports are made without it where the policy lets them; your server’s port needs that too.',
      };
    }
    if (served) {
      yield {
        check,
        result: 'warn',
        message: `Neutron itself serves DHCP on its subnet ${served.cidr}`,
        remedy: `Two DHCP servers disturb each other: openstack subnet set --no-dhcp ${served.id}`,
      };
    }
    if (network.port_security_enabled !== true && !served) yield fine(check, 'leaves DHCP to the lab');
  }
}

/** Networks that this host is to be plugged into: whether it knows their addresses from elsewhere already. */
export async function* examinePlugs(lab: LabSpec, host: HostView = thisHost): AsyncIterable<Finding> {
  for (const { name, cidr, cloud } of lab.networks) {
    const range = parseCidr(cidr);
    if (cloud?.interface === undefined || !range) continue;
    const check = `this host on ${name}`;
    const user = await host.userOf(range, cloud.interface);
    yield user === undefined
      ? fine(check, `${cidr} is used by nothing else here`)
      : overlaps(check, cidr, user);
  }
}
