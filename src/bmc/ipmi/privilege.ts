import type { Privilege } from '../accounts.ts';

/** Privilege levels by IPMI's number; 5 (OEM) is not served. @see IPMI 2.0 §6.8 */
const levels: readonly Privilege[] = ['none', 'callback', 'user', 'operator', 'administrator'];

/** IPMI's number of a privilege level, 0 for none: higher may do more. */
export function privilegeNumber(privilege: Privilege): number {
  return levels.indexOf(privilege);
}

/** The privilege level of a number from 1 to 4. */
export function privilegeOf(number: number): Privilege | undefined {
  return number === 0 ? undefined : levels[number];
}

/** Whether `held` is enough where `needed` is asked for. */
export function hasPrivilege(held: Privilege, needed: Privilege): boolean {
  return privilegeNumber(held) >= privilegeNumber(needed);
}

/** The least of several levels. */
export function leastPrivilege(first: Privilege, ...others: readonly Privilege[]): Privilege {
  return others.reduce((least, other) => (hasPrivilege(least, other) ? other : least), first);
}
