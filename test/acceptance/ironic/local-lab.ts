import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Host } from '../lab/host.ts';
import { address, cidr, lab, password } from './places.ts';

const run = promisify(execFile);

/** A lab that is up, whose provisioning network is left to Ironic. */
export interface Site {
  readonly host: Host;
  /** This machine's interface on that network, which has `address`. */
  readonly link: string;
}

/**
 * Brings the lab up.
 * @param made - gets what has been made, in its order; the last will be taken away first
 */
export type BringUp = (made: AsyncDisposable[]) => Promise<Site>;

/** How machines run: by software emulation, which is everywhere, unless `QUINTUPLEO_IRONIC_ACCEL` says otherwise. */
const accel = process.env.QUINTUPLEO_IRONIC_ACCEL ?? 'tcg';

const labFile = `lab: ${lab}
driver: { name: qemu, accel: ${accel}, networking: bridge }
networks:
  provisioning: { cidr: ${cidr}, dhcp: false }
nodes:
  - { name: legacy, memory: 1GiB, disks: [4GiB] }
  - { name: media, memory: 1GiB, disks: [4GiB] }
  - { name: uefi, memory: 1GiB, disks: [4GiB], firmware: uefi }
bmc:
  password: ${password}
  ipmi: { address: 127.0.1.1-127.0.1.9 }
redfish:
  destinations: [${address}]
`;

/** The lab with QEMU machines of this host. */
export async function localLab(made: AsyncDisposable[]): Promise<Site> {
  const host = await Host.create();
  made.push(host);
  await host.done('up', await host.file(lab, labFile));
  return { host, link: await interfaceOf(address) };
}

/** The interface of this machine that has the address: the lab's bridge, which has no carrier while all nodes are off. */
async function interfaceOf(wanted: string): Promise<string> {
  const { stdout } = await run('ip', ['-json', '-4', 'address', 'show', 'to', wanted]);
  const [found] = JSON.parse(stdout) as readonly { readonly ifname?: string }[];
  if (found?.ifname === undefined) throw new Error(`no interface of this machine has the address ${wanted}`);
  return found.ifname;
}
