import { QuintupleoError } from '../support/errors.ts';
import { formatDuration, parseDuration } from '../support/quantity.ts';
import type { LabDefinition } from './definition.ts';
import { limits } from './limits.ts';

/** The leases that a lab can have, for messages. */
export const leaseRange = `${formatDuration(limits.shortestLease)} to ${formatDuration(limits.longestLease)}`;

/** Milliseconds of a lease such as `4h`; `undefined` if a lab cannot have it. */
export function parseLease(text: string): number | undefined {
  const lease = parseDuration(text);
  if (lease === undefined) return undefined;
  return lease >= limits.shortestLease && lease <= limits.longestLease ? lease : undefined;
}

/**
 * The same lab with another lease than its file says.
 * @throws QuintupleoError `LEASE_INVALID`
 */
export function withLease(definition: LabDefinition, text: string): LabDefinition {
  const invalid = (message: string, remedy: string) =>
    new QuintupleoError(message, { family: 'user', code: 'LEASE_INVALID', remedy });
  const { spec, driver } = definition;
  if (!spec.cloud) {
    throw invalid(`a lab of driver ${driver.name} does not expire`, 'Leave --expires away.');
  }
  const lease = parseLease(text);
  if (lease === undefined) {
    throw invalid(
      `--expires ${JSON.stringify(text)} is not a lease`,
      `Use a number and its unit, ${leaseRange}.`,
    );
  }
  return { ...definition, spec: { ...spec, cloud: { ...spec.cloud, lease } } };
}
