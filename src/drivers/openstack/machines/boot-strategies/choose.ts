import type { BootStrategy } from '../../../../node/cloud-spec.ts';

/** What decides how a machine is told what to boot. */
export interface StrategyFacts {
  /** What the lab file says. */
  readonly wanted: BootStrategy | undefined;
  /** Whether the server's first boot device is firmware of ours. */
  readonly hasFirmware: boolean;
  /** Why it is believed that the cloud honours `libvirt:pxe-first`; `undefined` when nothing says so. */
  readonly pxeFirst: string | undefined;
  /** ID of an iPXE image to rescue with, on a cloud that can do so with disks in place (microversion 2.87). */
  readonly rescueImage: string | undefined;
  /** ID of an iPXE image to rebuild to. */
  readonly ipxeImage: string | undefined;
}

/** A strategy, and why it is that one: for `doctor`, `why` and the status. */
export interface StrategyChoice {
  readonly strategy: BootStrategy;
  readonly reason: string;
}

/** Chooses how a machine is told what to boot; one that was asked for but cannot be had gives way to `none`. */
export function chooseStrategy(facts: StrategyFacts): StrategyChoice {
  const { wanted } = facts;
  if (wanted !== undefined) {
    const missing = missingFor(wanted, facts);
    return missing === undefined
      ? { strategy: wanted, reason: 'as the lab file says' }
      : { strategy: 'none', reason: `the lab file says ${wanted}, but ${missing}` };
  }
  if (facts.hasFirmware) {
    return {
      strategy: 'director',
      reason: 'its first boot device is the firmware that asks the boot director',
    };
  }
  if (facts.pxeFirst !== undefined) return { strategy: 'pxe-first', reason: facts.pxeFirst };
  if (facts.rescueImage !== undefined) {
    return { strategy: 'rescue', reason: 'the lab did not make it, and the cloud has rescue mode' };
  }
  return {
    strategy: 'none',
    reason:
      'the lab did not make it, nothing says that this cloud honours libvirt:pxe-first, and there is no image to rescue with',
  };
}

function missingFor(wanted: BootStrategy, facts: StrategyFacts): string | undefined {
  switch (wanted) {
    case 'director':
      return facts.hasFirmware
        ? undefined
        : 'its first boot device is no firmware that asks the boot director';
    case 'rescue':
      return facts.rescueImage === undefined ? 'there is no iPXE image to rescue with' : undefined;
    case 'ipxe-disk':
      return facts.ipxeImage === undefined ? 'there is no iPXE image to rebuild to' : undefined;
    case 'pxe-first':
    case 'none':
      return undefined;
  }
}
