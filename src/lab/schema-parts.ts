import * as z from 'zod';
import { durationPattern, sizePattern } from '../support/quantity.ts';
import { labelPattern } from './names.ts';

/**
 * What the shapes of a lab file are made of.
 * Messages complete the sentence that begins with the key: `memory "512" ` + `is not a size. Write …`.
 */

/** Text that has the form of `pattern`. */
export const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });

/** Text of which nothing is known but that there is some. */
export const words = (what: string) => {
  const error = `must be ${what}.`;
  return z.string({ error }).min(1, { error }).max(255, { error });
};

/** A whole number. */
export const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

/** A DNS label. */
export const label = (longest: number) => {
  const error =
    'is not a usable name. ' +
    `Use up to ${longest} lower-case letters, digits and hyphens, with a letter or digit at both ends.`;
  return text(labelPattern, error).max(longest, { error });
};

/** A size with its unit. */
export const size = () =>
  text(sizePattern, 'is not a size. Write a number and its unit, such as 512MiB or 2GiB.').meta({
    title: 'size',
  });

/** A duration with its unit. */
export const duration = () =>
  text(durationPattern, 'is not a duration. Write a number and its unit: 200ms, 60s, 5min.').meta({
    title: 'duration',
  });

/** A boolean. */
export const truth = () => z.boolean({ error: 'must be true or false.' });

/** A MAC address. */
export const macAddress = () =>
  text(
    /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i,
    'is not a MAC address. Write six pairs of hexadecimal digits, such as "52:54:00:12:34:56".',
  );

/** A reference to one of the lab's networks. */
export const networkName = () => z.string({ error: 'must be the name of a network.' });

const file = () =>
  z.string().min(1).meta({
    description: 'File to read it from, relative to the lab file; a newline at its end is dropped.',
  });

const secretError =
  'must be text, {file: PATH} or {env: NAME}. Quote text that YAML takes for something else.';

/** A secret, or where to find it. */
export const secret = () =>
  z.union(
    [
      z.string({ error: secretError }),
      z.strictObject({ file: file() }),
      z.strictObject({
        env: z.string().min(1).meta({ description: 'Environment variable to read it from.' }),
      }),
    ],
    { error: secretError },
  );

const documentError = 'must be text or {file: PATH}.';

/** A text, or the file that has it. */
export const documentText = () =>
  z.union([z.string({ error: documentError }), z.strictObject({ file: file() })], { error: documentError });

/** What {@link secret} reads. */
export type SecretContent = string | { readonly file: string } | { readonly env: string };

/** What {@link documentText} reads. */
export type DocumentContent = string | { readonly file: string };

/** Names of the drivers. */
export const driverNames = ['qemu', 'openstack', 'simulated'] as const;

/** One of {@link driverNames}. */
export type DriverName = (typeof driverNames)[number];

/** The name under which a JSON Schema tells which driver a key is for. */
export const driverMark = 'x-driver';

/** Marks keys as of use to one driver only. */
export function keysFor<Keys extends z.ZodRawShape>(driver: DriverName, keys: Keys): Keys {
  const marked = Object.entries(keys).map(([name, schema]) => {
    const one = schema as z.ZodType;
    return [name, one.meta({ ...one.meta(), [driverMark]: driver })];
  });
  return Object.fromEntries(marked) as Keys;
}
