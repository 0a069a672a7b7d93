/** One way in which something is not what it shall be. */
export interface Difference {
  /** For people: `MTU 1500 → 1400`. */
  readonly text: string;
  /** Whether to mend it loses data or interrupts a machine. */
  readonly disruptive: boolean;
}
