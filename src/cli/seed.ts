import { usageError } from './cli.ts';

/** What `--seed` gives. @throws QuintupleoError */
export function seedOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 31) return seed;
  throw usageError(`"${text}" is no seed`, 'Give a whole number from 0 to 2147483647.');
}
