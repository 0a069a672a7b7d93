import { type NextSettings, nextSettings, type SettingsState } from './firmware-settings.ts';

/** What a node boots from: the boot source override and the boot that follows from it. */

/**
 * Where a boot may come from. `default` is the node's own order: its first disk, as its firmware would without an override.
 * @see IPMI 2.0 table 28-14 (boot device selector); Redfish BootSourceOverrideTarget
 */
export type BootTarget =
  | 'default'
  | 'pxe'
  | 'disk'
  | 'disk-safe-mode'
  | 'diagnostic'
  | 'cdrom'
  | 'bios-setup'
  | 'removable';

/** Redfish's BootSourceOverrideEnabled. */
export type BootOverrideEnabled = 'disabled' | 'once' | 'continuous';

/** A boot source override, as a client wrote it. */
export interface BootOverride {
  readonly enabled: BootOverrideEnabled;
  readonly target: BootTarget;
  /** Grows with every change: names the override that a boot used, so that *once* is consumed exactly once. */
  readonly revision: number;
  /** Milliseconds that a *once* override waits for a power command before it lapses; `undefined` waits for ever. */
  readonly lifetime: number | undefined;
  /** Milliseconds since the epoch at which it lapses. */
  readonly expiresAt: number | undefined;
  /** Opaque to the node: what the face that wrote the override needs to read it back exactly as written. */
  readonly detail: readonly number[] | undefined;
}

/** The boot that the machine shall do next. Handed to a driver. */
export interface NextBoot {
  readonly target: BootTarget;
  /** How the firmware is to be set. */
  readonly settings: NextSettings;
  /** Revision of the override that this follows from; the driver names it when the machine has booted. */
  readonly revision: number;
}

/** No override: the node's own order. */
export const noOverride: BootOverride = {
  enabled: 'disabled',
  target: 'default',
  revision: 0,
  lifetime: undefined,
  expiresAt: undefined,
  detail: undefined,
};

/** What the next boot does under an override, and with what settings. */
export function nextBoot(override: BootOverride, settings: SettingsState): NextBoot {
  return {
    target: override.enabled === 'disabled' ? 'default' : override.target,
    settings: nextSettings(settings),
    revision: override.revision,
  };
}
