import { createHash } from 'node:crypto';

/**
 * What a server was made of, as far as the cloud cannot be asked for it: a short hash of each aspect, so that it fits
 * into one value of metadata and a person can be told which aspect has changed.
 */
export type Aspects = Readonly<Record<string, unknown>>;

/** `flavor=1f2e3d4c disks=…`: what is recorded. */
export function recordOf(aspects: Aspects): string {
  return Object.entries(aspects)
    .map(([name, value]) => `${name}=${hashOf(value)}`)
    .join(' ');
}

/** The aspects in which a record differs from what is wanted. */
export function changedAspects(record: string, aspects: Aspects): string[] {
  const recorded = new Map(record.split(' ').map(field => field.split('=') as [string, string | undefined]));
  return Object.entries(aspects)
    .filter(([name, value]) => recorded.get(name) !== hashOf(value))
    .map(([name]) => name);
}

/** Of plain JSON; the order of keys and fields that are `undefined` make no difference. */
function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 10);
}

function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([one], [other]) => (one < other ? -1 : 1)))
      : field,
  );
}
