/** IDs of members of a collection: a prefix and a number from 1 on, such as `NIC1`. */

export function numberedId(prefix: string, position: number): string {
  return `${prefix}${position + 1}`;
}

/** The IDs of so many members. */
export function numberedIds(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, position) => numberedId(prefix, position));
}

/** The position that an ID names, from 0 on; `undefined` when there is no such member. */
export function positionOf(id: string | undefined, prefix: string, count: number): number | undefined {
  const digits = id?.startsWith(prefix) ? id.slice(prefix.length) : '';
  if (!/^[1-9]\d{0,5}$/.test(digits) || Number(digits) > count) return undefined;
  return Number(digits) - 1;
}
