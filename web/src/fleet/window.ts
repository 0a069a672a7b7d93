/** Which rows exist: from `first` up to but not including `end`. */
export interface Window {
  readonly first: number;
  readonly end: number;
}

/** Rows come and go by so many at a time, and so many more are kept on both sides of what is in view. */
const chunk = 8;

/** The rows that are in view, and some more. All lengths in pixels. */
export function rowsInView({
  above,
  height,
  rowHeight,
  count,
}: {
  /** How much of the list is above what is in view; negative if it begins further down. */
  readonly above: number;
  /** Of what is in view. */
  readonly height: number;
  readonly rowHeight: number;
  readonly count: number;
}): Window {
  const first = Math.floor(above / rowHeight / chunk - 1) * chunk;
  const end = Math.ceil((above + height) / rowHeight / chunk + 1) * chunk;
  return { first: Math.min(Math.max(0, first), count), end: Math.min(Math.max(0, end), count) };
}
