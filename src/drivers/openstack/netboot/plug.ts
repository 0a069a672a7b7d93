import { type HostInterface, hostInterfaces, userOf } from '../../../host/interfaces.ts';
import { firmwareAddress } from '../../../node/firmware.ts';
import type { NetworkSpec } from '../../../node/spec.ts';
import { type Finding, fail, fine, warn } from '../../../support/finding.ts';
import { parseCidr } from '../../../support/ipv4.ts';
import type { DhcpView } from '../lab-dhcp.ts';

/** What is asked of this host. */
export interface HostView {
  readonly interfaces: () => Promise<readonly HostInterface[]>;
  /** See {@link userOf}. */
  readonly userOf: typeof userOf;
}

/** This host. */
export const thisHost: HostView = { interfaces: hostInterfaces, userOf };

/**
 * Looks whether this host is plugged into a network that nodes boot from.
 * @param asksHere - whether firmware on that network asks this host what to boot
 */
export async function examinePlug(
  { name, cidr, dhcp, cloud }: NetworkSpec,
  asksHere: boolean,
  host: HostView = thisHost,
): Promise<Finding[]> {
  const check = `this host on ${name}`;
  const device = cloud?.interface;
  if (device === undefined) {
    if (!dhcp && !asksHere) return [];
    const message = `the lab file names no interface of it: nobody here can answer ${dhcp ? 'DHCP' : 'firmware'}`;
    return [
      fail(
        check,
        message,
        `Plug this host into the network, and name the interface in the lab file: interface: NAME.`,
      ),
    ];
  }
  const found = (await host.interfaces()).find(one => one.name === device);
  if (!found) {
    const message = `there is no interface ${device}`;
    return [
      fail(
        check,
        message,
        'Plug this host into the network under that name, or name another one in the lab file.',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (!found.up) findings.push(fail(check, `${device} is down`, `ip link set ${device} up`));
  if (asksHere && !found.addresses.includes(`${firmwareAddress}/64`)) {
    const message = `${device} does not have ${firmwareAddress}, where firmware asks`;
    findings.push(
      fail(
        check,
        message,
        'The daemon adds it, if it may: it needs CAP_NET_ADMIN, and IPv6 on that interface.',
      ),
    );
  }
  const wanted = cloud?.mtu;
  if (wanted !== undefined && found.mtu < wanted) {
    const remedy = `ip link set ${device} mtu ${wanted}`;
    findings.push(warn(check, `${device} carries ${found.mtu} bytes, the network ${wanted}`, remedy));
  }
  const range = parseCidr(cidr);
  const user = range && dhcp ? await host.userOf(range, device) : undefined;
  if (user !== undefined) findings.push(overlaps(check, cidr, user));
  if (findings.length > 0) return findings;
  return [fine(check, `${device}, ${found.addresses.join(' ')}`)];
}

/** The finding that something else of this host uses a network's addresses: what is sent there goes astray. */
export function overlaps(check: string, cidr: string, user: string): Finding {
  const message = `${cidr} overlaps ${user}: answers to nodes go there`;
  return fail(check, message, 'Choose another cidr in the lab file, or take the other one away.');
}

/** What is known of the DHCP by which a machine netboots. */
export function examineDhcp({ name, dhcp }: NetworkSpec, view: DhcpView | undefined): Finding[] {
  const check = `DHCP on ${name}`;
  if (!dhcp) return [fine(check, 'is somebody else’s: the lab file says dhcp: false')];
  // Said of the interface already.
  if (!view) return [];
  const { trouble, heard } = view;
  if (trouble !== undefined) return [fail(check, `cannot be served: ${trouble}`)];
  return [fine(check, heard === undefined ? 'is served; it has not asked' : `is served; last: ${heard}`)];
}
