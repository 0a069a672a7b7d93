import { type Logger, pino } from 'pino';
import { currentRequest } from './request-scope.ts';

export type { Logger } from 'pino';

/** A logger that says nothing: for tests and for parts whose owner does not log. */
export const silentLog: Logger = pino({ level: 'silent' });

/** What nobody may read in a log, should it ever get there: nothing is logged with such a key. */
const secrets = ['password', 'secret', 'token', 'kg', 'community', 'authorization', 'cookie', 'x-auth-token'];

/**
 * A logger of JSON lines.
 * @param level - least severity that is written
 * @param path - file to append to; standard error by default
 */
export function createLog(level: string, path?: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: secrets.flatMap(key => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]),
      censor: '[secret]',
    },
    mixin: () => {
      const request = currentRequest();
      return request ? { request: request.id } : {};
    },
  };
  return path === undefined
    ? pino(options, pino.destination(2))
    : pino(options, pino.destination({ dest: path, mode: 0o600 }));
}
