/** The microversions that a service speaks, oldest and newest: `2.1`, `2.93`. */
export interface MicroversionRange {
  readonly min: string;
  readonly max: string;
}

/** Less than, equal to or greater than zero as `one` is older than, the same as or newer than `other`. */
export function compareMicroversions(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major - otherMajor || minor - otherMinor;
}

/** The newest of some microversions, `undefined` where none is needed. */
export function newestMicroversion(versions: readonly (string | undefined)[]): string | undefined {
  return versions
    .filter(version => version !== undefined)
    .sort(compareMicroversions)
    .at(-1);
}

/** Whether `version` lies in the range. */
export function spokenIn(range: MicroversionRange | undefined, version: string): boolean {
  return (
    range !== undefined &&
    compareMicroversions(range.min, version) <= 0 &&
    compareMicroversions(version, range.max) <= 0
  );
}
