import { DriverError, type DriverErrorKind } from '../../../node/driver.ts';
import { messageOf, QuintupleoError } from '../../../support/errors.ts';
import { OpenStackError, type OpenStackErrorCode } from '../client/api-error.ts';

/** Whatever went wrong in an act, as the node wants to hear it: what to do about it. */
export function driverErrorOf(error: unknown, signal?: AbortSignal): DriverError {
  if (error instanceof DriverError) return error;
  if (signal?.aborted) return new DriverError('transient', 'given up', error);
  if (error instanceof OpenStackError) {
    const kind = error.passing ? 'transient' : kindOf[error.code];
    return new DriverError(kind, sentenceOf(error), error);
  }
  if (error instanceof QuintupleoError) {
    const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
    return new DriverError('refused', `${error.message}${remedy}`, error);
  }
  return new DriverError('transient', messageOf(error), error);
}

const kindOf: Readonly<Record<OpenStackErrorCode, DriverErrorKind>> = {
  'bad-request': 'refused',
  unauthorized: 'refused',
  forbidden: 'refused',
  'not-found': 'gone',
  conflict: 'conflict',
  'over-limit': 'refused',
  'too-large': 'refused',
  'server-fault': 'transient',
  unreachable: 'transient',
  'not-supported': 'unsupported',
};

/** The cloud's own words, and by which its operator finds them in the logs. */
function sentenceOf(error: OpenStackError): string {
  return error.requestId === undefined ? error.message : `${error.message} (${error.requestId})`;
}
