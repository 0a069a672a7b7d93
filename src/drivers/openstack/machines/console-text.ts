/** Bytes of a console's end that are compared; fewer of them that agree may do so by chance. */
const telling = 64;

/**
 * What a console has said beyond what is known of it. Both are its end at some time: a window on the same growing text.
 * @param known - all that is known, oldest first
 * @param seen - the console's end now
 * @returns `undefined` when `seen` does not join on to `known`: the console began anew, or too much was said meanwhile
 */
export function newText(known: Buffer, seen: Buffer): Buffer | undefined {
  const joint = overlap(known, seen);
  if (joint < Math.min(telling, known.length)) return undefined;
  return seen.subarray(joint);
}

/** How many bytes at the end of `before` are those at the beginning of `after`: the most that fit. */
export function overlap(before: Buffer, after: Buffer): number {
  const border = borders(after);
  let matched = 0;
  for (const byte of before.subarray(Math.max(0, before.length - after.length))) {
    while (matched > 0 && (matched === after.length || after[matched] !== byte))
      matched = border[matched - 1] ?? 0;
    if (after[matched] === byte) matched++;
  }
  return matched;
}

/** For each beginning of a text, how long its longest proper beginning is that is also its end. */
function borders(text: Buffer): Uint32Array {
  const border = new Uint32Array(text.length);
  let length = 0;
  for (let at = 1; at < text.length; at++) {
    while (length > 0 && text[at] !== text[length]) length = border[length - 1] ?? 0;
    if (text[at] === text[length]) length++;
    border[at] = length;
  }
  return border;
}
