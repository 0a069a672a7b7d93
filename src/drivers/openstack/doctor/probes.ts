import { messageOf } from '../../../support/errors.ts';
import { type Finding, fine } from '../../../support/finding.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import type { OpenStack } from '../client/openstack.ts';
import { usualMtu } from '../netboot/port.ts';

/** A MAC address that is none of Neutron's own. */
const probeMac = '52:54:00:00:00:01';
const probeCidr = '198.51.100.0/28';
const probeName = 'quintupleo-probe';

/** Tries to make what a network of a lab needs: policies show only when something is tried. */
export async function* tryNetwork(openstack: OpenStack, ctx: CallContext): AsyncIterable<Finding> {
  const { networks, subnets, ports } = openstack.network;
  const made: (() => Promise<void>)[] = [];
  const once = { find: async () => undefined };
  // Deleting goes on though the one who asked has gone.
  const cleaning: CallContext = { reason: 'doctor' };
  try {
    const network = await networks.create(
      { name: probeName, description: probeName, port_security_enabled: false },
      once,
      ctx,
    );
    made.push(() => networks.delete(network.id, cleaning));
    yield fine('network without port security', 'may be made');
    yield checkMtu(network.mtu ?? undefined);
    const subnet = await subnets.create(
      { network_id: network.id, ip_version: 4, cidr: probeCidr, enable_dhcp: false, gateway_ip: null },
      once,
      ctx,
    );
    made.push(() => subnets.delete(subnet.id, cleaning));
    yield fine('subnet without DHCP', 'may be made');
    const port = await ports.create(
      { network_id: network.id, name: probeName, mac_address: probeMac, port_security_enabled: false },
      once,
      ctx,
    );
    made.push(() => ports.delete(port.id, cleaning));
    yield fine('port with a MAC address of our own', 'may be made');
  } catch (error) {
    const check = [
      'network without port security',
      'subnet without DHCP',
      'port with a MAC address of our own',
    ];
    yield {
      check: check[made.length] ?? 'network',
      result: 'fail',
      message: messageOf(error),
      remedy: isOpenStackError(error, 'over-limit')
        ? 'Delete what is not needed any more ("quintupleo gc" finds leaked labs), or ask for more quota.'
        : 'The cloud’s policy does not let members do it: ask its operator.',
    };
  } finally {
    for (const undo of made.reverse()) await undo();
  }
}

function checkMtu(mtu: number | undefined): Finding {
  const check = 'MTU';
  if (mtu === undefined || mtu >= usualMtu) return fine(check, `${mtu ?? 'unknown'}`);
  return {
    check,
    result: 'warn',
    message: `networks carry ${mtu} bytes, less than the ${usualMtu} that systems take for granted`,
    remedy: `Have the lab's DHCP server announce an MTU of ${mtu} (dnsmasq: --dhcp-option=option:mtu,${mtu}).`,
  };
}

/** Tries to make an image. */
export async function tryImage(openstack: OpenStack, ctx: CallContext): Promise<Finding> {
  const check = 'image';
  try {
    const image = await openstack.image.create(
      { name: probeName, disk_format: 'iso', container_format: 'bare', visibility: 'private' },
      { find: async () => undefined },
      ctx,
    );
    await openstack.image.delete(image.id, { reason: 'doctor' });
    return fine(check, 'may be made');
  } catch (error) {
    const remedy =
      'Without an image of its own a lab’s nodes cannot ask what to boot: ask the cloud’s operator to let members upload.';
    return { check, result: 'fail', message: messageOf(error), remedy };
  }
}
