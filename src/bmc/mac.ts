import { createHash } from 'node:crypto';

/** A BMC's own MAC address: locally administered, the same for as long as the node has its UUID. */
export function bmcMac(uuid: string): number[] {
  return [0x02, ...createHash('sha256').update(`bmc ${uuid}`).digest().subarray(0, 5)];
}
