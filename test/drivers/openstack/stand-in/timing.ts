/** How long things take in the stand-in cloud, in milliseconds of its clock. */
export interface Timing {
  /** Between two steps of a transition. */
  readonly step: number;
  /** Making a machine, from the scheduler's choice until its firmware starts. */
  readonly spawn: number;
  /** Starting a machine's firmware. */
  readonly powerOn: number;
  /** Destroying a machine that runs. */
  readonly powerOff: number;
  readonly delete: number;
  /** How long a guest is given to obey ACPI when its image does not say. */
  readonly shutdownTimeout: number;
  /** How long a guest is given to obey a soft reboot, whatever its image says. */
  readonly softReboot: number;
  /** Until Nova notices that a guest powered itself off. */
  readonly noticed: number;
  /** From creation to `available` of a volume, and from upload to `active` of an image. */
  readonly storage: number;
}

/** As seen on a small cloud with libvirt. */
export const observedTiming: Timing = {
  step: 400,
  spawn: 3_000,
  powerOn: 1_500,
  powerOff: 1_200,
  delete: 1_000,
  shutdownTimeout: 60_000,
  softReboot: 120_000,
  noticed: 15_000,
  storage: 1_000,
};

/** Every step as soon as the clock allows it; what a guest is given stays as it is. */
export const promptTiming: Timing = {
  ...observedTiming,
  step: 1,
  spawn: 1,
  powerOn: 1,
  powerOff: 1,
  delete: 1,
  storage: 0,
};
