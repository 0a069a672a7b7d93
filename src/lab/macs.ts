import type { Path, Report } from './problem.ts';

/** A network card whose MAC address the file gives. */
export interface GivenMac {
  readonly mac: string;
  readonly path: Path;
  /** How many machines the group has that the card is of. */
  readonly machines: number;
  /** Whether it is a card that ironic-python-agent must see, and that the lab makes. */
  readonly enrolled: boolean;
}

/**
 * The MAC addresses that the file itself gives, in lower case; derived ones must not be among them.
 * Reports those that no card can have.
 * @param where - says where a path stands in the file, for messages that name two places
 */
export function checkMacs(
  given: readonly GivenMac[],
  where: (path: Path) => string,
  report: Report,
): Set<string> {
  const places = new Map<string, Path>();
  for (const one of given) {
    const mac = one.mac.toLowerCase();
    const other = places.get(mac);
    const complaint =
      unusable(mac, one) ?? (other && `is already used at ${where(other)}. Give each network card its own.`);
    if (complaint !== undefined) report(one.path, `mac "${one.mac}" ${complaint}`);
    places.set(mac, other ?? one.path);
  }
  return new Set(places.keys());
}

function unusable(mac: string, { machines, enrolled }: GivenMac): string | undefined {
  if (machines > 1) return `would be that of ${machines} nodes. Give the node a group of its own.`;
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    return 'is a multicast address. Make its first pair of digits even, such as 52.';
  }
  if (mac === '00:00:00:00:00:00') return 'is no address. Leave the key away to have one derived.';
  if (enrolled && mac.startsWith('fa:')) {
    return 'begins with fa, and ironic-python-agent ignores such cards. Begin it with 52, or leave the key away.';
  }
  return undefined;
}
