/**
 * Whose fault an error is:
 * `user` a command that cannot be carried out as given, `config` a lab file or setting, `peer` a client or a
 * machine that sent something wrong, `platform` QEMU, the host or a cloud that refused or failed, `bug` ours.
 */
export type ErrorFamily = 'user' | 'config' | 'peer' | 'platform' | 'bug';

/** What a {@link QuintupleoError} is made of. */
export interface ErrorDetails {
  readonly family: ErrorFamily;
  /** Stable, upper case, for programs: `LAB_NOT_FOUND`. */
  readonly code: string;
  /** What the reader can do about it, as a sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** The root of every error that this project throws on purpose. */
export class QuintupleoError extends Error {
  readonly family: ErrorFamily;
  readonly code: string;
  readonly remedy: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'QuintupleoError';
    this.family = details.family;
    this.code = details.code;
    this.remedy = details.remedy;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's code (`ENOENT`, `EADDRINUSE` …) of whatever was thrown, if it has one. */
export function systemCodeOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** For the branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new QuintupleoError(`unreachable: ${JSON.stringify(value)}`, { family: 'bug', code: 'UNREACHABLE' });
}
