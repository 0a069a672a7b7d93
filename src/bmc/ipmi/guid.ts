/**
 * A UUID as IPMI sends it: sixteen bytes, least significant first, which is the reverse of its written order.
 * @param uuid - in RFC 4122's writing
 * @see IPMI 2.0 §20.8, table 20-10
 */
export function guidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').reverse();
}
