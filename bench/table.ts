/** Prints rows as columns under a title; the first column is left-aligned, the others are not. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map(row => [...(row[column] ?? '')].length)),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  console.log(`\n${title}\n`);
  console.log(line(head));
  console.log(line(widths.map(width => '-'.repeat(width))));
  for (const row of rows) console.log(line(row));
}

/** A limit beside what was measured. */
export function verdict(measured: number, limit: number, unit: string): string {
  const mark = measured <= limit ? 'pass' : 'MISS';
  return `${mark} (${format(measured)}${unit}, limit ${format(limit)}${unit})`;
}

/** Three significant digits, thousands grouped. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
