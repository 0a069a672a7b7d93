/** Virtual media: discs and sticks that a BMC puts into its node. */

/** Where a node takes removable media: a CD-ROM drive, a USB port. */
export type MediaSlot = 'cd' | 'usb';

/** An image that is in a slot. */
export interface MediaImage {
  /** Where it came from, without credentials. */
  readonly url: string;
  /** The file of this host that holds its bytes; absolute. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly writeProtected: boolean;
}

/** What is in the slots, as clients want it. */
export interface MediaState {
  readonly cd: MediaImage | undefined;
  readonly usb: MediaImage | undefined;
  /** Grows with every change: names what the machine has been given. */
  readonly revision: number;
}

/** Empty slots. */
export const noMedia: MediaState = { cd: undefined, usb: undefined, revision: 0 };
