import * as z from 'zod';
import { durationPattern, formatDuration, parseDuration } from '../support/quantity.ts';

/**
 * What the shapes of faults are made of.
 * Messages complete the sentence that begins with the key: `delay "2"` + ` is not a duration. Write …`.
 */

const durationError = 'is not a duration. Write a number and its unit: 200ms, 60s, 5min.';

/**
 * A duration with its unit, as milliseconds.
 * @param least - milliseconds
 * @param most - milliseconds
 */
export const milliseconds = (least = 0, most = 24 * 3_600_000) =>
  z.codec(
    z.string({ error: durationError }).regex(durationPattern, { error: durationError }),
    between(least, most),
    { decode: words => parseDuration(words) ?? Number.NaN, encode: formatDuration },
  );

const skewError = 'is not a duration. Write a number and its unit: 5min, or -1h for a clock that is slow.';

/** A duration with its unit, which may be negative, as milliseconds. */
export const signedMilliseconds = (most: number) =>
  z.codec(
    z
      .string({ error: skewError })
      .regex(new RegExp(`^-?(?:${durationPattern.source.slice(1, -1)})$`), { error: skewError }),
    between(-most, most),
    {
      decode: words =>
        (parseDuration(words.replace(/^-/, '')) ?? Number.NaN) * (words.startsWith('-') ? -1 : 1),
      encode: text,
    },
  );

/** How often chance lets something happen: a share of all times. */
export const rate = () => {
  const error = 'must be a number from 0 to 1: 0.1 is one time in ten.';
  return z.number({ error }).min(0, { error }).max(1, { error });
};

/** A whole number. */
export const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

function between(least: number, most: number): z.ZodNumber {
  const error = `must be a duration from ${text(least)} to ${text(most)}.`;
  return z.number({ error }).min(least, { error }).max(most, { error });
}

function text(milliseconds: number): string {
  return `${milliseconds < 0 ? '-' : ''}${formatDuration(Math.abs(milliseconds))}`;
}
