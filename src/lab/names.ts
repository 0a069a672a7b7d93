/** Names of labs, nodes and networks: DNS labels, because that is what they become. */

export const labelPattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** The name of a group of nodes or hosts: a label in which `{index}` or `{index:02}` stands for the number. */
export const namePattern = /^(?:[a-z0-9-]|\{index(?::0[1-9])?\})+$/;

/** What a cloud calls the instances of a group, with the same placeholders and `{lab}` for the lab's name. */
export const serverNamePattern = /^(?:[A-Za-z0-9._-]|\{lab\}|\{index(?::0[1-9])?\})+$/;

/** Whether the pattern gives every node of its group another name. */
export function hasIndex(pattern: string): boolean {
  return pattern.includes('{index');
}

/** The name that a pattern gives to one node; `{index:03}` pads with zeros to three digits. */
export function expandName(pattern: string, index: number): string {
  return pattern.replace(/\{index(?::0(\d))?\}/g, (_, width: string | undefined) =>
    String(index).padStart(Number(width ?? 0), '0'),
  );
}

/** The candidate that `word` was probably meant to be, or `undefined` if none is close. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A third of the word may be wrong, and never all of it.
  let bestDistance = Math.min(Math.max(2, Math.floor(word.length / 3) + 1), word.length);
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other. */
function editDistance(one: string, other: string): number {
  // A long word is nobody's typing error, and the table below is quadratic.
  if (Math.abs(one.length - other.length) > 8) return Number.POSITIVE_INFINITY;
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  const at = (from: readonly number[], index: number) => from[index] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const substitute = at(row, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swap = swapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(substitute, swap, at(row, j) + 1, at(next, j - 1) + 1));
    }
    before = row;
    row = next;
  }
  return at(row, other.length);
}
