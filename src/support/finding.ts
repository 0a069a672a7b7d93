/** What one check found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** `warn`: works, but less than it could. `fail`: does not work. */
  readonly result: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it; undefined when all is well. */
  readonly remedy: string | undefined;
}

/** A finding of something that is as it should be. */
export function fine(check: string, message: string): Finding {
  return { check, result: 'ok', message, remedy: undefined };
}

/** A finding of something that works less well than it could. */
export function warn(check: string, message: string, remedy?: string): Finding {
  return { check, result: 'warn', message, remedy };
}

/** A finding of something that does not work. */
export function fail(check: string, message: string, remedy?: string): Finding {
  return { check, result: 'fail', message, remedy };
}
