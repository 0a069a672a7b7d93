import { parseIpv4 } from '../support/ipv4.ts';

/** A value of another tool's configuration that is in the lab file. */
export interface ImportedValue {
  /** The machine of which it is said; none for what is said of all. */
  readonly machine?: string;
  readonly parameter: string;
  readonly value: unknown;
  /** Where it went: `nodes[0].bmc.ipmi.port`. */
  readonly to: string;
}

/** A value of another tool's configuration that is not in the lab file. */
export interface LostValue {
  readonly machine?: string;
  readonly parameter: string;
  readonly why: string;
}

/** A lab file made of another tool's configuration, and what became of each of its values. */
export interface ImportedLab {
  /** The lab file's text. */
  readonly text: string;
  readonly mapped: readonly ImportedValue[];
  readonly notMapped: readonly LostValue[];
}

/** What became of a parameter: where it went, or why nowhere. */
export type ParameterFate = { readonly to: string } | { readonly why: string };

/** How the heading of a lab file begins, and what it says of values that are not in it. */
export function importHeading(introduction: readonly string[], notMapped: readonly LostValue[]): string {
  const lost = notMapped.map(
    ({ machine, parameter, why }) => `  ${parameter}${machine === undefined ? '' : ` of ${machine}`}: ${why}`,
  );
  return [...introduction, ...(lost.length > 0 ? ['Not mapped:', ...lost] : [])].join('\n');
}

/** Where a service listens on every IPv4 address of its host. */
export const anyIpv4 = '0.0.0.0';

/** The address at which a lab's services listen in place of another tool's: IPv4, which is what they do. */
export function ipv4InPlaceOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, '');
  if (parseIpv4(plain) !== undefined) return plain;
  return plain === '::' || plain === '' ? anyIpv4 : '127.0.0.1';
}

/** Whether that is another address, rather than another way to write it. */
export function isElsewhere(address: string): boolean {
  return ipv4InPlaceOf(address) === '127.0.0.1' && !address.endsWith('127.0.0.1');
}
