import type { Path } from './problem.ts';

/** A value and where the file gives it. */
export interface Given<T> {
  readonly value: T;
  readonly path: Path;
}

/** A value that stands at a path; `undefined` if there is none. */
export function give<T>(value: T, path: Path): Given<NonNullable<T>> | undefined {
  return value === undefined || value === null ? undefined : { value, path };
}
