import { run } from '../../host/programs.ts';
import type { DisturbanceKind } from '../../node/disturbance.ts';
import { QuintupleoError } from '../../support/errors.ts';

/** UDP ports of the servers whose requests are lost. @see RFC 2131 §4.1, RFC 8415 §7.2, RFC 1350 §4 */
const portsOf: Readonly<Partial<Record<DisturbanceKind, readonly number[]>>> = {
  'dhcp-lost': [67, 547],
  'tftp-lost': [69],
};

/** The ports whose requests are lost by these disturbances. */
export function lostPorts(wrong: readonly { readonly kind: DisturbanceKind }[]): readonly number[] {
  return wrong.flatMap(({ kind }) => portsOf[kind] ?? []);
}

/**
 * Drops what comes out of taps for these UDP ports, and nothing else any more, whoever's servers are asked. A tap need
 * not be there yet.
 * @param table - the filter's name in the kernel, where one host has each name once
 * @throws QuintupleoError `PROGRAM_MISSING`, `PROGRAM_FAILED`
 */
export async function dropRequests(
  table: string,
  taps: readonly string[],
  ports: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const match = `iifname { ${taps.join(', ')} } udp dport { ${ports.join(', ')} }`;
  // As a whole or not at all. What is deleted has to be there, so it is added first.
  const steps = [
    ...[`add table bridge ${table}`, `delete table bridge ${table}`, `add table bridge ${table}`],
    `add chain bridge ${table} requests { type filter hook prerouting priority -300; }`,
    `add rule bridge ${table} requests ${match} drop`,
  ];
  await run('nft', [steps.join('; ')], signal);
}

/** Removes those of these filters that there are. A host that cannot have any has none. */
export async function removeFilters(tables: readonly string[]): Promise<void> {
  const listed = await run('nft', ['list', 'tables', 'bridge']).catch((error: unknown) => {
    if (error instanceof QuintupleoError && error.code === 'PROGRAM_MISSING') return '';
    throw error;
  });
  const there = new Set(listed.split('\n').map(line => line.replace('table bridge ', '')));
  const left = tables.filter(table => there.has(table));
  if (left.length > 0) await run('nft', [left.map(table => `delete table bridge ${table}`).join('; ')]);
}
