/** What can be wrong with a machine itself, on purpose: faults that only its driver can make. */
export type Disturbance =
  /** No link on a network card: nothing goes in or out. By position. */
  | { readonly kind: 'nic-unplugged'; readonly nic: number }
  /** Every access to a disk fails; or every write does, as on a disk that is full or write-protected. By position. */
  | { readonly kind: 'disk-fails' | 'disk-full' | 'disk-read-only'; readonly disk: number }
  /** Firmware does not get on: the machine is on, and nothing happens. */
  | { readonly kind: 'firmware-hangs' }
  /** Requests of the machine to the lab's own servers get no answer. */
  | { readonly kind: 'dhcp-lost' | 'tftp-lost' };

/** Names of {@link Disturbance}s. */
export type DisturbanceKind = Disturbance['kind'];

/** A disturbance that is not felt at once. */
export interface LaterDisturbance {
  readonly kind: DisturbanceKind;
  /** For people, when it will be felt. */
  readonly when: string;
}
