import { DriverError } from '../../node/driver.ts';
import { messageOf, QuintupleoError } from '../../support/errors.ts';
import { QmpError } from './qmp.ts';

/** Whatever went wrong in an act, as the node wants to hear it: what to do about it. */
export function driverErrorOf(error: unknown, signal: AbortSignal): DriverError {
  if (error instanceof DriverError) return error;
  if (signal.aborted) return new DriverError('transient', 'given up', error);
  if (error instanceof QmpError) {
    return new DriverError(error.kind === 'refused' ? 'refused' : 'transient', error.message, error);
  }
  if (error instanceof QuintupleoError) {
    const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
    return new DriverError('refused', `${error.message}${remedy}`, error);
  }
  return new DriverError('transient', messageOf(error), error);
}
