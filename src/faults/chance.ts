import { createRandom } from '../support/random.ts';

/**
 * Chance that depends on a seed and on where it is asked, and on nothing that happens elsewhere: so a run can be had
 * again although others ask chance, too.
 * @param seed - any integer
 * @param where - such as a node's name
 * @returns numbers from 0 (included) to 1 (not included)
 */
export function chanceAt(seed: number, where: string): () => number {
  // FNV-1a: spreads similar names.
  let hash = 0x811c_9dc5 ^ seed;
  for (const byte of Buffer.from(where)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return createRandom(hash);
}
