import { createHash } from 'node:crypto';

/** What a BMC says of its own place on the network, whichever face is asked. */

/** Its MAC address: locally administered, the same for as long as the node has its UUID. */
export function bmcMac(uuid: string): number[] {
  return [0x02, ...createHash('sha256').update(`bmc ${uuid}`).digest().subarray(0, 5)];
}

/** The subnet mask of its IPv4 address: a BMC is told an address by the lab file, and no network. */
export function subnetMask(address: readonly number[]): readonly number[] {
  return address[0] === 127 ? [255, 0, 0, 0] : [255, 255, 255, 0];
}

/** Its IPv4 gateway: the host that it lives on, which has its address. */
export function gateway(address: readonly number[]): readonly number[] {
  return address;
}
