import { createHash } from 'node:crypto';

/**
 * The UUID of a BMC: another one than its system's, the same for as long as the node has its own.
 * @see RFC 9562 §5.8 (version 8)
 */
export function bmcUuid(nodeUuid: string): string {
  const bytes = createHash('sha256').update(`bmc uuid ${nodeUuid}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
