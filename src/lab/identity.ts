import { createHash } from 'node:crypto';

/** Identities that follow from names alone, so that a lab which is made again has the same machines. */

// Namespace of this project's name-based UUIDs: made once, never to change.
const namespace = Buffer.from('7d1f3c1e5b0a4c5e9a7e2f6d8c4b1a90', 'hex');

/**
 * The UUID of a node.
 * @see RFC 9562 §5.5 (UUID version 5)
 */
export function nodeUuid(lab: string, node: string): string {
  const bytes = createHash('sha1').update(namespace).update(`${lab}/${node}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The MAC address of a node's network card: KVM's prefix and three bytes of hash. It is added to `taken`.
 * @param taken - addresses that it must not be
 */
export function nicMac(lab: string, node: string, index: number, taken: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const hash = createHash('sha256').update(`${lab}/${node}/nic/${index}/${attempt}`).digest('hex');
    const mac = `52:54:00:${hash.slice(0, 2)}:${hash.slice(2, 4)}:${hash.slice(4, 6)}`;
    if (taken.has(mac)) continue;
    taken.add(mac);
    return mac;
  }
}
