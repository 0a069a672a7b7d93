/** Firmware that asks at every boot what to boot, and what it is told: how a boot override reaches a machine whose platform has no boot order to set. */

import type { Firmware } from './spec.ts';

/**
 * An image with iPXE that a cloud's machines start from: `bios` and `uefi` are the discs that ask at every boot what to
 * boot; `rescue` is a disc and `disk` a disk that ask nobody and boot from the network, under BIOS and UEFI.
 */
export type BootImageKind = Firmware | 'rescue' | 'disk';

/** Where such firmware asks: an IPv6 link-local address, which needs no plan, on the network of its first card. */
export const firmwareAddress = 'fe80::b:c';

/** What such firmware says of itself when it asks. */
export interface FirmwareQuestion {
  /** Of the network card that it asks by: lower case, colons. */
  readonly mac: string;
  /** Names one boot of that machine: firmware that asks again under the same name has not booted again. */
  readonly boot: string;
}

/** What such firmware shall do. */
export type FirmwareAnswer =
  /** DHCP and network boot by its first network card, from whoever serves them there; then the disk. */
  | { readonly kind: 'network' }
  | { readonly kind: 'disk' }
  /** A CD-ROM or disk image that the director serves to the node; `image`: the name of its file. */
  | { readonly kind: 'media'; readonly image: string }
  /** Nothing: the machine is about to be powered off. */
  | { readonly kind: 'wait' };
